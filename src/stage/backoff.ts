/**
 * How long to wait before trying again.
 *
 *     attempt                              1      2      3      4      5
 *     exponential({ from: 100, to: 1_000 })  100    200    400    800   1000   1000 …
 *     … with jitter 0.5                     50 …  100 …  200 …  400 …  500 …
 *                                          150    300    600   1000   1000
 */
import { InvalidOption } from '../errors.ts'

/** Milliseconds to wait after attempt number `attempt`, which counts from 1, has failed. */
export type Backoff = (attempt: number) => number

/**
 * Waits that grow by `factor` from `from` to `to` ms, so that what is overloaded gets time to recover.
 *
 * `jitter`, from 0 to 1, is the share by which a wait may be shortened or lengthened at random: it keeps those that failed
 * together from coming back together. No wait is longer than `to`, jitter included. Throws `InvalidOption`.
 *
 *     retry: { attempts: 5, backoff: exponential({ from: 100, to: 10_000, jitter: 0.2 }) }
 *
 * `random` gives numbers from 0 up to 1; it is there to be replaced in tests.
 */
export function exponential(
  options: { from: number; to: number; factor?: number; jitter?: number },
  random: () => number = Math.random,
): Backoff {
  const { from, to, factor = 2, jitter = 0 } = options
  // Number.isFinite, unlike a comparison, does not take the string '100' for a number.
  if (!(Number.isFinite(from) && from >= 0))
    throw new InvalidOption('from', 'a number of ms from 0', from, 'exponential')
  if (!(Number.isFinite(to) && to >= from))
    throw new InvalidOption('to', `a number of ms from ${from}`, to, 'exponential')
  if (!(Number.isFinite(factor) && factor >= 1))
    throw new InvalidOption('factor', 'a number from 1', factor, 'exponential')
  if (!(Number.isFinite(jitter) && jitter >= 0 && jitter <= 1)) {
    throw new InvalidOption('jitter', 'a number from 0 to 1', jitter, 'exponential')
  }
  return attempt => {
    // From 0 there is nothing to grow; and in the end 0 would meet an infinite power.
    const wait = from === 0 ? 0 : Math.min(to, from * factor ** (attempt - 1))
    return Math.min(to, wait * (1 + jitter * (2 * random() - 1)))
  }
}
