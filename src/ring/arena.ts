/**
 * Where one worker puts its outputs: a ring of bytes with one writer.
 *
 *              tail                          top        place
 *               ▼                             ▼           ▼
 *     ┄┄┄┄┄┄┄┄┄┄┝━━━━━━━━━━┥━━━━━━━┥━━━━━━━━━━┝┄┄┄┄┄┄┄┄┄┄┄┝┄┄┄┄┄┄┄┄┄
 *                frame 4     6       9          frame in hand
 *
 * Regions are freed by their readers, in any order, and never told to the arena: it looks at the claim word of the oldest,
 * which is past when the slot has gone on to the next lap. What is claimed later is seldom read sooner; where it is, its
 * bytes wait for those before them.
 *
 * The entry is written before the commit that it is for. Whoever dies in between leaves an entry for a frame that another
 * will commit, and that is past in time all the same; the other way round, whoever takes the seat over would write on what
 * is still read. The top goes first: what is below it and has no entry comes free with the region behind it, or when none is
 * left. All of it lies in the desk of the seat, so that a worker's replacement goes on where it stopped.
 *
 * Positions are 32 bits and wrap; an offset is `position & (bytes - 1)`. A region never goes over the end.
 */
import type { Table } from './table.ts'
import type { Words } from './words.ts'

const TOP = 8
const TAIL = 9
const OLDEST = 10
const NEXT = 11
const ENTRIES = 16
/** A power of two. More open regions than that share the last entry: it is past when the later frame is. */
const entries = 16

export const aligned = (bytes: number): number => (bytes + 7) & ~7

export class Arena {
  readonly #words: Words
  readonly #table: Table
  readonly #desk: number
  readonly bytes: number
  /** Where the next region of the frame in hand begins: between calls of `begin` it only grows. */
  #place = 0

  /** `bytes`: a power of two up to 2³⁰. */
  constructor(table: Table, seat: number, bytes: number) {
    this.#words = table.words
    this.#table = table
    this.#desk = table.deskAt(seat)
    this.bytes = bytes
  }

  /** A frame begins, or begins again: what was put since the last commit never was. */
  begin(): void {
    this.#place = this.#get(TOP)
  }

  /** Where the next region of the frame in hand begins. */
  get place(): number {
    return this.#place
  }

  /** All that was put since its next region began there never was. */
  back(place: number): void {
    this.#place = place
  }

  /** The offset of `bytes` bytes in one piece, or −1 while there is no room. The same bytes until `put`. */
  reserve(bytes: number): number {
    const offset = this.#place & (this.bytes - 1)
    if (offset + bytes <= this.bytes) return this.#hasRoom(this.#place, bytes) ? offset : -1
    // The rest of this lap is too short. It comes back with the region behind it.
    const next = (this.#place + this.bytes - offset) | 0
    if (!this.#hasRoom(next, bytes)) {
      if (!this.#isEmpty() || bytes > this.bytes) return -1
      this.#set(TOP, next)
      this.#set(TAIL, next)
    }
    this.#place = next
    return 0
  }

  /**
   * Whether room will come although nothing before `published` is open: what was published is read, and then past. Regions of
   * frames behind that are freed only after this one, and nothing at all where it is empty.
   */
  willFree(published: number): boolean {
    this.#reclaim()
    const oldest = this.#get(OLDEST)
    return oldest !== this.#get(NEXT) && ((this.#get(entryAt(oldest)) - published) | 0) < 0
  }

  /** So many of the bytes reserved were used; the next region begins behind them. */
  put(bytes: number): void {
    this.#place = (this.#place + aligned(bytes)) | 0
  }

  /** All since `begin` is for `frame`, and stays until its readers are done. */
  keep(frame: number): void {
    if (this.#place === this.#get(TOP)) return
    this.#reclaim()
    this.#set(TOP, this.#place)
    const next = this.#get(NEXT)
    if (((next - this.#get(OLDEST)) | 0) === entries) {
      const last = entryAt(next - 1)
      if (((frame - this.#get(last)) | 0) > 0) this.#set(last, frame)
      this.#set(last + 1, this.#place)
    } else {
      const entry = entryAt(next)
      this.#set(entry, frame)
      this.#set(entry + 1, this.#place)
      this.#set(NEXT, (next + 1) | 0)
    }
  }

  #hasRoom(place: number, bytes: number): boolean {
    if (this.#used(place) + bytes <= this.bytes) return true
    this.#reclaim()
    return this.#used(place) + bytes <= this.bytes
  }

  #used(place: number): number {
    return (place - this.#get(TAIL)) | 0
  }

  /** Nothing of it is read, and nothing was put since the last commit. */
  #isEmpty(): boolean {
    return this.#get(OLDEST) === this.#get(NEXT) && this.#place === this.#get(TOP)
  }

  #reclaim(): void {
    for (let oldest = this.#get(OLDEST); oldest !== this.#get(NEXT); ) {
      const entry = entryAt(oldest)
      if (!this.#table.isPast(this.#get(entry))) break
      this.#set(TAIL, this.#get(entry + 1))
      oldest = (oldest + 1) | 0
      this.#set(OLDEST, oldest)
    }
    if (this.#get(OLDEST) === this.#get(NEXT)) this.#set(TAIL, this.#get(TOP))
  }

  #get(field: number): number {
    return this.#words.get(this.#desk + field)
  }

  #set(field: number, value: number): void {
    this.#words.set(this.#desk + field, value)
  }
}

const entryAt = (entry: number): number => ENTRIES + 2 * (entry & (entries - 1))
