/**
 * A reader that is a function: called with every result, at most `concurrency` at once.
 *
 * Its call is over when what it gave back has settled; a result whose call is not over is one that the reader is not done
 * with, so that a slow consumer slows the pipeline.
 */
import type { Ending, Reader, ReaderHost } from './reader.ts'

export class Consumer implements Reader {
  position = 0
  done = 0
  isOver = false
  readonly isPulling = true
  /** Resolves when everything was consumed; rejects with the failure of the run. */
  readonly finished: Promise<void>
  readonly #host: ReaderHost
  readonly #fn: (item: any) => unknown
  readonly #concurrency: number
  /** Positions of the results whose calls are not over. */
  readonly #running = new Set<number>()
  #ending: Ending | undefined
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor(host: ReaderHost, fn: (item: any) => unknown, concurrency: number) {
    this.#host = host
    this.#fn = fn
    this.#concurrency = concurrency
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    host.attach(this)
  }

  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Positions of results that it works on. */
  get inHand(): Iterable<number> {
    return this.#running
  }

  deliver(): void {
    if (this.isOver) return
    const { channel } = this.#host
    let { position } = this
    try {
      while (this.#running.size < this.#concurrency && position < channel.arrived) {
        const result = this.#fn(channel.items[position++ & channel.mask]) as PromiseLike<unknown> | undefined
        if (typeof result === 'object' && result !== null && typeof result.then === 'function') {
          this.#await(result, position - 1)
        }
      }
    } catch (error) {
      this.position = position
      return this.#threw(error, position - 1)
    }
    this.position = position
    this.done = this.#lowest()
  }

  #await(result: PromiseLike<unknown>, position: number): void {
    this.#running.add(position)
    Promise.resolve(result).then(
      () => {
        this.#running.delete(position)
        this.done = this.#lowest()
        this.#finish()
        this.#host.wantsMore()
      },
      error => {
        this.#running.delete(position)
        this.#threw(error, position)
      },
    )
  }

  /** Everything before this position is done with. */
  #lowest(): number {
    let least = this.position
    for (const position of this.#running) if (position < least) least = position
    return least
  }

  /** The run fails, and tells when it has; one that is over cannot, so that here is where it is heard. */
  #threw(error: unknown, position: number): void {
    this.isOver = true
    if (!this.#host.readerThrew(error, position)) this.#ending = { failed: true, error }
    this.#finish()
  }

  end(ending: Ending): void {
    this.#ending = ending
    this.#finish()
  }

  #finish(): void {
    if (!this.#ending || this.#running.size > 0) return
    if (this.#ending.failed) {
      this.#host.errorHeard()
      this.#reject(this.#ending.error)
    } else this.#resolve()
  }
}
