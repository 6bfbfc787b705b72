/**
 * Time as a dependency.
 *
 * Everything that waits asks a clock; a test hands in one that moves when told.
 */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number
  /** Calls `fn` after `millis`; what it gives is for `clearTimeout`. */
  setTimeout(fn: () => void, millis: number): unknown
  clearTimeout(timer: unknown): void
}

/** The machine's own clock. Its longest wait is that of Node's timers, 2^31 - 1 ms, about 24 days. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (fn, millis) => setTimeout(fn, Math.min(millis, 2 ** 31 - 1)),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}
