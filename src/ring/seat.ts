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
 *     desk     frame · word · seen · room · …      the claim in hand, and the arena (arena.ts)
 *
 * Invariant: a seat keeps nothing in the object that outlives a frame. A worker that takes over the seat of a dead one, after
 * `settle`, goes on from what lies on the desk.
 */
import { Arena, aligned } from './arena.ts'
import { claimed, done, FREE, givenBack, lapOf, READY, seatOf, stateOf } from './claim-word.ts'
import * as R from './record.ts'
import type { Segments } from './segments.ts'
import { FINISHED, finished, type Table } from './table.ts'
import type { Words } from './words.ts'

/** What a claim came to. */
export const NOTHING = 0
export const FRAME = 1
export const OVER = 2
export type Claimed = typeof NOTHING | typeof FRAME | typeof OVER

const CUT_AGAIN = 3

const FRAME_IN_HAND = 0
const WORD = 1
const SEEN = 2
const ROOM = 3

export class Seat {
  readonly table: Table
  readonly seat: number
  /**
   * Milliseconds after which whoever waits looks again, bell or no bell. No wake-up needs it: it is there for a thread that
   * the system stops for long between publishing and the bell, which all others would wait for.
   */
  nap = 1_000
  /** Where the bytes are that were reserved. */
  segment = -1
  offset = -1
  readonly #words: Words
  readonly #segments: Segments
  readonly #arena: Arena
  readonly #arenaSegment: number
  readonly #desk: number
  /** Chunks put for the frame in hand: segment, offset, bytes, items of each. */
  readonly #chunks: number[] = []
  /** Where a list of chunks has room: behind the last of them. */
  #listSegment = -1
  #listOffset = -1

  /** `arena`: its segment, and how many bytes it has; a power of two. A sink has none: 0 bytes. */
  constructor(table: Table, seat: number, segments: Segments, arena: { segment: number; bytes: number }) {
    this.table = table
    this.seat = seat
    this.#words = table.words
    this.#segments = segments
    this.#arenaSegment = arena.segment
    this.#arena = new Arena(table, seat, arena.bytes)
    this.#desk = table.deskAt(seat)
  }

  /** The frame in hand. */
  get frame(): number {
    return this.#words.get(this.#desk + FRAME_IN_HAND)
  }

  /** Items that the channel behind could still take when the frame in hand was claimed: what a source may put. */
  get room(): number {
    return this.#words.get(this.#desk + ROOM)
  }

  /** Items of the frame, those included that are finished. */
  get items(): number {
    return this.#words.get(this.#record() + R.ITEMS)
  }

  /** Index of the first item to be handled. */
  get handled(): number {
    return this.#words.get(this.#record() + R.HANDLED)
  }

