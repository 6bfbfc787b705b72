/**
 * The bounded way from one stage to the next, within one event loop: a ring of items.
 *
 *              taken                    arrived
 *                ▼                         ▼
 *     ┄┄┄┄░░░░░░░▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┄┄┄┄┄┄┄┄      slot = position & mask
 *          gone  └──── count, bytes ───────┘
 *
 * Positions count items since the start and only grow. The ring begins short and doubles up to what the capacity asks for,
 * and beyond it only for the outputs of one item, which are let in as a whole.
 *
 * Time is kept by *probe*: one item at a time is remembered with the moment at which it came in. When it is taken, that
 * says how long items wait here just now; then the next one is. (A clock for every item would cost more than a light item.)
 *
 * The channel decides nothing about waiting: the writer asks `room` before it puts, as the option `overflow` says.
 */
import type { Tag } from './ticket.ts'
import { weigh } from './weigh.ts'

export type Ending = 'open' | 'done' | 'failed'

export interface Capacity {
  readonly items: number
  readonly bytes: number
}

/** What a watcher is told of an item that enters. */
export interface Entered {
  /** Position among all that enter. */
  readonly sequence: number
  readonly item: unknown
  readonly enteredAt: number
  readonly missed: number
}

const shortest = 64

export class Channel {
  capacity: Capacity
  /** Whether items may carry tags. */
  readonly tagged: boolean
  /** Whether items are weighed. */
  readonly weighing: boolean
  items: unknown[] = new Array(shortest).fill(undefined)
  /** What the item in a slot weighs; 0 in a slot that is free. */
  weights = new Float64Array(shortest)
  mask = shortest - 1
  /** Position of the next item to be taken. */
  taken = 0
  /** Position of the next item to come. */
  arrived = 0
  /** What all that waits weighs. */
  bytes = 0
  ending: Ending = 'open'
  dropped = 0
  /** Items that were dropped after they had come in: those behind them move up. */
  skipped = 0
  /** Items that were taken and still count: they wait for the same reader, elsewhere. Set by whoever took them there. */
  beyond = 0
  /** True while the writer waits for room: then taking wakes it. */
  blocked = false
  /** Position behind the probe; 0 when there is none. */
  probe = 0
  /** When the probe came in. */
  enteredAt = 0
  /** When the source item that the probe descends from came in. */
  bornAt = 0
  /** For capacity 0: whether the reader has a worker that waits. Set by the reader. */
  readerWaits: () => boolean = () => false
  /** Called when items, or the end, have come. Set by the reader. */
  onItems: () => void = () => {}
  /** Called when there is room again for a writer that waited. Set by the writer. */
  onRoom: () => void = () => {}
  /**
   * Where the writer can be asked for items: up to `most`; or up to `ahead`, if nobody can tell that they were made before
   * they were wanted. Set by the writer.
   */
  refill: ((most: number, ahead?: number) => void) | undefined
  /** The reader could do with items just now: it will not ask for them. Set by the reader. */
  isWanted = true
  /** The reader has asked for what comes: it need not be woken for it. */
  isRefilling = false

  /** Called when somebody begins to watch, or nobody does any more. Set by whoever tells of what does not come by here. */
  onWatched: () => void = () => {}

  readonly #watchers = new Set<(entered: Entered) => void>()
  #isWatched = false
  #tags: (Tag | undefined)[]

  constructor(capacity: Capacity, tagged: boolean) {
    this.capacity = capacity
    this.tagged = tagged
    this.weighing = capacity.bytes !== Infinity
    this.#tags = tagged ? new Array(shortest).fill(undefined) : []
  }

  /** Items that wait. */
  get count(): number {
    return this.arrived - this.taken
  }

  /** How many items may still come in before the channel is full; at capacity 0, one for a reader that waits. */
  room(): number {
    const { items, bytes } = this.capacity
    const count = this.arrived - this.taken + this.beyond
    if (items === 0) return count === 0 && this.readerWaits() ? 1 : 0
    return this.bytes >= bytes || count >= items ? 0 : items - count
  }

  /** Whether one item more would be one too many. */
  full(): boolean {
    return this.room() === 0
  }

  /** From now on everything is let in. */
  unbind(): void {
    this.capacity = { items: Infinity, bytes: Infinity }
    this.release()
  }

  /* ── writing ───────────────────────────────────────────────────────────── */

  /** Makes the ring long enough for `count` items more. */
  reserve(count: number): void {
    const needed = this.arrived - this.taken + count
    if (needed > this.mask + 1) this.#grow(needed)
  }

