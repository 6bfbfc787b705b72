/**
 * What the frame in hand leads to: chunks in the arena of the seat, or where they were spilled to, and a list of them.
 *
 *     reserve ─▶ put ─▶ reserve ─▶ put ─▶ … ─▶ keep          the list comes behind the last chunk, in room that it reserved
 *                          ▲        │
 *                          └─ back ─┘
 *
 * Until `keep` nothing of it is in shared words but bytes that nobody reads: whoever dies has put nothing.
 */
import { Arena, aligned } from './arena.ts'
import type { Claims } from './claims.ts'
import * as R from './record.ts'
import type { Segments } from './segments.ts'
import type { Words } from './words.ts'

export class Outputs {
  /** Where the bytes are that were reserved. */
  segment = -1
  offset = -1
  readonly #claims: Claims
  readonly #words: Words
  readonly #segments: Segments
  readonly #arena: Arena
  readonly #arenaSegment: number
  /** Segment, offset, bytes, items of each chunk, of the first `count`: to cut arrays short costs more than a short frame. */
  readonly #chunks: number[] = []
  /** Of each of them, where the arena's next region was when it was put. */
  readonly #places: number[] = []
  /** What was spilled to last for the frame in hand, and up to where it is in use; −1: nothing. */
  #spilled = -1
  #spilledBytes = 0
  #spilledTo = 0
  /** Where a list of chunks has room: behind the last of them. */
  #listSegment = -1
  #listOffset = -1
  #count = 0

  constructor(claims: Claims, segments: Segments, arena: { segment: number; bytes: number }) {
    this.#claims = claims
    this.#words = claims.words
    this.#segments = segments
    this.#arenaSegment = arena.segment
    this.#arena = new Arena(claims.table, claims.seat, arena.bytes)
  }

  /** Nothing was put. */
  begin(): void {
    this.#count = 0
    this.#spilled = -1
    this.#arena.begin()
  }

  /** How many chunks were put. */
  get count(): number {
    return this.#count
  }

  /** See `Seat.reserve`. */
  reserve(bytes: number): boolean {
    const { table, frame } = this.#claims
    const whole = aligned(bytes) + (this.#count + this.#earlier() + 1) * R.chunkWords * 4
    const offset = this.#arena.reserve(whole)
    if (offset >= 0) {
      this.segment = this.#arenaSegment
      this.offset = offset
      return true
    }
    if (this.#spilled < 0 || this.#spilledTo + whole > this.#spilledBytes) {
      const { published } = table
      const mustSpill = published === frame && !this.#arena.willFree(published)
      // What comes behind it is likely not to fit either.
      const room = Math.max(whole, this.#arena.bytes)
      const spilled = mustSpill ? this.#segments.spill(room, frame) : undefined
      if (spilled === undefined) return false
      this.#spilled = spilled
      this.#spilledBytes = room
      this.#spilledTo = 0
    }
    this.segment = this.#spilled
    this.offset = this.#spilledTo
    return true
  }

  /** What was reserved is now a chunk: `items` items in the first `bytes` bytes. */
  put(bytes: number, items: number): void {
    const chunks = this.#chunks
    const at = this.#count * R.chunkWords
    chunks[at] = this.segment
    chunks[at + 1] = this.offset
    chunks[at + 2] = bytes
    chunks[at + 3] = items
    this.#places[this.#count++] = this.#arena.place
    if (this.segment === this.#arenaSegment) this.#arena.put(bytes)
    else this.#spilledTo = this.offset + aligned(bytes)
    this.#listSegment = this.segment
    this.#listOffset = this.offset + aligned(bytes)
  }

  /** Takes back what was put since there were so many chunks. */
  back(count: number): void {
    if (count >= this.#count) return
    if (count === 0) return this.begin()
    const last = (count - 1) * R.chunkWords
    this.#arena.back(this.#places[count]!)
    this.#count = count
    this.#listSegment = this.#chunks[last]!
    this.#listOffset = this.#chunks[last + 1]! + aligned(this.#chunks[last + 2]!)
  }

  /** What was put is added to what earlier pieces led to, in the frame's record, and stays until its readers are done. */
  keep(): void {
    // Nothing was put: no region either, where a reserve went on to the next lap. Nobody might ever read the frame.
    if (this.#count === 0) return
    this.#list(this.#claims.record)
    this.#arena.keep(this.#claims.frame)
  }

  /** Chunks of pieces that were finished before. */
  #earlier(): number {
    return this.#words.get(this.#claims.record + R.CHUNKS)
  }

  #list(record: number): void {
    const words = this.#words
    const chunks = this.#chunks
    let items = words.get(record + R.OUTPUTS)
    let bytes = words.get(record + R.BYTES)
    for (let i = 0; i < this.#count * R.chunkWords; i += R.chunkWords) {
      bytes += chunks[i + 2]!
      items += chunks[i + 3]!
    }
    const earlier = this.#earlier()
    const all = earlier + this.#count
    if (all === 1) {
      words.set(record + R.SEGMENT, chunks[0]!)
      words.set(record + R.OFFSET, chunks[1]!)
    } else {
      this.#write(record, earlier)
      words.set(record + R.SEGMENT, this.#listSegment)
      words.set(record + R.OFFSET, this.#listOffset)
      if (this.#listSegment === this.#arenaSegment) this.#arena.put(all * R.chunkWords * 4)
    }
    words.set(record + R.CHUNKS, all)
    words.set(record + R.OUTPUTS, items)
    words.set(record + R.BYTES, bytes)
  }

  /** A new list: what stood in the record or in an earlier list, then what was put. */
  #write(record: number, earlier: number): void {
    const words = this.#words
    const list = this.#segments.words(this.#listSegment)!
    let at = this.#listOffset >> 2
    if (earlier === 1) {
      for (const field of [R.SEGMENT, R.OFFSET, R.BYTES, R.OUTPUTS]) list.set(at++, words.get(record + field))
    } else if (earlier > 1) {
      const old = this.#segments.words(words.get(record + R.SEGMENT))!
      const from = words.get(record + R.OFFSET) >> 2
      for (let i = 0; i < earlier * R.chunkWords; i++) list.set(at++, old.get(from + i))
    }
    for (let i = 0; i < this.#count * R.chunkWords; i++) list.set(at++, this.#chunks[i]!)
  }
}
