/**
 * One timer for all items of a stage: it looks at the clock no later than the first of them is due.
 */
import type { Clock } from '../clock.ts'

export class Timeouts {
  readonly #clock: Clock
  /** Looks at every item at `now`; gives when the next one is due, Infinity if none is. */
  readonly #sweep: (now: number) => number
  #timer: unknown
  #at = Infinity

  constructor(clock: Clock, sweep: (now: number) => number) {
    this.#clock = clock
    this.#sweep = sweep
  }

  /** Somebody is due at `at`. */
  by(at: number): void {
    if (at >= this.#at) return
    this.clear()
    this.#at = at
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined
        this.#at = Infinity
        this.by(this.#sweep(this.#clock.now()))
      },
      Math.max(0, at - this.#clock.now()),
    )
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = Infinity
  }
}
