/**
 * Where results leave the pipeline: one channel, and readers that each have a place in it.
 *
 *     taken              slow        fast      arrived
 *       ▼                  ▼           ▼          ▼
 *       ┣━━━━━━━━━━━━━━━━━━┿━━━━━━━━━━━┿━━━━━━━━━━┫      a subscriber is always at `arrived`
 *                          └ the slowest that pulls: what is before it is gone
 *
 * A subscriber (`output`) is handed every result at once. A reader that pulls (`for await`, `consume`) takes them as it
 * likes, and the channel is bounded: so the slowest of them sets the pace of the pipeline. Before the first reader comes,
 * results wait.
 */
import type { Channel } from '../channel/channel.ts'
import type { Tag } from '../channel/ticket.ts'
import { InvalidOption } from '../errors.ts'
import { type Listener, Results } from './results.ts'

export interface OutletHost {
  /** Nobody is left to read, and the last one left on purpose. */
  cancel(): Promise<void>
  readerThrew(error: unknown, position: number): void
  errorHeard(): void
  /** A reader came, or a result was taken. */
  changed(): void
  /** Whether a pump runs, which must not be disturbed. */
  isBusy(): boolean
  wake(): void
}

interface Reader {
  /** Position of the next result that it has not been given. */
  position: number
  /** Everything before this position it is done with. */
  done: number
  deliver(): void
  /** It was given results that it is not done with, and says so by itself. */
  readonly isBusy: boolean
  /** It asks for results, and hears of an error when it does. */
  readonly isPulling: boolean
  end(ending: Ending): void
}

/** How results end: complete, or with an error. */
export type Ending = { readonly error?: unknown; readonly failed: boolean }

export class Outlet {
  readonly channel: Channel
  readonly output: Results<any>
  isReady = false
  emitted = 0
  /** Whether anybody has ever read. */
  wasRead = false
  readonly #host: OutletHost
  readonly #readers = new Set<Reader>()
  /** Tags of results that were given out, until every reader is done with them. */
  readonly #tags: { position: number; tag: Tag }[] = []
  #ending: Ending | undefined

  constructor(channel: Channel, host: OutletHost) {
    this.channel = channel
    this.#host = host
    channel.onItems = () => {
      this.isReady = true
      host.wake()
    }
    this.output = new Results({
      attach: listener => this.#subscribe(listener),
      subscriberThrew: error => host.readerThrew(error, this.channel.taken),
      errorHeard: () => host.errorHeard(),
    })
  }