  /** Index behind the last item to be handled. */
  get pieceEnd(): number {
    const record = this.#record()
    return R.pieceEnd(this.handled, this.#words.get(record + R.TRIAL), this.#words.get(record + R.ITEMS))
  }

  /** Sequence of the first item of the frame. */
  get sequence(): number {
    return this.table.sequenceOf(this.#record())
  }

  /** No frame before it is open. Then what it waits for can only come from itself. */
  get isLowest(): boolean {
    return this.table.published === this.frame
  }

  /** What was given back, the lowest first; else the next run of about `most` items, as far as the channel behind has room. */
  claim(most: number): Claimed {
    for (;;) {
      const got = this.#reclaim() ? FRAME : this.#cut(most)
      if (got === CUT_AGAIN) continue
      if (got !== FRAME) return got
      this.begin()
      if (!this.#isForNothing()) return FRAME
      this.commit()
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

  /** Handles the frame anew: what was put for it is dropped. A claim begins so by itself. */
  begin(): void {
    this.#chunks.length = 0
    this.#arena.begin()
  }

  /** The chunks of the frame in hand, in order. They stay until it is committed. */
  read(each: (segment: number, offset: number, bytes: number, items: number) => void): void {
    const { up } = this.table
    const words = this.#words
    const record = this.#record()
    const toSlot = words.get(record + R.TO_SLOT)
    const toChunk = words.get(record + R.TO_CHUNK)
    let chunk = words.get(record + R.FROM_CHUNK)
    for (let slot = words.get(record + R.FROM_SLOT); up; slot = (slot + 1) | 0, chunk = 0) {
      if (slot === toSlot && chunk === toChunk) return
      const outputs = up.recordAt(slot, seatOf(words.load(up.claimAt(slot))))
      const chunks = words.get(outputs + R.CHUNKS)
      const end = slot === toSlot ? toChunk : chunks
      if (chunks === 1) {
        const bytes = words.get(outputs + R.BYTES)
        each(words.get(outputs + R.SEGMENT), words.get(outputs + R.OFFSET), bytes, words.get(outputs + R.OUTPUTS))
      } else if (chunk < end) {
        const list = this.#segments.words(words.get(outputs + R.SEGMENT))!
        let at = (words.get(outputs + R.OFFSET) >> 2) + chunk * R.chunkWords
        for (; chunk < end; chunk++, at += R.chunkWords) {
          each(list.get(at), list.get(at + 1), list.get(at + 2), list.get(at + 3))
        }
      }
      if (slot === toSlot) return
    }
  }

  /** Says which item is in hand, by its index in the frame, before it is handled; −1 when none is. */
  hold(index: number): void {
    this.#words.set(this.#record() + R.HAND, index)
  }

  /**
   * Room for a chunk of `bytes` bytes: `segment` and `offset` say where. False while the arena is full and others are
   * before this frame: wait for the bell. The lowest frame spills, so that it never waits for itself.
   */
  reserve(bytes: number): boolean {
    const whole = aligned(bytes) + (this.#chunks.length / R.chunkWords + this.#earlier() + 1) * R.chunkWords * 4
    const offset = this.#arena.reserve(whole)
    if (offset >= 0) {
      this.segment = this.#arenaSegment
      this.offset = offset
      return true
    }
    const spilled = this.isLowest ? this.#segments.spill(whole) : undefined
    if (spilled === undefined) return false
    this.segment = spilled
    this.offset = 0
    return true
  }

  /** As `reserve`, but sleeps until there is room. */
  reserveWaiting(bytes: number): void {
    while (!this.reserve(bytes)) {
      const heard = this.table.bell.listen()
      if (this.reserve(bytes)) return
      this.table.bell.wait(heard, this.nap)
    }
  }

  /** What was reserved is now a chunk: `items` items in the first `bytes` bytes. */
  put(bytes: number, items: number): void {
    this.#chunks.push(this.segment, this.offset, bytes, items)
    if (this.segment === this.#arenaSegment) this.#arena.put(bytes)
    this.#listSegment = this.segment
    this.#listOffset = this.offset + aligned(bytes)
  }

  /** Ends the claim: all that was put is visible at once. False, and nothing is, if the claim no longer stands. */
  commit(): boolean {
    const { table } = this
    const words = this.#words
    const record = this.#record()
    const { frame, pieceEnd, items } = this
    const word = words.get(this.#desk + WORD)
    this.#list(record)
    this.#arena.keep(frame)
    words.set(record + R.HANDLED, pieceEnd)
    const isDone = pieceEnd === items
    if (!words.swap(table.claimAt(frame), word, isDone ? done(word) : givenBack(word, this.seat))) return false
    if (isDone) table.publish()
    else words.set(this.#desk + SEEN, (table.returned - 1) | 0) // so that it looks for the rest of the frame itself
    return true
  }

  /** The lowest frame that was given back, if there is one. Most of the time that is known without a search. */
  #reclaim(): boolean {
    const { table } = this
    const words = this.#words
    const returned = table.returned
    if (returned === words.get(this.#desk + SEEN)) return false
    for (let frame = table.published; ; frame = (frame + 1) | 0) {
      const at = table.claimAt(frame)
      const word = words.load(at)
      if (!table.isCut(word, frame)) break
      if (stateOf(word) !== READY || lapOf(word) !== table.lap(frame)) continue
      const from = table.recordAt(frame, seatOf(word))
      const to = table.recordAt(frame, this.seat)
      for (let i = 0; i < R.recordWords; i++) words.set(to + i, words.load(from + i))
      words.set(to + R.HAND, -1)
      if (this.#swap(frame, word)) return true
    }
    words.set(this.#desk + SEEN, returned)
    return false
  }

  /** Cuts the next frame: it begins where the one before it ends. */
  #cut(most: number): Claimed | typeof CUT_AGAIN {
    const { table } = this
    const { up } = table
    const words = this.#words
    const frame = table.front()
    const word = words.load(table.claimAt(frame))
    if (lapOf(word) !== table.lap(frame) || stateOf(word) !== FREE) {
      return table.isCut(word, frame) ? CUT_AGAIN : NOTHING // full: its slot is still to be read
    }
    const room = table.capacity - table.held(frame)
    if (room <= 0) return NOTHING

    const isOver = up?.isOver ?? table.isOver
    const before = (frame - 1) | 0
    const last = table.recordAt(before, seatOf(words.load(table.claimAt(before))))
    const fromSlot = words.load(last + R.TO_SLOT)
    const fromChunk = words.load(last + R.TO_CHUNK)
    const beforeItems = words.load(last + R.ITEMS)
    const low = words.load(last + R.SEQUENCE_LOW)
    const high = words.load(last + R.SEQUENCE_HIGH)

    let toSlot = fromSlot
    let toChunk = fromChunk
    let items = 0
    if (up) {
      const limit = Math.min(most, room)
      for (const end = up.published; ((end - toSlot) | 0) > 0; toSlot = (toSlot + 1) | 0, toChunk = 0) {
        const chunks = up.chunksOf(toSlot)
        for (; toChunk < chunks; toChunk++) {
          const next = up.itemsOf(toSlot, toChunk)
          if (items > 0 && items + next > limit) break
          items += next
        }
        if (toChunk < chunks) break
      }
      if (items === 0) {
        const empty = (toSlot - fromSlot) | 0
        // What filters left empty is given back in bulk, or at the end; no item waits behind it.
        if (empty === 0 || (empty * 2 < up.slots && !isOver)) {
          return this.#isAtEnd(frame, word, isOver && empty === 0)
        }
      }
    } else if (isOver) return OVER

    const record = table.recordAt(frame, this.seat)
    const sequenceLow = (low + beforeItems) | 0
    words.set(record + R.FROM_SLOT, fromSlot)
    words.set(record + R.FROM_CHUNK, fromChunk)
    words.set(record + R.TO_SLOT, toSlot)
    words.set(record + R.TO_CHUNK, toChunk)
    words.set(record + R.ITEMS, items)
    words.set(record + R.SEQUENCE_LOW, sequenceLow)
    words.set(record + R.SEQUENCE_HIGH, sequenceLow >>> 0 < low >>> 0 ? high + 1 : high)
    words.set(record + R.HANDLED, 0)
    words.set(record + R.TRIAL, -1)
    words.set(record + R.VERDICT, 0)
    words.set(record + R.HAND, -1)
    words.set(record + R.CHUNKS, 0)
    words.set(record + R.OUTPUTS, 0)
    words.set(record + R.BYTES, 0)
    if (!this.#swap(frame, word)) return CUT_AGAIN
    words.set(this.#desk + ROOM, room)
    table.hintFront((frame + 1) | 0)
    up?.bell.ring() // what was cut has left the channel
    return FRAME
  }

  /** Nothing to cut. The stage is over when there never will be, and all its frames are published. */
  #isAtEnd(frame: number, word: number, isOver: boolean): typeof NOTHING | typeof OVER | typeof CUT_AGAIN {
    const { table } = this
    if (!isOver) return NOTHING
    if (this.#words.load(table.claimAt(frame)) !== word) return CUT_AGAIN // others have cut it: what was read may be old
    if (table.published !== frame) return NOTHING
    if (!table.isOver) table.close()
    return OVER
  }

  #swap(frame: number, word: number): boolean {
    const record = this.table.recordAt(frame, this.seat)
    for (const field of finished) this.#words.set(this.#desk + FINISHED + field, this.#words.get(record + field))
    const mine = claimed(word, this.seat)
    if (!this.#words.swap(this.table.claimAt(frame), word, mine)) return false
    this.#words.set(this.#desk + FRAME_IN_HAND, frame)
    this.#words.set(this.#desk + WORD, mine)
    return true
  }

  /** Nothing but what filters left empty; or the piece is one item, and that is given up. */
  #isForNothing(): boolean {
    if (!this.table.up) return false
    const record = this.#record()
    if (this.items === 0) return true
    return this.#words.get(record + R.VERDICT) === 1 && this.#words.get(record + R.TRIAL) === this.handled
  }

  /** Chunks of pieces that were finished before. */
  #earlier(): number {
    return this.#words.get(this.#record() + R.CHUNKS)
  }

  /** Adds what was put to what earlier pieces led to. */
  #list(record: number): void {
    const words = this.#words
    const chunks = this.#chunks
    if (chunks.length === 0) return
    let items = words.get(record + R.OUTPUTS)
    let bytes = words.get(record + R.BYTES)
    for (let i = 0; i < chunks.length; i += R.chunkWords) {
      bytes += chunks[i + 2]!
      items += chunks[i + 3]!
    }
    const earlier = this.#earlier()
    if (earlier === 0 && chunks.length === R.chunkWords) {
      words.set(record + R.SEGMENT, chunks[0]!)
      words.set(record + R.OFFSET, chunks[1]!)
    } else {
      const list = this.#segments.words(this.#listSegment)!
      let at = this.#listOffset >> 2
      const add = (word: number) => list.set(at++, word)
      if (earlier === 1) {
        for (const field of [R.SEGMENT, R.OFFSET, R.BYTES, R.OUTPUTS]) add(words.get(record + field))
      } else if (earlier > 1) {
        const old = this.#segments.words(words.get(record + R.SEGMENT))!
        const from = words.get(record + R.OFFSET) >> 2
        for (let i = 0; i < earlier * R.chunkWords; i++) add(old.get(from + i))
      }
      for (const word of chunks) add(word)
      words.set(record + R.SEGMENT, this.#listSegment)
      words.set(record + R.OFFSET, this.#listOffset)
      if (this.#listSegment === this.#arenaSegment)
        this.#arena.put((earlier + chunks.length / R.chunkWords) * R.chunkWords * 4)
    }
    words.set(record + R.CHUNKS, earlier + chunks.length / R.chunkWords)
    words.set(record + R.OUTPUTS, items)
    words.set(record + R.BYTES, bytes)
  }

  #record(): number {
    return this.table.recordAt(this.frame, this.seat)
  }
}
