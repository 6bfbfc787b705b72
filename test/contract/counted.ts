/** Actors that write down, in memory that all threads share, what they do. */
import { defineActor } from '../../src/actor/define-actor.ts'

/** Counts its items there, and keeps its thread busy for 20 µs with each. */
export const counted = defineActor('counted', import.meta, {
  setup: (memory: SharedArrayBuffer) => new Int32Array(memory),
  receive: (n: number, _: undefined, { resources: counts }) => {
    const end = performance.now() + 0.02
    while (performance.now() < end);
    Atomics.add(counts, 0, 1)
    return n
  },
})

/** Takes a tenth of a second for each item, and nothing else. */
export const hundred = defineActor('hundred', import.meta, async (n: number) => {
  await new Promise(resolve => setTimeout(resolve, 100))
  return n
})

export const same = defineActor('same', import.meta, (value: unknown) => value)
