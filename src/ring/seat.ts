/**
 * A worker's place at the table of its stage: claims a frame, reads its input, puts outputs, commits.
 *
 *     for (;;) {
 *       if (seat.take(most, spins) === OVER) return
 *       seat.read((segment, offset, bytes, items) => decode …)       // items `seat.handled` to `seat.pieceEnd` are to be done
 *       for each of those: seat.hold(index), handle it
 *       while (!seat.reserve(bytes)) wait …                         // once for each chunk of outputs
 *       encode into seat.segment, seat.offset …; seat.put(bytes, items)
 *       seat.commit()
 *     }
 *
 * The source's is a seat at a table with nothing before it: what it claims is an empty frame, to be filled. The sink's is a
 * seat at a table with nothing behind it.
 *
 * What it has claimed is in claims.ts, how a frame is cut in cut.ts, and what it leads to in outputs.ts.
 *
 * Invariant: a seat keeps nothing in the object that outlives a frame. A worker that takes over the seat of a dead one, after
 * `settle`, goes on from what lies on the desk.
 */
import { type EachChunk, inputOf } from './chunks.ts'
import { Claims } from './claims.ts'
import { type Claimed, CUT_AGAIN, Cutter, FRAME, isFlush, NOTHING, OVER } from './cut.ts'
import { Outputs } from './outputs.ts'
import * as R from './record.ts'
import type { Segments } from './segments.ts'
import type { Table } from './table.ts'
import type { Words } from './words.ts'

export { type Claimed, FRAME, NOTHING, OVER } from './cut.ts'

export class Seat {
  readonly table: Table
  readonly seat: number
  /**
   * Milliseconds after which whoever waits looks again, bell or no bell. No wake-up needs it: it is there for a thread that
   * the system stops for long between publishing and the bell, which all others would wait for.
   */
  nap = 1_000
  readonly #words: Words
  readonly #segments: Segments
  readonly #claims: Claims
  readonly #cutter: Cutter
  readonly #outputs: Outputs

  /** `arena`: its segment, and how many bytes it has; a power of two. A sink has none: 0 bytes. */
  constructor(table: Table, seat: number, segments: Segments, arena: { segment: number; bytes: number }) {
    this.table = table
    this.seat = seat
    this.#words = table.words
    this.#segments = segments
    this.#claims = new Claims(table, seat)
    this.#cutter = new Cutter(this.#claims)
    this.#outputs = new Outputs(this.#claims, segments, arena)
  }

  /* ── the frame in hand ─────────────────────────────────────────────────── */

  /** Its number. */
  get frame(): number {
    return this.#claims.frame
  }

  /** Items that the channel behind could still take when it was claimed: what a source may put. */
  get room(): number {
    return this.#claims.room
  }

  /** Items of the frame, those included that are finished. */
  get items(): number {
    return this.#words.get(this.#claims.record + R.ITEMS)
  }

  /** Index of the first item to be handled. */
  get handled(): number {
    return this.#words.get(this.#claims.record + R.HANDLED)
  }

