/**
 * How a thread waits whose event loop has to turn meanwhile: the main thread, and workers whose handlers await something.
 *
 *     look ─▶ look, after a turn of the event loop ─▶ … ─▶ listen, look once more, `Atomics.waitAsync`
 *
 * One `Waiter` a thread and bell. Of `Atomics.waitAsync` one call is pending at most, without a timeout: each that is never
 * notified, and each timeout, stays in memory until its time. So whoever was woken some other way (`again`) keeps it for the next time,
 * and one interval a waiter looks again now and then instead; it also keeps the process or worker alive, as that call does not.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Bell } from './bell.ts'
import type { SharedWords } from './words.ts'

/** Of an interval that only keeps the thread alive. */
const longestInterval = 0x7fffffff // ms

export class Waiter {
  readonly #words: SharedWords
  readonly #bell: Bell
  readonly #nap: number
  readonly #isHolding: boolean
  /** The value that the pending call waits on; undefined: none is pending. */
  #heard: number | undefined
  #isWoken = false
  #wake: (() => void) | undefined
  #interval: NodeJS.Timeout | undefined

  /**
   * `nap`: milliseconds after which it looks again, bell or no bell (see seat.ts). `isHolding`: whether the thread stays alive
   * for whoever waits.
   */
  constructor(words: SharedWords, bell: Bell, { nap = 1_000, isHolding = true } = {}) {
    this.#words = words
    this.#bell = bell
    this.#nap = nap
    this.#isHolding = isHolding
  }

  /** Resolves with the first thing that `look` gives, other than `undefined`. `polls`: turns of the event loop before it parks. */
  async seen<T>(look: () => T | undefined, polls = 0): Promise<T> {
    for (;;) {
      for (let poll = 0; poll < polls; poll++) {
        const found = look()
        if (found !== undefined) return found
        await turn()
      }
      this.#isWoken = false
      const heard = this.#bell.listen()
      const found = look()
      if (found !== undefined) return found
      if (!this.#isWoken) await this.#park(heard)
    }
  }

  /** Something came another way, by a message: it looks again. */
  again(): void {
    this.#isWoken = true
    this.#wake?.()
  }

  /** No more waits. Whoever waits is not told. */
  close(): void {
    clearInterval(this.#interval)
    this.#interval = undefined
  }

  async #park(heard: number): Promise<void> {
    if (this.#heard !== heard) {
      const rung = this.#words.waitAsync(this.#bell.at, heard)
      if (!rung) return
      this.#heard = heard
      void rung.then(() => {
        if (this.#heard === heard) this.#heard = undefined
        this.again()
      })
    }
    this.#interval ??= setInterval(() => this.again(), Math.min(this.#nap, longestInterval))
    if (this.#isHolding) this.#interval.ref()
    else this.#interval.unref()
    await new Promise<void>(resolve => {
      this.#wake = resolve
    })
    this.#wake = undefined
    this.#interval?.unref()
  }
}
