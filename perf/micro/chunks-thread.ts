/** The other side of `chunks.ts`. */
import { workerData } from 'node:worker_threads'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import { type Kind, kinds } from '../threads/kinds.ts'
import { DONE, FULL, type Slots, slotBytes, slots } from './chunks.ts'

const { kind, states, lengths, memory } = workerData as Slots
const { handle }: Kind = kinds[kind]
const encoder = new FrameEncoder()
const decoder = new FrameDecoder()
const spins = 2_000

for (let slot = 0; ; slot = (slot + 1) % slots) {
  let state = Atomics.load(states, slot)
  for (let spin = 0; state !== FULL && spin < spins; spin++) state = Atomics.load(states, slot)
  for (; state !== FULL; state = Atomics.load(states, slot)) Atomics.wait(states, slot, state)
  const items: unknown[] = []
  decoder.decode(memory, slot * slotBytes, lengths[slot]!, items)
  for (let i = 0; i < items.length; i++) items[i] = handle(items[i])
  const { bytes } = encoder.encode(items, 0, items.length, memory, slot * slotBytes, slotBytes)
  lengths[slot] = bytes
  Atomics.store(states, slot, DONE)
}
