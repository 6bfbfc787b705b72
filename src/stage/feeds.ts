/**
 * The feeds of a stage, one for each worker: which of them is open, and which item it has in hand.
 */
import type { Feed, FeedPort, OpenFeed } from '../actor/feed.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'

export interface FeedsHost {
  readonly isOver: boolean
  /** The work whose context a feed is shown. */
  makeContext(worker: InlineWorker): Work
  /** An output of the item in hand. Throws where there are too many. */
  emit(work: Work, value: unknown): void
  /** An output that belongs to no item; `work` is the one that waits to be taken, if there is one. */
  extra(value: unknown, work: Work | undefined): void
  /** The feed has ended without having taken it. */
  leftOver(work: Work): void
  /** The feed is done with the item in hand. */
  settled(work: Work): void
  /** The feed is gone; the item in hand, if there is one, has failed with it. */
  failed(worker: InlineWorker, work: Work | undefined, error: unknown): void
  /** A feed has ended. */
  ended(): void
  room(work: Work | undefined): Promise<void> | undefined
}

/** One open feed. */
interface Open {
  readonly feed: Feed
  /** Whatever it says from now on is said to nobody. */
  readonly shut: () => void
  readonly context: Work
  /** The item in hand. */
  work: Work | undefined
  /** It has taken that one. */
  hasTaken: boolean
}

export class Feeds {
  readonly #open: OpenFeed
  readonly #host: FeedsHost
  readonly #feeds = new Map<InlineWorker, Open>()
  /** Workers that get one when they have been set up anew. */
  readonly #suspended = new Set<InlineWorker>()
  #isEnded = false

  constructor(open: OpenFeed, host: FeedsHost) {
    this.#open = open
    this.#host = host
  }

  /** How many are open, or will be again. */
  get size(): number {
    return this.#feeds.size + this.#suspended.size
  }

  open(worker: InlineWorker): void {
    const host = this.#host
    const context = host.makeContext(worker)
    let isOpen = true
    /** The item in hand, taken from it. */
    const release = () => {
      const open = this.#feeds.get(worker)
      const work = open?.work
      if (open) open.work = undefined
      return work
    }
    const close = () => {
      isOpen = false
      worker.retired = true
      const work = release()
      this.#feeds.delete(worker)
      return work
    }
    const port: FeedPort = {
      context: context.context,
      emit: value => {
        if (!isOpen || value === undefined || host.isOver) return
        const open = this.#feeds.get(worker)
        const work = open?.work
        if (!work || !open.hasTaken) return host.extra(value, work)
        try {
          host.emit(work, value)
        } catch (error) {
          this.#fail(worker, error)
        }
      },
      took: () => {
        const open = isOpen ? this.#feeds.get(worker) : undefined
        if (open) open.hasTaken = true
      },
      taken: () => {
        const work = isOpen ? release() : undefined
        if (work) host.settled(work)
      },
      ended: () => {
        if (!isOpen) return
        const hasTaken = this.#feeds.get(worker)?.hasTaken
        const work = close()
        if (work && hasTaken) host.settled(work)
        else if (work) host.leftOver(work)
        host.ended()
      },
      failed: error => {
        if (isOpen) host.failed(worker, close(), error)
      },
      room: () => host.room(this.#feeds.get(worker)?.work),
    }
    worker.retired = false
    this.#suspended.delete(worker)
    let feed: Feed
    try {
      feed = this.#open(port)
    } catch (error) {
      return host.failed(worker, close(), error)
    }
    const shut = () => {
      isOpen = false
    }
    if (!isOpen) return
    this.#feeds.set(worker, { feed, shut, context, work: undefined, hasTaken: false })
    if (this.#isEnded) feed.end()
  }

  /** The worker goes, and its feed with it: until there is another it has none. */
  suspend(worker: InlineWorker, reason: unknown): void {
    const open = this.#feeds.get(worker)
    this.#feeds.delete(worker)
    if (open) cancel(open, reason)
    this.#suspended.add(worker)
  }

  /** The worker is there again. */
  resume(worker: InlineWorker): void {
    if (this.#suspended.has(worker)) this.open(worker)
  }

  /** Hands an item to the worker's feed; false if that has ended. */
  push(work: Work): boolean {
    const open = this.#feeds.get(work.worker)
    if (!open) return false
    open.context.context.sequence = work.sequence
    open.work = work
    open.hasTaken = false
    try {
      open.feed.push(work.item)
    } catch (error) {
      this.#fail(work.worker, error)
    }
    return true
  }

  #fail(worker: InlineWorker, error: unknown): void {
    const open = this.#feeds.get(worker)
    this.#feeds.delete(worker)
    worker.retired = true
    if (open) cancel(open, error)
    this.#host.failed(worker, open?.work, error)
  }

  /** An item is given up while its feed has it in hand: the worker gets a feed of its own again. */
  drop(work: Work, reason: unknown): void {
    const open = this.#feeds.get(work.worker)
    if (open?.work !== work) return
    this.#feeds.delete(work.worker)
    cancel(open, reason)
    this.open(work.worker)
  }

  /** There is no more input. */
  end(): void {
    this.#isEnded = true
    for (const { feed } of [...this.#feeds.values()]) feed.end()
  }

  /** Ends them all, and gives the items that they had in hand. */
  cancel(reason: unknown): Work[] {
    const open = [...this.#feeds.values()]
    this.#feeds.clear()
    this.#suspended.clear()
    for (const each of open) cancel(each, reason)
    return open.flatMap(({ work }) => work ?? [])
  }
}

function cancel({ feed, shut, context }: Open, reason: unknown): void {
  shut()
  context.abort(reason)
  // What ends with an error has nobody left to hear it.
  try {
    feed.cancel()
  } catch {}
}