  /** Says that `count` items were stored behind `arrived`, `bytes` in all; what the oldest descends from came in at `bornAt`. */
  pushed(count: number, bytes: number, bornAt: number, now: number): void {
    this.arrived += count
    this.bytes += bytes
    // One whose origin is known is the better probe.
    if ((this.probe === 0 && now !== this.enteredAt) || (this.bornAt < 0 && bornAt >= 0)) {
      this.probe = this.arrived
      this.enteredAt = now
      this.bornAt = bornAt
    }
    if (this.#isWatched) this.#tell(count, now)
    if (!this.isRefilling) this.onItems()
  }

  put(item: unknown, tag: Tag | undefined, bornAt: number, now: number): void {
    if (this.arrived - this.taken > this.mask) this.#grow(this.arrived - this.taken + 1)
    const slot = this.arrived & this.mask
    this.items[slot] = item
    if (this.tagged) this.#tags[slot] = tag
    let bytes = 0
    if (typeof item !== 'number' && this.weighing) this.weights[slot] = bytes = weigh(item)
    this.pushed(1, bytes, bornAt, now)
  }

  end(ending: 'done' | 'failed'): void {
    if (this.ending !== 'open') return
    this.ending = ending
    this.onItems()
  }

  /* ── reading ───────────────────────────────────────────────────────────── */

  /** How many items lie in a row, in the ring, from `taken` on. */
  ready(): number {
    return Math.min(this.arrived - this.taken, this.mask + 1 - (this.taken & this.mask))
  }

  /** Number of the next item among those that are taken: 0, 1, 2 … without gaps, whatever is dropped. */
  get sequence(): number {
    return this.taken - this.skipped
  }

  /** The tag of the next item. */
  get tag(): Tag | undefined {
    return this.tagged ? this.#tags[this.taken & this.mask] : undefined
  }

  /** What the next item weighs. */
  get weight(): number {
    return this.weights[this.taken & this.mask]!
  }

  /** The item at a position from `taken` up to `arrived`. */
  at(position: number): unknown {
    return this.items[position & this.mask]
  }

  /** The next `count` items have been taken. */
  passed(count: number): void {
    // What was taken must not be held on to until the ring comes round.
    if (this.bytes > 0 || !this.weighing) this.#clear(count)
    this.taken += count
    if (this.taken >= this.probe) this.probe = 0
    if (this.blocked) this.release()
  }

  /** Takes one item. Precondition: there is one. */
  take(): unknown {
    const slot = this.taken & this.mask
    const item = this.items[slot]
    this.items[slot] = undefined
    if (this.bytes > 0) {
      this.bytes -= this.weights[slot]!
      this.weights[slot] = 0
    }
    this.taken++
    if (this.taken >= this.probe) this.probe = 0
    if (this.blocked && this.capacity.items > 0) this.release()
    return item
  }

  /**
   * Wakes a writer that waits, once half of the channel is free: a reader that takes one by one would otherwise have it
   * write one by one, and every frame would hold one item.
   */
  release(): void {
    const { items, bytes } = this.capacity
    if (!this.blocked || this.full()) return
    if (this.arrived - this.taken > items / 2 || this.bytes > bytes / 2) return
    this.blocked = false
    this.onRoom()
  }

  /** What waits from position `from` on gives its slots back before it is taken. */
  untag(from: number): void {
    if (!this.tagged) return
    for (let position = Math.max(from, this.taken); position < this.arrived; position++) {
      const slot = position & this.mask
      const tag = this.#tags[slot]
      this.#tags[slot] = undefined
      tag?.hold?.close()
      tag?.origin?.close()
    }
  }

  /** Throws away all that waits, and says how many items that were. Whoever asked for one of them hears of the end. */
  clear(): number {
    const { count } = this
    while (this.arrived > this.taken) {
      const { tag } = this
      this.take()
      tag?.hold?.close()
      if (!tag?.origin?.asker) tag?.origin?.close()
    }
    return count
  }

  #clear(count: number): void {
    for (let position = this.taken; position < this.taken + count; position++) {
      const slot = position & this.mask
      this.items[slot] = undefined
      this.bytes -= this.weights[slot]!
      this.weights[slot] = 0
    }
  }

  #grow(needed: number): void {
    let length = (this.mask + 1) * 2
    while (length < needed) length *= 2
    const mask = length - 1
    const items = new Array<unknown>(length).fill(undefined)
    const weights = new Float64Array(length)
    const tags = this.tagged ? new Array<Tag | undefined>(length).fill(undefined) : []
    for (let position = this.taken; position < this.arrived; position++) {
      items[position & mask] = this.items[position & this.mask]
      weights[position & mask] = this.weights[position & this.mask]!
      if (this.tagged) tags[position & mask] = this.#tags[position & this.mask]
    }
    this.items = items
    this.weights = weights
    this.#tags = tags
    this.mask = mask
  }

  /* ── watching ──────────────────────────────────────────────────────────── */

  /** Calls `watcher` with every item that comes in, until what it gives back is called. */
  watch(watcher: (entered: Entered) => void): () => void {
    this.#watchers.add(watcher)
    this.#watched()
    return () => {
      this.#watchers.delete(watcher)
      this.#watched()
    }
  }

  get isWatched(): boolean {
    return this.#isWatched
  }

  /** Tells of an item that has come in without coming by here. */
  told(entered: Entered): void {
    for (const watcher of this.#watchers) watcher(entered)
  }

  #watched(): void {
    const wasWatched = this.#isWatched
    this.#isWatched = this.#watchers.size > 0
    if (this.#isWatched !== wasWatched) this.onWatched()
  }

  #tell(count: number, now: number): void {
    for (let position = this.arrived - count; position < this.arrived; position++) {
      this.told({ sequence: position, item: this.at(position), enteredAt: now, missed: 0 })
    }
  }
}
