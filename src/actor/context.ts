import type { Clock } from '../clock.ts'

/** What a handler may know and do while it has an item. */
export interface Context<In = unknown, Arg = any, Resources = undefined> {
  /** Where this worker stands, e.g. `orders/charge#3`. */
  readonly address: string
  /** Position of this item in the stage's input; the first is 0. The idempotency key of side effects. */
  readonly sequence: number
  /** Which try this is; the first is 1. */
  readonly attempt: number
  /** The item's key in a keyed stage. */
  readonly key: string | number | undefined
  /** What `setup` gave. */
  readonly resources: Resources
  /** True when nothing else is waiting: a good moment to flush. */
  readonly endOfBatch: boolean
  /** Aborts when the item's time or the grace period is over. */
  readonly signal: AbortSignal
  /** The run's idea of time: what waits by it keeps time with the rest, and does not wait in a test. */
  readonly clock: Clock
  /** This very actor, so that it can be started again elsewhere. */
  readonly self: { with(arg: Arg): import('./define-actor.ts').Actor<In, any> }
  /** Drop the state of this key once its item is done. */
  readonly forget: () => void
  /** Say that a long item is getting on: restarts the clock of `timeout`. */
  readonly progress: () => void
  /** A Buffer that travels between threads without a copy, if it is large. Not zeroed; nothing may write to it once it was emitted. */
  readonly allocate: (bytes: number) => Buffer
}
