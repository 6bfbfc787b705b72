/** Bodies over the whole stream, on their own thread: what a feed asks of its stage goes there, and waits for its word. */

import type { Feed, OpenFeed } from '../../actor/feed.ts'
import { pack, unpack } from '../../runtime/remote/packed-error.ts'
import type { FromFeed, ToFeed } from '../../runtime/remote/protocol.ts'
import { whyNot } from '../../runtime/remote/why-not.ts'
import { Work, type WorkHost } from '../work.ts'
import type { InlineWorker } from '../worker.ts'

interface Open {
  readonly feed: Feed
  readonly context: Work
  /** Words of `room` that are still to come, and who waits for the last of them. */
  owed: number
  readonly waits: (() => void)[]
}

export class Streams {
  readonly #open: OpenFeed
  readonly #worker: InlineWorker
  readonly #host: WorkHost
  readonly #tell: (feed: number, say: FromFeed) => void
  readonly #feeds = new Map<number, Open>()

  constructor(open: OpenFeed, worker: InlineWorker, host: WorkHost, tell: (feed: number, say: FromFeed) => void) {
    this.#open = open
    this.#worker = worker
    this.#host = host
    this.#tell = tell
  }

  hear(number: number, say: ToFeed): void {
    if (say.what === 'open') return this.#begin(number)
    const open = this.#feeds.get(number)
    if (!open) return
    switch (say.what) {
      case 'push':
        open.context.context.sequence = say.sequence
        return open.feed.push(say.item)
      case 'room':
        open.owed--
        return this.#release(open)
      case 'end':
        return open.feed.end()
      case 'cancel':
        open.context.abort(unpack(say.reason, () => undefined))
        open.feed.cancel()
        open.owed = 0
        this.#release(open)
        this.#close(number)
    }
  }

  #begin(number: number): void {
    const context = new Work(this.#host)
    context.worker = this.#worker
    const tell = (say: FromFeed) => this.#tell(number, say)
    const failed = (error: unknown) => {
      tell({ what: 'failed', error: pack(error) })
      this.#close(number)
    }
    let open: Open | undefined
    const feed = this.#open({
      context: context.context,
      took: () => tell({ what: 'took' }),
      taken: () => tell({ what: 'taken' }),
      emit: value => {
        if (value === undefined) return
        try {
          tell({ what: 'emit', value })
          open!.owed++
        } catch (error) {
          open!.feed.cancel()
          failed(whyNot(value, error))
        }
      },
      ended: () => {
        tell({ what: 'ended' })
        this.#close(number)
      },
      failed,
      room: () => (open!.owed > 0 ? new Promise(resolve => open!.waits.push(resolve)) : undefined),
    })
    open = { feed, context, owed: 0, waits: [] }
    this.#feeds.set(number, open)
  }

  #release(open: Open): void {
    if (open.owed > 0) return
    for (const resolve of open.waits.splice(0)) resolve()
  }

  #close(number: number): void {
    if (this.#feeds.delete(number)) this.#tell(number, { what: 'closed' })
  }
}