  /** Index behind the last item to be handled. */
  get pieceEnd(): number {
    const { record } = this.#claims
    return R.pieceEnd(this.handled, this.#words.get(record + R.TRIAL), this.#words.get(record + R.ITEMS))
  }

  /** Sequence of the first item of the frame. */
  get sequence(): number {
    return this.table.sequenceOf(this.#claims.record)
  }

  /**
   * It has no items: all input was handled, and this is for what comes after it. Its item 0 may be held, like those of others:
   * its sequence is the number of all items.
   */
  get isFlush(): boolean {
    return this.table.flushes && isFlush(this.#words, this.#claims.record)
  }

  /** The frame in hand, and all that would come, is for nobody: the table was cut short, or one behind it. */
  get isOver(): boolean {
    return this.table.isOver || this.table.isForNobody
  }

  /** No frame before it is open. Then what it waits for can only come from itself. */
  get isLowest(): boolean {
    return this.table.published === this.frame
  }

  /* ── claiming ──────────────────────────────────────────────────────────── */

  /** What was given back, the lowest first; else the next run of about `most` items, as far as the channel behind has room. */
  claim(most: number): Claimed {
    for (;;) {
      if (this.isOver) return OVER
      const got = this.#claims.takeReturned() ? FRAME : this.#cutter.next(most)
      if (got === CUT_AGAIN) continue
      if (got !== FRAME) return got
      this.begin()
      if (!this.#isForNothing()) return FRAME
      if (this.#words.get(this.#claims.record + R.VERDICT) === R.STOPS) this.commitLast()
      else this.commit()
    }
  }

  /** As `claim`; where there is nothing, it looks again `spins` times, and then sleeps until the bell. */
  take(most: number, spins: number): Claimed {
    for (let spin = 0; ; spin++) {
      const got = this.claim(most)
      if (got !== NOTHING) return got
      if (spin < spins) continue
      const heard = this.table.bell.listen()
      const late = this.claim(most)
      if (late !== NOTHING) return late
      this.table.bell.wait(heard, this.nap)
    }
  }

  /** Nothing but what filters left empty; or the piece is one item, and that is given up. */
  #isForNothing(): boolean {
    if (!this.table.up) return false
    const record = this.#claims.record
    if (this.#words.get(record + R.VERDICT) !== R.TRIED && this.#words.get(record + R.TRIAL) === this.handled)
      return true
    return this.items === 0 && !this.isFlush
  }

  /* ── what comes in ─────────────────────────────────────────────────────── */

  /** The chunks of the frame in hand, in order, if none is `missing`. They stay until it is committed. */
  read(each: EachChunk): void {
    const missing = inputOf(this.table, this.#claims.record, this.#segments, each)
    if (missing >= 0) throw new Error(`segment ${missing} is read before this thread was told of it`)
  }

  /**
   * A segment that the frame in hand needs and that this thread was not told of yet; −1: none, it can be read. The message is
   * under way: look again when it came. The claim stands meanwhile.
   */
  get missing(): number {
    const { record } = this.#claims
    // What earlier pieces led to is in a list that will be written anew.
    const list = this.#words.get(record + R.CHUNKS) > 1 ? this.#words.get(record + R.SEGMENT) : -1
    if (list >= 0 && !this.#segments.words(list)) return list
    let missing = -1
    const unread = inputOf(this.table, record, this.#segments, segment => {
      if (missing < 0 && !this.#segments.words(segment)) missing = segment
    })
    return missing >= 0 ? missing : unread
  }

  /** Says which item is in hand, by its index in the frame, before it is handled; −1 when none is. */
  hold(index: number): void {
    this.#words.set(this.#claims.record + R.HAND, index)
  }

  /* ── what comes out ────────────────────────────────────────────────────── */

  /** Handles the frame anew: what was put for it is dropped. A claim begins so by itself. */
  begin(): void {
    this.#outputs.begin()
  }

  /** Where the bytes are that were reserved. */
  get segment(): number {
    return this.#outputs.segment
  }

  get offset(): number {
    return this.#outputs.offset
  }

  /**
   * Room for a chunk of `bytes` bytes: `segment` and `offset` say where. False while the arena is full and others are
   * before this frame: wait for the bell. The lowest frame spills where it would wait for itself: where what fills the arena
   * comes behind it, or is not enough.
   */
  reserve(bytes: number): boolean {
    return this.#outputs.reserve(bytes)
  }

  /** As `reserve`, but sleeps until there is room. False: there never will be, since nobody would read it (`isOver`). */
  reserveWaiting(bytes: number): boolean {
    while (!this.reserve(bytes)) {
      const heard = this.table.bell.listen()
      if (this.reserve(bytes)) return true
      if (this.isOver) return false
      this.table.bell.wait(heard, this.nap)
    }
    return true
  }

  /** How many chunks were put for the frame in hand. */
  get chunks(): number {
    return this.#outputs.count
  }

  /** Takes back what was put since there were so many chunks. */
  back(chunks: number): void {
    this.#outputs.back(chunks)
  }

  /** What was reserved is now a chunk: `items` items in the first `bytes` bytes. */
  put(bytes: number, items: number): void {
    this.#outputs.put(bytes, items)
  }

  /**
   * Ends the claim: all that was put is visible at once. False, and nothing is, if the claim no longer stands.
   *
   * `handled`: index behind the last item that was handled; the rest is given back, to whoever claims next, this seat included.
   * By default all of the piece was.
   */
  commit(handled: number = this.pieceEnd): boolean {
    return this.#commit(handled, handled >= this.items)
  }

  /**
   * As `commit`, and the table ends with this frame: an item of it failed for good, and what was put is what those before it led to.
   * Unless a frame before it is the last, it is published, and none behind it ever; and all who work for this table or in it
   * are told that it is over.
   */
  commitLast(): boolean {
    return this.#commit(R.LAST, true)
  }

  #commit(handled: number, isDone: boolean): boolean {
    this.#outputs.keep()
    this.#words.set(this.#claims.record + R.HANDLED, handled)
    return this.#claims.letGo(isDone)
  }
}
