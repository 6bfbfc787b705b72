/**
 * What a worker of a section and its run tell each other without a message.
 *
 *     tally   dismissed · progress · busy ms │ histogram of service times
 *             └ written by the run       └ written by the worker, read by anybody
 */
import { Histogram, histogramWords } from '../../metrics/histogram.ts'

const headBytes = 24

export class Tally {
  readonly #words: Int32Array
  readonly #busy: Float64Array
  readonly service: Histogram

  static make(): SharedArrayBuffer {
    return new SharedArrayBuffer(headBytes + histogramWords * 8)
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, 2)
    this.#busy = new Float64Array(memory, 8, 1)
    this.service = new Histogram(new Float64Array(memory, headBytes, histogramWords))
  }

  /** Its worker is to take nothing more, and to hand on nothing more. */
  get isDismissed(): boolean {
    return this.#words[0] === 1
  }

  set isDismissed(isDismissed: boolean) {
    Atomics.store(this.#words, 0, isDismissed ? 1 : 0)
  }

  /** How often a handler said that it is getting on. */
  get progress(): number {
    return Atomics.load(this.#words, 1)
  }

  progressed(): void {
    this.#words[1]!++
  }

  get busyMs(): number {
    return this.#busy[0]!
  }

  /** So many items took so long. */
  frame(items: number, spentMs: number): void {
    this.#busy[0]! += spentMs
    if (items > 0) this.service.record((spentMs * 1e6) / items, items)
  }
}
