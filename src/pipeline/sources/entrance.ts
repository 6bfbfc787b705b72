/** Source items under way, with the bound on them: each holds a slot from its entrance to its end. */
import { Origin, type Tag } from '../../channel/ticket.ts'

export class Entrance {
  readonly #most: number
  readonly #resumed: () => void
  #under = 0

  /** `most`: Infinity for no bound. `resumed` is called when a slot is free again. */
  constructor(most: number, resumed: () => void) {
    this.#most = most
    this.#resumed = resumed
  }

  get isOpen(): boolean {
    return this.#under < this.#most
  }

  /** The tag of an item that enters. */
  admit(): Tag | undefined {
    if (this.#most === Infinity) return undefined
    this.#under++
    const origin = new Origin(() => {
      this.#under--
      this.#resumed()
    })
    return { origin, hold: undefined }
  }
}
