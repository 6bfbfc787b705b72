/**
 * The slots of a table: which frame is where, in memory and in its life.
 *
 *        published                              front
 *            ▼                                    ▼
 *     ┄┄┄┄┄┄┄┝━━━━━━━┥━━━━━━━━━━┝━━━━━━━━━━━┥━━━━┥┄┄┄┄┄┄┄┄┄┄
 *      DONE, or read   claimed     DONE       claimed  FREE
 *      and FREE again  or READY  (too early)
 *
 * - `front`: the first frame that nobody has cut. Frames are cut in order, each where the one before it ends.
 * - `published`: all before it are DONE, and what they had for input was given back. It is the one word that readers look at.
 *
 * Both only grow. Frame numbers are 32 bits and wrap; only differences are compared.
 *
 * In memory, each part from a new line of the cache on:
 *
 *     published · · front hint · · bell · · over, end, returned · · wanted
 *     claims     one word a slot
 *     records    a line for each slot and seat        the last seat is the supervisor's
 *     desks      what each seat holds                 (claims.ts, arena.ts)
 */
import { DONE, FREE, freed, lapOf, mostSeats, seatOf, stateOf } from './claim-word.ts'
import {
  BYTES,
  CHUNKS,
  FROM_SLOT,
  HANDLED,
  OFFSET,
  OUTPUTS,
  recordWords,
  SEGMENT,
  SEQUENCE_HIGH,
  SEQUENCE_LOW,
  TO_SLOT,
} from './record.ts'
import type { Words } from './words.ts'

export interface TableShape {
  /** Frames that may be open or unread together: a power of two, from 2 to 4096. */
  readonly slots: number
  /** Workers that may claim here, from 1 to 63. */
  readonly seats: number
  /** Items that the channel behind this stage may hold. */
  readonly capacity: number
  /** After its last input a frame without items is handed out, for what its state still leads to. One seat only. */
  readonly flushes?: boolean
}

const line = 16
export const deskWords = 4 * line
/** Where a desk keeps those words of a record that say what is finished, as they were when its frame was claimed. */
export const FINISHED = 3 * line
export const finished = [HANDLED, SEGMENT, OFFSET, CHUNKS, OUTPUTS, BYTES] as const

/** Two lines apart, since the processor fetches lines in pairs. */
const PUBLISHED = 0
const FRONT = 2 * line
export const BELL = 4 * line
export const OVER = 6 * line
export const END = 6 * line + 1
export const RETURNED = 6 * line + 2
const WANTED = 8 * line
const heads = 10 * line

export class Slots {
  readonly words: Words
  readonly slots: number
  /** The supervisor's seat; below it are those of the workers. */
  readonly supervisor: number
  /** Where its memory begins. */
  readonly base: number
  readonly #claims: number
  readonly #records: number
  readonly #desks: number
  /** Bits by which a frame number is shifted into the lap field of a claim word, whose lower 12 bits are then cut off. */
  readonly #lapShift: number

  static wordsFor({ slots, seats }: TableShape): number {
    const claims = Math.ceil(slots / line) * line
    return heads + claims + slots * (seats + 1) * recordWords + seats * deskWords
  }

  constructor(words: Words, base: number, { slots, seats }: TableShape) {
    if (!(slots >= 2 && slots <= 4096 && (slots & (slots - 1)) === 0 && seats >= 1 && seats < mostSeats)) {
      throw new RangeError(`a table has 2, 4 … 4096 slots and 1 to 63 seats, got ${slots} and ${seats}`)
    }
    this.words = words
    this.slots = slots
    this.supervisor = seats
    this.base = base
    this.#claims = base + heads
    this.#records = this.#claims + Math.ceil(slots / line) * line
    this.#desks = this.#records + slots * (seats + 1) * recordWords
    this.#lapShift = 12 - Math.log2(slots)
  }

  /** Once, before anybody else sees it. `first`: the number of the first frame, here and in the table before. */
  format(first: number): void {
    for (let frame = first, i = 0; i < this.slots; i++, frame = (frame + 1) | 0) {
      this.words.set(this.claimAt(frame), freed(this.lap(frame), 0))
    }
    // As if the frame before the first had ended where the first begins.
    const before = this.recordAt((first - 1) | 0, 0)
    this.words.set(before + FROM_SLOT, (first - 1) | 0)
    this.words.set(before + TO_SLOT, first)
    this.words.set(this.base + PUBLISHED, first)
    this.words.set(this.base + FRONT, first)
    this.words.set(this.base + WANTED, 1)
    this.words.store(this.base + OVER, 0)
  }

  claimAt(frame: number): number {
    return this.#claims + (frame & (this.slots - 1))
  }

  recordAt(frame: number, seat: number): number {
    return this.#records + ((frame & (this.slots - 1)) * (this.supervisor + 1) + seat) * recordWords
  }

  /** The record that counts: of the seat in the claim word. */
  recordOf(frame: number): number {
    return this.recordAt(frame, seatOf(this.words.load(this.claimAt(frame))))
  }

  deskAt(seat: number): number {
    return this.#desks + seat * deskWords
  }

  lap(frame: number): number {
    return lapOf(frame << this.#lapShift)
  }

  get published(): number {
    return this.words.load(this.base + PUBLISHED)
  }

  /** `frame` is published, if nobody has said so before. */
  movePublished(frame: number): void {
    this.words.swap(this.base + PUBLISHED, frame, (frame + 1) | 0)
  }

  /** Items that a chunk for this stage should hold: a cut takes whole chunks. Any of its workers says so. */
  get wanted(): number {
    return this.words.get(this.base + WANTED)
  }

  set wanted(items: number) {
    // Written seldom: who cuts chunks for it reads it often.
    if (this.wanted !== items) this.words.set(this.base + WANTED, items)
  }

  /** The first frame that nobody had cut when it was looked at. */
  front(): number {
    const published = this.published
    const hint = this.words.load(this.base + FRONT)
    let frame = ((hint - published) | 0) > 0 ? hint : published
    while (this.isCutNow(frame)) frame = (frame + 1) | 0
    return frame
  }

  /** Somebody has cut all before `frame`. Only spares others a walk: it may lag behind, and go back. */
  hintFront(frame: number): void {
    this.words.set(this.base + FRONT, frame)
  }

  isCut(word: number, frame: number): boolean {
    const lap = lapOf(word)
    if (lap === this.lap(frame)) return stateOf(word) !== FREE
    return lap !== this.lap((frame - this.slots) | 0)
  }

  isCutNow(frame: number): boolean {
    return this.isCut(this.words.load(this.claimAt(frame)), frame)
  }

  /** Whether all who read it are done with it, and what it led to may be written over. */
  isPast(frame: number): boolean {
    return lapOf(this.words.load(this.claimAt(frame))) !== this.lap(frame)
  }

  /** Its readers are done with it: only what is DONE in that very lap, and only once. */
  free(frame: number): void {
    const at = this.claimAt(frame)
    const word = this.words.load(at)
    if (lapOf(word) !== this.lap(frame) || stateOf(word) !== DONE) return
    this.words.swap(at, word, freed(this.lap((frame + this.slots) | 0), seatOf(word)))
  }

  /** Sequence of the first item of a frame: its position in the input of this stage. */
  sequenceOf(record: number): number {
    return this.words.get(record + SEQUENCE_HIGH) * 2 ** 32 + (this.words.get(record + SEQUENCE_LOW) >>> 0)
  }
}
