/**
 * How often a supervisor may restart before it gives up.
 *
 *     maxRestarts 2, within 5 s     restarts   1 s   3 s   5 s        9 s
 *     in the last 5 s                          1     2     3 ✗        2
 *
 * A burst of failures is bad luck; a stream of them means that restarting does not help.
 * The rule is that of Erlang/OTP, where it is called restart intensity.
 */
export class RestartBudget {
  readonly maxRestarts: number
  /** Length of the window, in ms. */
  readonly within: number
  /** Times of the last restarts, oldest first; at most `maxRestarts` between two calls. Older ones cannot matter. */
  readonly #spent: number[] = []

  constructor(maxRestarts: number, within: number) {
    this.maxRestarts = maxRestarts
    this.within = within
  }

  /** Spends one restart at `now` (ms). False if, with it, more than `maxRestarts` fell within the last `within` ms. */
  spend(now: number): boolean {
    this.#spent.push(now)
    if (this.#spent.length <= this.maxRestarts) return true
    // One more than allowed is kept, so the oldest decides: it must be as old as the window.
    return now >= this.#spent.shift()! + this.within
  }
}
