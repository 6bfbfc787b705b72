/**
 * A clock that moves when told, so that a test of minutes takes none.
 *
 *     const clock = manualClock()
 *     const run = pipeline.run({ clock })
 *     clock.advance(15_000)              // by hand, or
 *     await clock.until(run.done)        // as far as it takes
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { InvalidOption } from '../errors.ts'
import { TestDeadline } from './errors.ts'

export interface ManualClock extends Clock {
  /** Moves by `millis`, and calls what was due on the way, in the order in which it was due. */
  advance(millis: number): void
  /** Moves to the next time at which something is due; false if nothing is. */
  next(): boolean
  /**
   * Moves to whatever is due next, again and again, each time when nothing else happens any more; until `promise` is
   * settled. Gives what that gives, or throws what that rejects with.
   *
   * Only for what waits by this clock: it does not wait for disks, sockets and timers of Node, but runs ahead of them.
   *
   * @param deadline ms of real time that this may take. Default 5,000.
   * @throws {TestDeadline} when `promise` is not settled by then.
   */
  until<T>(promise: PromiseLike<T>, deadline?: number): Promise<T>
  /** How many timers are set. */
  readonly pending: number
}

/** Turns of the event loop without news before time moves: one for what a turn brought, one for what that led to. */
const quietTurns = 2
/** Turns without anything due after which waiting may as well leave the processor to others. */
const idleTurns = 100

/** A clock that stands at `start` ms until it is told to move. @default 0 */
export function manualClock(start = 0): ManualClock {
  if (!Number.isFinite(start)) throw new InvalidOption('start', 'a number of milliseconds', start, 'manualClock')
  let now = start
  let ids = 0
  const timers = new Map<number, { at: number; fn: () => void }>()

  /** The timer that is due first, of several the one that was set first; none after `until`, or at the end of time. */
  const due = (until: number) => {
    let first: [number, { at: number; fn: () => void }] | undefined
    for (const entry of timers) {
      const { at } = entry[1]
      if (at <= until && at < (first?.[1].at ?? Infinity)) first = entry
    }
    return first
  }
  const call = ([id, { at, fn }]: [number, { at: number; fn: () => void }]) => {
    timers.delete(id)
    now = Math.max(now, at)
    fn()
  }
  const next = () => {
    const timer = due(Infinity)
    if (timer) call(timer)
    return timer !== undefined
  }
  const until = async <T>(promise: PromiseLike<T>, deadline = 5_000): Promise<T> => {
    if (typeof deadline !== 'number' || !(deadline > 0))
      throw new InvalidOption('deadline', 'a number of milliseconds above 0', deadline, 'until')
    let isOver = false
    const over = () => {
      isOver = true
    }
    promise.then(over, over)
    const limit = performance.now() + deadline
    for (let idle = 0; ; ) {
      for (let turns = 0; turns < quietTurns && !isOver; turns++) await turn()
      if (isOver) return await promise
      if (performance.now() > limit) {
        const rest = timers.size === 0 ? 'nothing is due' : `${timers.size} timers are set`
        throw new TestDeadline(
          `what the manual clock moves for is not settled (it stands at ${now} ms, ${rest})`,
          deadline,
        )
      }
      if (next()) idle = 0
      else if (++idle > idleTurns) await sleep(1)
    }
  }
  return {
    now: () => now,
    setTimeout(fn, millis) {
      timers.set(++ids, { at: millis > 0 ? now + millis : now, fn })
      return ids
    },
    clearTimeout(timer) {
      timers.delete(timer as number)
    },
    advance(millis) {
      if (!Number.isFinite(millis) || millis < 0) {
        throw new InvalidOption('millis', 'a number of milliseconds from 0', millis, 'advance')
      }
      const until = now + millis
      for (let timer = due(until); timer; timer = due(until)) call(timer)
      // What was due may have moved it further.
      now = Math.max(now, until)
    },
    next,
    until,
    get pending() {
      return timers.size
    },
  }
}
