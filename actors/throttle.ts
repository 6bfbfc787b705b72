/** No more than so many items in so much time. */
import { type Actor, type Clock, checkOptions, defineActor, type Home, type Options } from '../src/index.ts'
import { isSpan, mustNotBeBody, whole } from './accepts.ts'

export interface ThrottleOptions {
  /** At most so many. A whole number from 1 to 1,000,000. */
  items: number
  /** In so many milliseconds. A number above 0. */
  per: number
}

export const throttleOptions = {
  items: {
    expected: 'a whole number from 1 to 1,000,000',
    accepts: whole(1, 1_000_000),
    required: true,
    doc: 'At most so many …',
  },
  per: {
    expected: 'a number of milliseconds above 0',
    accepts: isSpan,
    required: true,
    doc: '… in so many milliseconds.',
  },
} satisfies Options

/**
 * Passes on at most `items` items in any `per` milliseconds; the others wait, and with them whoever comes before.
 *
 *     .stage('limit', throttle({ items: 100, per: 1_000 }))
 *     .stage('fetch', fetchPage)
 *
 * It is about *any* span of that length, and not only about seconds of the clock: the 101st waits until one second after the
 * first. What there is room for passes at once; nothing is lost or reordered. Times are those at which items pass this stage,
 * by the clock of the run. With a `key`, each key has a limit of its own: give the stage `workers` or a `concurrency`
 * then, or a key waits while another does. A wait ends with `context.signal`.
 *
 * When items have passed survives a restart of the worker. It travels, but each process counts for itself.
 *
 * @throws {InvalidOptions}
 */
export function throttle<T>(options: ThrottleOptions): Actor<T, T, Home>
export function throttle(options: ThrottleOptions, second?: unknown): Actor<any, any, Home> {
  mustNotBeBody(second, throttle, 'throttle({ items: 100, per: 1_000 })')
  checkOptions(options, throttleOptions, 'throttle')
  return throttling.with(options)
}

interface Passed {
  readonly options: ThrottleOptions
  /** When the last `items` passed, or will; ms. */
  readonly times: number[]
  /** Where in it the next one goes. */
  next: number
}

const throttling = defineActor('throttle', import.meta, {
  start: (options: ThrottleOptions): Passed => ({ options, times: [], next: 0 }),
  receive(item: unknown, passed, { clock, signal }): unknown {
    const { items, per } = passed.options
    const now = clock.now()
    const before = passed.times[passed.next] ?? -Infinity
    const at = Math.max(now, before + per)
    passed.times[passed.next] = at
    passed.next = (passed.next + 1) % items
    return at <= now ? item : waited(item, at, clock, signal)
  },
  // No copy: one that failed has taken its place in time all the same.
  snapshot: passed => passed,
  restore: (passed: Passed) => passed,
})

/** Gives `item` at the time `at`. */
function waited<T>(item: T, at: number, clock: Clock, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: unknown
    const stop = () => {
      clock.clearTimeout(timer)
      reject(signal.reason)
    }
    // A timer of Node may be early by a part of a millisecond.
    const look = () => {
      const left = at - clock.now()
      if (left > 0) {
        timer = clock.setTimeout(look, left)
        return
      }
      signal.removeEventListener('abort', stop)
      resolve(item)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop)
    look()
  })
}
