/**
 * The table of one stage: a ring of slots, in which its workers claim frames and commit what they led to.
 *
 *     [table before] ─▶ input of a frame ─▶ [this table: claim, commit, publish] ─▶ outputs ─▶ [table behind]
 *
 * Whoever commits publishes all that is in order by then, whoever cut it; so a slow item holds up what is behind it, and
 * nobody has to come back for it.
 */
import { Bell } from './bell.ts'
import { DONE, lapOf, seatOf, stateOf } from './claim-word.ts'
import { CHUNKS, chunkWords, FROM_SLOT, HANDLED, ITEMS, LAST, OFFSET, OUTPUTS, SEGMENT, TO_SLOT } from './record.ts'
import type { Segments } from './segments.ts'
import { type GivenUp, settle } from './settle.ts'
import { BELL, END, OVER, RETURNED, Slots, type TableShape } from './slots.ts'
import type { Words } from './words.ts'

export type { GivenUp } from './settle.ts'
export type { TableShape } from './slots.ts'

export class Table extends Slots {
  readonly capacity: number
  readonly flushes: boolean
  /** Its workers wait here. Source and sink are one thread, and share one. */
  bell: Bell
  /** The table whose outputs are the input of this one; none before that of the source. */
  up: Table | undefined
  /** The table of those who read this one; none behind that of the sink. */
  down: Table | undefined
  readonly #segments: Segments

  constructor(words: Words, base: number, shape: TableShape, segments: Segments) {
    super(words, base, shape)
    const { seats, capacity, flushes = false } = shape
    if (flushes && seats > 1) throw new RangeError(`a table that flushes has one seat, got ${seats}`)
    this.capacity = capacity
    this.flushes = flushes
    this.bell = new Bell(words, base + BELL)
    this.#segments = segments
  }

  /** Whether nothing more will be published here. */
  get isOver(): boolean {
    return this.words.load(this.base + OVER) === 1 && this.published === this.words.load(this.base + END)
  }

  /** Whether nobody will ever read what is committed here from now on: some table behind it has ended. */
  get isForNobody(): boolean {
    for (let table = this.down; table; table = table.down) if (table.isOver) return true
    return false
  }

  /** Changes whenever something was given back; who has looked since need not search. */
  get returned(): number {
    return this.words.load(this.base + RETURNED)
  }

  /** Something was given back. A swap that fails says that another has counted since: who sees that, finds this too. */
  countReturned(): void {
    const { returned } = this
    this.words.swap(this.base + RETURNED, returned, (returned + 1) | 0)
  }

  /** A worker has given back the rest of its frame: those who wait are to look for it. */
  giveBack(): void {
    this.countReturned()
    this.bell.ring()
  }

  /** Items that are under way to the next stage, if nobody has cut `front` here meanwhile: none of them lets in more. */
  held(front: number): number {
    const { down, words } = this
    if (!down) return 0
    for (;;) {
      const next = down.front()
      let held = 0
      let frame = words.load(down.recordOf((next - 1) | 0) + TO_SLOT)
      for (; ((front - frame) | 0) > 0; frame = (frame + 1) | 0) {
        const word = words.load(this.claimAt(frame))
        const record = this.recordAt(frame, seatOf(word))
        held += words.load(record + (stateOf(word) === DONE ? OUTPUTS : ITEMS))
      }
      // Unless somebody has cut more, nothing of what was read can have been used again.
      if (!down.isCutNow(next)) return held
    }
  }

  chunksOf(frame: number): number {
    return this.words.load(this.recordOf(frame) + CHUNKS)
  }

  /**
   * Items of one chunk of a published frame. Who has no claim yet may get anything, if others have read the frame by now:
   * its swap will fail. −1: it is said in a segment that this thread was not told of yet.
   */
  itemsOf(frame: number, chunk: number): number {
    const { words } = this
    const record = this.recordOf(frame)
    if (words.load(record + CHUNKS) === 1) return words.load(record + OUTPUTS)
    const list = this.#segments.words(words.load(record + SEGMENT))
    if (!list) return -1
    // Offset and segment may be of two laps, and the place outside of it: there a plain access gives nothing, others throw.
    return list.get((words.load(record + OFFSET) >> 2) + chunk * chunkWords + 3) | 0
  }

  /** Publishes what is in order by now, and tells those who wait for it. Anybody may. */
  publish(): void {
    let hasMoved = false
    while (this.publishNext()) hasMoved = true
    if (hasMoved) this.ring()
  }

  /**
   * Publishes the next frame if it is DONE, and gives back what it had for input. False: it is not.
   *
   * Every step is either a fact that stays true or a swap, so it does no harm when two do it, or when one stops half-way.
   */
  publishNext(): boolean {
    const { words, up, down } = this
    const frame = this.published
    const at = this.claimAt(frame)
    const word = words.load(at)
    if (!this.isCut(word, frame)) return false
    if (lapOf(word) === this.lap(frame)) {
      if (stateOf(word) !== DONE || this.#endsAt(frame)) return false
      const record = this.recordAt(frame, seatOf(word))
      const from = words.load(record + FROM_SLOT)
      const to = words.load(record + TO_SLOT)
      const isLast = words.load(record + HANDLED) === LAST
      if (words.load(at) !== word) return true // others have published it, and it was used again: look once more
      for (let read = from; up && read !== to; read = (read + 1) | 0) up.free(read)
      if (isLast) this.#end((frame + 1) | 0)
      if (!down) this.free(frame)
    }
    this.movePublished(frame)
    return true
  }

  /** For those who wait for input, for room, or for being the lowest; and at the end for all before it, who work for nobody. */
  ring(): void {
    this.down?.bell.ring()
    this.bell.ring()
    const isOver = this.words.load(this.base + OVER) === 1
    for (let table = this.up; table; table = isOver ? table.up : undefined) table.bell.ring()
  }

  /** Nothing more will be published: of the source's table by its only writer; of others by any worker that finds it so. */
  close(): void {
    this.#end(this.published)
    this.ring()
  }

  /** `published` will stop at `end`. A fact that stays true: all who find it write the same. */
  #end(end: number): void {
    this.words.store(this.base + END, end)
    this.words.store(this.base + OVER, 1)
  }

  /** Whether `frame` is the first that will never be published. */
  #endsAt(frame: number): boolean {
    return this.words.load(this.base + OVER) === 1 && this.words.load(this.base + END) === frame
  }

  /** What a worker leaves that is gone: see settle.ts. */
  settle(seat: number, isGivenUp: (sequence: number) => GivenUp): void {
    settle(this, seat, isGivenUp)
  }

  /** The number of the next segment that the seat spills to, 0 at first: whoever sits there, no number comes twice. */
  countSpill(seat: number): number {
    const at = this.deskAt(seat) + SPILLS
    const count = this.words.get(at)
    this.words.set(at, count + 1)
    return count
  }
}

/** Word of a desk: how many segments were made for the outputs of this seat. */
const SPILLS = 4
