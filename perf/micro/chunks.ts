/**
 * What two workers on threads can take and give back when there is nothing but the codec: chunks of 256 items in shared memory.
 *
 *     here ─ encode ─▶ [slots] ─▶ thread: decode, handle, encode ─▶ [slots] ─▶ here: decode, in order
 *
 * So it is the limit of what `threads` measures for a trivial handler: what a run takes beyond it is the engine. Encoding and
 * decoding are also measured alone, as this thread does both for every item and its two workers share theirs.
 */
import { Worker } from 'node:worker_threads'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import type { Settings } from '../harness/contender.ts'
import type { Outcome } from '../harness/suite.ts'
import { answersOf, type KindName, kinds, lap } from '../threads/kinds.ts'
import { type Raced, type Row, race, renderRaced } from '../threads/race.ts'
import { checked } from '../threads/through-workers.ts'

export interface Slots {
  readonly kind: KindName
  /** A word each: FREE, FULL or DONE; and the bytes in it. */
  readonly states: Int32Array
  readonly lengths: Int32Array
  readonly memory: Uint8Array
}
export const FREE = 0
export const FULL = 1
export const DONE = 2
export const slots = 8
export const slotBytes = 1 << 17
const chunk = 256
const workers = 2

export async function run(settings: Settings): Promise<Outcome> {
  const raced: Raced[] = []
  for (const kind of Object.keys(kinds) as KindName[]) {
    if (kind.includes(settings.only ?? '')) raced.push(await race(row(kind, settings), settings))
  }
  return { text: raced.map(renderRaced).join('\n\n'), data: raced }
}

function row(kind: KindName, settings: Settings): Row {
  const answers = answersOf(kind)
  const { items } = answers
  const count = (settings.quick ? 16 : 128) * lap
  const shared = () => new Uint8Array(new SharedArrayBuffer(slotBytes))
  const [written, read] = [shared(), shared()]
  const encoder = new FrameEncoder()
  const decoder = new FrameDecoder()
  const encode = (at: number, to: Uint8Array) => {
    const { taken, bytes } = encoder.encode(items, at, at + chunk, to, 0, slotBytes)
    if (taken !== chunk) throw new Error(`${taken} items in a slot`)
    return bytes
  }
  const own = (name: string, once: (at: number) => void) => ({
    name,
    figure: async () => {
      const started = performance.now()
      for (let done = 0; done < count; done += chunk) once(done % lap)
      return ((performance.now() - started) * 1e6) / count
    },
  })
  let sides: Side[] = []
  const bytes = encode(0, read)
  return {
    name: `chunks, ${kind}`,
    title: `chunks of ${chunk}, nothing but the codec and shared memory`,
    unit: 'ns/item',
    entrants: [
      own('encode, here', at => encode(at, written)),
      own('decode, here', () => decoder.decode(read, 0, bytes, [])),
      {
        name: 'there and back, 2 workers, in order',
        open: async () => {
          sides = Array.from({ length: workers }, () => new Side(kind))
        },
        figure: async () => {
          const { sink, end } = checked(answers, count)
          const started = performance.now()
          thereAndBack(sides, items, count, sink)
          const millis = performance.now() - started
          end()
          return (millis * 1e6) / count
        },
        close: () => Promise.all(sides.map(({ worker }) => worker.terminate())),
      },
    ],
    aims: [],
  }
}

class Side {
  readonly slots: Slots
  readonly worker: Worker

  constructor(kind: KindName) {
    this.slots = {
      kind,
      states: new Int32Array(new SharedArrayBuffer(slots * 4)),
      lengths: new Int32Array(new SharedArrayBuffer(slots * 4)),
      memory: new Uint8Array(new SharedArrayBuffer(slots * slotBytes)),
    }
    this.worker = new Worker(new URL('./chunks-thread.js', import.meta.url), { workerData: this.slots })
  }
}

const encoder = new FrameEncoder()
const decoder = new FrameDecoder()

/** Chunk n belongs to worker n mod 2, and there to slot after slot: so they come back in order. */
function thereAndBack(
  sides: readonly Side[],
  items: readonly unknown[],
  count: number,
  sink: (result: unknown) => void,
): void {
  const chunks = count / chunk
  const results: unknown[] = []
  for (let sent = 0, read = 0; read < chunks; ) {
    const slot = Math.floor(sent / workers) % slots
    const to = sides[sent % workers]!.slots
    if (sent < chunks && Atomics.load(to.states, slot) === FREE) {
      const from = (sent * chunk) % lap
      const { bytes } = encoder.encode(items, from, from + chunk, to.memory, slot * slotBytes, slotBytes)
      to.lengths[slot] = bytes
      Atomics.store(to.states, slot, FULL)
      Atomics.notify(to.states, slot)
      sent++
    }
    const next = Math.floor(read / workers) % slots
    const back = sides[read % workers]!.slots
    if (read < sent && Atomics.load(back.states, next) === DONE) {
      results.length = 0
      decoder.decode(back.memory, next * slotBytes, back.lengths[next]!, results)
      Atomics.store(back.states, next, FREE)
      for (const result of results) sink(result)
      read++
    }
  }
}
