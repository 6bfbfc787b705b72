/** Results wait and nobody is there: somebody has to come within ten seconds. */
import type { Clock } from '../../clock.ts'

export const unreadMs = 10_000

export class Unread {
  readonly #clock: Clock
  readonly #expired: () => void
  #timer: unknown

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock
    this.#expired = expired
  }

  get isExpecting(): boolean {
    return this.#timer !== undefined
  }

  /** Whether results wait for a reader, as of now. */
  expect(isWaiting: boolean): void {
    if (!isWaiting) return this.clear()
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#expired()
    }, unreadMs)
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
