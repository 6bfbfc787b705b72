/**
 * A clock that moves when told, so that a test of minutes takes none.
 *
 *     const clock = manualClock()
 *     const run = pipeline.run({ clock })
 *     clock.advance(15_000)
 */
import type { Clock } from '../clock.ts'

export interface ManualClock extends Clock {
  /** Moves by `millis`, and calls what was due on the way, in the order in which it was due. */
  advance(millis: number): void
  /** Moves to the next time at which something is due; false if nothing is. */
  next(): boolean
  /** How many timers are set. */
  readonly pending: number
}

export function manualClock(start = 0): ManualClock {
  let now = start
  let ids = 0
  const timers = new Map<number, { at: number; fn: () => void }>()

  /** The timer that is due first, of several the one that was set first; none after `until`. */
  const due = (until: number) => {
    let first: [number, { at: number; fn: () => void }] | undefined
    for (const entry of timers) if (entry[1].at <= until && (!first || entry[1].at < first[1].at)) first = entry
    return first
  }
  const call = ([id, { at, fn }]: [number, { at: number; fn: () => void }]) => {
    timers.delete(id)
    now = Math.max(now, at)
    fn()
  }
  return {
    now: () => now,
    setTimeout(fn, millis) {
      timers.set(++ids, { at: now + Math.max(0, millis), fn })
      return ids
    },
    clearTimeout(timer) {
      timers.delete(timer as number)
    },
    advance(millis) {
      const until = now + millis
      for (let timer = due(until); timer; timer = due(until)) call(timer)
      now = until
    },
    next() {
      const timer = due(Infinity)
      if (timer) call(timer)
      return timer !== undefined
    },
    get pending() {
      return timers.size
    },
  }
}
