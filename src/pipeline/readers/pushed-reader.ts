/** A reader that is pushed every result at once: a subscriber of `output`. */
import { type Listener, reportUncaught } from '../results.ts'
import type { Ending, Reader, ReaderHost } from './reader.ts'

export class PushedReader implements Reader {
  position = 0
  done = 0
  isOver = false
  readonly isBusy = false
  readonly isPulling = false
  readonly #host: ReaderHost
  readonly #listener: Listener<any>

  constructor(host: ReaderHost, listener: Listener<any>) {
    this.#host = host
    this.#listener = listener
  }

  /** It has unsubscribed, or what it calls has thrown: it is given nothing more. */
  close(): void {
    this.isOver = true
  }

  deliver(): void {
    const { channel } = this.#host
    const { next } = this.#listener
    let { position } = this
    try {
      while (position < channel.arrived && !this.isOver) {
        const { items, mask, arrived } = channel
        while (position < arrived && !this.isOver) next(items[position++ & mask])
      }
    } catch (error) {
      this.close()
      if (!this.#host.readerThrew(error, position - 1)) reportUncaught(error)
    }
    this.position = position
    this.done = position
  }

  end(ending: Ending): void {
    if (ending.failed) this.#listener.error(ending.error)
    else this.#listener.complete()
  }
}