  /** A reader is still at work on what it was given. */
  get isBusy(): boolean {
    return [...this.#readers].some(reader => reader.isBusy)
  }

  /** Somebody will hear how it ends. */
  get isPulled(): boolean {
    return [...this.#readers].some(reader => reader.isPulling)
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0
  }

  /** Hands out what has come, as far as readers take it. */
  advance(): void {
    this.isReady = false
    if (this.#readers.size === 0) return
    for (const reader of this.#readers) reader.deliver()
    this.#trim()
    this.#finish()
  }

  /** What has been handed to every reader leaves the channel. */
  #trim(): void {
    const { channel } = this
    let position = channel.arrived
    let done = channel.arrived
    for (const reader of this.#readers) {
      if (reader.position < position) position = reader.position
      if (reader.done < done) done = reader.done
    }
    while (channel.taken < position) {
      const run = Math.min(channel.ready(), position - channel.taken)
      if (channel.tagged) this.#keepTags(run)
      else channel.passed(run)
      this.emitted += run
    }
    while (this.#tags.length > 0 && this.#tags[0]!.position < done) {
      const { tag } = this.#tags.shift()!
      tag.hold?.close()
      tag.origin?.close()
    }
  }

  #keepTags(count: number): void {
    const { channel } = this
    for (let i = 0; i < count; i++) {
      const { tag } = channel
      if (tag) this.#tags.push({ position: channel.taken, tag })
      channel.passed(1)
    }
  }

  /** The run is over: readers are told when they have had everything. */
  end(ending: Ending): void {
    this.#ending ??= ending
    this.#finish()
  }

  #finish(): void {
    if (!this.#ending) return
    for (const reader of [...this.#readers]) {
      if (reader.position === this.channel.arrived) reader.end(this.#ending)
    }
  }

  #attach(reader: Reader): void {
    reader.position = this.channel.taken
    reader.done = this.channel.taken
    this.#readers.add(reader)
    this.wasRead = true
    this.isReady = true
    this.#host.changed()
    // After the end there is no pump any more.
    if (this.#ending) this.advance()
  }

  #detach(reader: Reader): void {
    if (!this.#readers.delete(reader)) return
    if (this.#readers.size > 0) this.#trim()
    this.#host.changed()
  }

  /** Takes up again what a reader's progress made possible. */
  #progress(): void {
    if (this.#host.isBusy()) {
      this.isReady = true
      return this.#host.wake()
    }
    this.#trim()
    this.#finish()
    this.#host.changed()
  }

  /* ── pushing ───────────────────────────────────────────────────────────── */

  #subscribe(listener: Listener<any>): () => void {
    const { channel } = this
    let isAttached = true
    const reader: Reader = {
      isBusy: false,
      isPulling: false,
      position: 0,
      done: 0,
      deliver: () => {
        const { next } = listener
        while (isAttached && reader.position < channel.arrived) {
          // One array of the channel at a time: the loop over it costs what a loop costs.
          const index = channel.cursor + reader.position - channel.taken
          const isInHead = index < channel.head.length
          const items = isInHead ? channel.head : channel.tail
          const to = items.length
          for (let i = isInHead ? index : index - channel.head.length; i < to && isAttached; i++) {
            reader.position++
            next(items[i])
          }
        }
        reader.done = reader.position
      },
      end: ending => {
        this.#readers.delete(reader)
        if (ending.failed) listener.error(ending.error)
        else listener.complete()
      },
    }
    this.#attach(reader)
    return () => {
      isAttached = false
      this.#detach(reader)
    }
  }

  /* ── pulling ───────────────────────────────────────────────────────────── */

  /** One loop over the results. Leaving it cancels the run, unless others read. */
  iterate(): AsyncIterator<any> {
    const { channel } = this
    const waiting: { resolve: (result: IteratorResult<any>) => void; reject: (error: unknown) => void }[] = []
    let ended: Ending | undefined
    let failure: Ending | undefined
    const reader: Reader = {
      isBusy: false,
      isPulling: true,
      position: 0,
      done: 0,
      deliver: () => {
        while (waiting.length > 0 && reader.position < channel.arrived) {
          const value = channel.at(reader.position++)
          waiting.shift()!.resolve({ done: false, value })
        }
      },
      end: ending => {
        this.#readers.delete(reader)
        ended = ending
        if (ending.failed) failure = ending
        for (const { resolve, reject } of waiting.splice(0)) {
          if (failure) {
            failure = undefined
            reject(ending.error)
          } else resolve({ done: true, value: undefined })
        }
      },
    }
    this.#attach(reader)
    return {
      next: () => {
        if (ended) {
          const { error, failed } = failure ?? { failed: false }
          failure = undefined
          return failed ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
        }
        // Asking for the next says that the reader is done with the last.
        reader.done = reader.position
        if (waiting.length === 0 && reader.position < channel.arrived && !this.#host.isBusy()) {
          const value = channel.at(reader.position++)
          this.#progress()
          return Promise.resolve({ done: false, value })
        }
        const result = new Promise<IteratorResult<any>>((resolve, reject) => waiting.push({ resolve, reject }))
        this.isReady = true
        this.#progress()
        return result
      },
      return: async () => {
        if (!ended) {
          ended = { failed: false }
          this.#detach(reader)
          for (const { resolve } of waiting.splice(0)) resolve({ done: true, value: undefined })
          if (!this.hasReaders) await this.#host.cancel()
        }
        return { done: true, value: undefined }
      },
    }
  }

  /** Calls `fn` with every result, at most `concurrency` at once. */
  consume(fn: (item: any) => unknown, concurrency: number): Promise<void> {
    if (typeof fn !== 'function') throw new InvalidOption('consume', 'a function of the result', fn)
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new InvalidOption('concurrency', 'a whole number from 1', concurrency, 'consume')
    }
    return new Promise((resolve, reject) => {
      const { channel } = this
      const running = new Set<number>()
      let ended: Ending | undefined
      const finish = () => {
        if (!ended || running.size > 0) return
        if (ended.failed) {
          this.#host.errorHeard()
          reject(ended.error)
        } else resolve()
      }
      const lowest = () => {
        let least = reader.position
        for (const position of running) if (position < least) least = position
        return least
      }
      const settle = (position: number) => {
        running.delete(position)
        reader.done = lowest()
        finish()
        if (!ended) {
          this.isReady = true
          this.#host.wake()
          this.#progress()
        }
      }
      const threw = (error: unknown, position: number) => {
        running.delete(position)
        this.#host.readerThrew(error, position)
        finish()
      }
      const reader: Reader = {
        isPulling: true,
        get isBusy() {
          return running.size > 0
        },
        position: 0,
        done: 0,
        deliver: () => {
          while (running.size < concurrency && reader.position < channel.arrived && !ended) {
            const position = reader.position++
            try {
              const result = fn(channel.at(position)) as PromiseLike<unknown> | undefined
              if (typeof result === 'object' && result !== null && typeof result.then === 'function') {
                running.add(position)
                Promise.resolve(result).then(
                  () => settle(position),
                  error => threw(error, position),
                )
              }
            } catch (error) {
              return threw(error, position)
            }
          }
          reader.done = running.size === 0 ? reader.position : lowest()
        },
        end: ending => {
          this.#readers.delete(reader)
          ended = ending
          finish()
        },
      }
      this.#attach(reader)
    })
  }
}
