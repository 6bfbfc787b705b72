/**
 * The bounded way from one stage to the next, within one event loop.
 *
 *              taken                                        arrived
 *                ▼                                             ▼
 *     head  ░░░░░▓▓▓▓▓▓▓▓▓▓│  tail  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓
 *           gone └ cursor     the writer pushes here; becomes the head when that is used up
 *
 * Two plain arrays, so that a frame is a run of one array on either side, and a loop over it costs what a loop costs.
 * Positions count items since the start and only grow. Time and weight are kept by batch, in *marks*: one for each push
 * of a frame, not for each item.
 *
 * The channel decides nothing about waiting: the writer asks `room` before it pushes, as the option `overflow` says.
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
  readonly sequence: number
  readonly item: unknown
  readonly enteredAt: number
  readonly missed: number
}

export class Channel {
  capacity: Capacity
  /** Whether items may carry tags; then `tags` run beside the items. */
  readonly tagged: boolean
  /** The reader's array. Only [cursor, head.length) is still to come. */
  head: unknown[] = []
  cursor = 0
  /** The writer's array. */
  tail: unknown[] = []
  /** Position of the next item to be taken. */
  taken = 0
  /** Items waiting: those of the head from the cursor on, and those of the tail. */
  count = 0
  /** What they weigh, up to the marks: a batch weighs until its last item is taken. */
  bytes = 0
  ending: Ending = 'open'
  dropped = 0
  /** True while the writer waits for room: then taking wakes it. */
  blocked = false
  /** For capacity 0: whether the reader has a worker that waits. Set by the reader. */
  readerWaits: () => boolean = () => false
  /** Called when items, or the end, have come. Set by the reader. */
  onItems: () => void = () => {}
  /** Called when there is room again for a writer that waited. Set by the writer. */
  onRoom: () => void = () => {}
  /** Makes up to `most` items on demand, where the source can be asked; set by the source. */
  refill: ((most: number) => void) | undefined

  readonly #watchers = new Set<(entered: Entered) => void>()
  #headTags: (Tag | undefined)[] = []
  #tailTags: (Tag | undefined)[] = []
  readonly #marks = new Marks()

  constructor(capacity: Capacity, tagged: boolean) {
    this.capacity = capacity
    this.tagged = tagged
  }

  get arrived(): number {
    return this.taken + this.count
  }

  /** How many items may still come in before the channel is full; at capacity 0, one for a reader that waits. */
  room(): number {
    if (this.capacity.items === 0) return this.count === 0 && this.readerWaits() ? 1 : 0
    return this.bytes >= this.capacity.bytes ? 0 : Math.max(0, this.capacity.items - this.count)
  }

  /** From now on everything is let in. */
  unbind(): void {
    this.capacity = { items: Infinity, bytes: Infinity }
    this.release()
  }

  /** Whether one item more would be one too many. */
  full(): boolean {
    return this.room() === 0
  }

  /* ── writing ───────────────────────────────────────────────────────────── */

  /** Says that `count` items weighing `bytes` were pushed to `tail`; the oldest of what they stem from was born at `bornAt`. */
  pushed(count: number, bytes: number, bornAt: number, now: number): void {
    this.count += count
    this.bytes += bytes
    this.#marks.add(this.arrived, bytes, bornAt, now, this.capacity.bytes / 16)
    if (this.#watchers.size > 0) this.#tell(count, now)
    this.onItems()
  }

  put(item: unknown, tag: Tag | undefined, bornAt: number, now: number): void {
    this.tail.push(item)
    if (this.tagged) this.#tailTags.push(tag)
    this.pushed(1, this.capacity.bytes === Infinity ? 0 : weigh(item), bornAt, now)
  }

  end(ending: 'done' | 'failed'): void {
    if (this.ending !== 'open') return
    this.ending = ending
    this.onItems()
  }

  /* ── reading ───────────────────────────────────────────────────────────── */

  /** Makes the head hold what comes next, and says how many items lie in a row from `cursor` on. */
  ready(): number {
    if (this.cursor === this.head.length && this.tail.length > 0) {
      const used = this.head
      this.head = this.tail
      used.length = 0
      this.tail = used
      if (this.tagged) {
        const usedTags = this.#headTags
        this.#headTags = this.#tailTags
        usedTags.length = 0
        this.#tailTags = usedTags
      }
      this.cursor = 0
    }
    return this.head.length - this.cursor
  }

  /** When the item at the cursor came in. */
  get enteredAt(): number {
    return this.#marks.enteredAt
  }

  /** When the oldest source item behind the item at the cursor came in. */
  get bornAt(): number {
    return this.#marks.bornAt
  }

  /** The tag of the item at the cursor. */
  get tag(): Tag | undefined {
    return this.tagged ? this.#headTags[this.cursor] : undefined
  }

  /** The item at a position from `taken` up to `arrived`. */
  at(position: number): unknown {
    const index = this.cursor + position - this.taken
    return index < this.head.length ? this.head[index] : this.tail[index - this.head.length]
  }

  /** The next `count` items have been taken. Precondition: `ready() >= count`. */
  passed(count: number): void {
    // What was taken must not be held on to until the array is used up.
    if (this.bytes > 0) this.head.fill(undefined, this.cursor, this.cursor + count)
    this.cursor += count
    this.taken += count
    this.count -= count
    this.bytes -= this.#marks.pass(this.taken)
    this.release()
  }

  /** Wakes a writer that waits, if there is room by now. */
  release(): void {
    if (!this.blocked || this.full()) return
    this.blocked = false
    this.onRoom()
  }

  /** Takes one item. Precondition: `ready() > 0`. */
  take(): unknown {
    const item = this.head[this.cursor]
    this.passed(1)
    return item
  }

  /** Throws away all that waits, and says how many items that were. */
  clear(): number {
    const count = this.count
    while (this.count > 0) {
      const run = this.ready()
      for (let i = 0; i < run; i++) {
        const tag = this.tag
        this.passed(1)
        tag?.hold?.close()
        tag?.origin?.close()
      }
    }
    return count
  }

  /* ── watching ──────────────────────────────────────────────────────────── */

  /** Calls `watcher` with every item that comes in, until what it gives back is called. */
  watch(watcher: (entered: Entered) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #tell(count: number, now: number): void {
    for (let sequence = this.arrived - count; sequence < this.arrived; sequence++) {
      const entered: Entered = { sequence, item: this.at(sequence), enteredAt: now, missed: 0 }
      for (const watcher of this.#watchers) watcher(entered)
    }
  }
}

/**
 * Time and weight of the items in a channel, by batch: a ring of rows that only the first and the last are looked at.
 *
 * Invariant: rows are in order of `until`; a row stands for the items from the row before up to its `until`.
 */
class Marks {
  #rows: Mark[] = []
  #first = 0

  get enteredAt(): number {
    return this.#rows[this.#first]?.enteredAt ?? 0
  }

  get bornAt(): number {
    return this.#rows[this.#first]?.bornAt ?? 0
  }

  add(until: number, bytes: number, bornAt: number, enteredAt: number, most: number): void {
    const last = this.#first < this.#rows.length ? this.#rows[this.#rows.length - 1]! : undefined
    // Batches of one moment are one, unless that would hide how the weight goes down.
    if (last && last.enteredAt === enteredAt && last.bytes + bytes <= most) {
      last.until = until
      last.bytes += bytes
      return
    }
    this.#rows.push({ until, bytes, bornAt, enteredAt })
  }

  /** Everything before `position` is gone: gives the weight of the batches that ended there. */
  pass(position: number): number {
    let bytes = 0
    while (this.#first < this.#rows.length && this.#rows[this.#first]!.until <= position) {
      bytes += this.#rows[this.#first]!.bytes
      this.#first++
    }
    if (this.#first === this.#rows.length) {
      this.#rows.length = 0
      this.#first = 0
    } else if (this.#first > 64) {
      this.#rows.splice(0, this.#first)
      this.#first = 0
    }
    return bytes
  }
}

interface Mark {
  /** Position behind the last item. */
  until: number
  bytes: number
  readonly bornAt: number
  readonly enteredAt: number
}
