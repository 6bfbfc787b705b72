/**
 * One `for await` over the results. Leaving it cancels the run, unless others read.
 *
 * Asking for the next says that the reader is done with the last.
 */
import type { Ending, Reader, ReaderHost } from './reader.ts'

const over: IteratorResult<any> = { done: true, value: undefined }

export class Loop implements Reader, AsyncIterator<any> {
  position = 0
  done = 0
  readonly isOver = false
  readonly isBusy = false
  readonly isPulling = true
  readonly #host: ReaderHost
  /** Calls of `next` that nothing has come for yet, in order. */
  readonly #waiting: ((result: IteratorResult<any> | Promise<IteratorResult<any>>) => void)[] = []
  #isEnded = false
  /** The error that the first `next` after the end is told of. */
  #failure: Ending | undefined

  constructor(host: ReaderHost) {
    this.#host = host
    host.attach(this)
  }

  next(): Promise<IteratorResult<any>> {
    if (this.#isEnded) {
      const failure = this.#failure
      this.#failure = undefined
      return failure ? Promise.reject(failure.error) : Promise.resolve(over)
    }
    const { channel, isBusy } = this.#host
    this.done = this.position
    if (this.#waiting.length === 0 && this.position < channel.arrived && !isBusy) {
      const value = channel.at(this.position++)
      this.#host.progress()
      return Promise.resolve({ done: false, value })
    }
    const result = new Promise<IteratorResult<any>>(resolve => this.#waiting.push(resolve))
    this.#host.progress()
    return result
  }

  async return(): Promise<IteratorResult<any>> {
    if (!this.#isEnded) {
      this.#isEnded = true
      this.#host.detach(this)
      for (const answer of this.#waiting.splice(0)) answer(over)
      if (!this.#host.hasReaders) await this.#host.leave()
    }
    return over
  }

  deliver(): void {
    const { channel } = this.#host
    while (this.#waiting.length > 0 && this.position < channel.arrived) {
      this.#waiting.shift()!({ done: false, value: channel.at(this.position++) })
    }
  }

  end(ending: Ending): void {
    this.#isEnded = true
    if (ending.failed) this.#failure = ending
    // The first of those that wait hears of the error, the others that it is over.
    for (const answer of this.#waiting.splice(0)) answer(this.next())
  }
}
