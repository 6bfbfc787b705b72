/**
 * The table of one stage: a ring of slots, in which its workers claim frames and commit what they led to.
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
 * Both only grow. Whoever commits publishes all that is in order by then, whoever cut it; so a slow item holds up what is
 * behind it, and nobody has to come back for it. Frame numbers are 32 bits and wrap; only differences are compared.
 *
 * In memory, each part from a new line of the cache on:
 *
 *     published · · front hint · · bell · · over, returned, wanted, …
 *     claims     one word a slot
 *     records    a line for each slot and seat        the last seat is the supervisor's
 *     desks      what each seat holds                 (seat.ts)
 */
import { Bell } from './bell.ts'
import { CLAIMED, DONE, FREE, freed, givenBack, lapOf, mostSeats, seatOf, stateOf } from './claim-word.ts'
import {
  BYTES,
  CHUNKS,
  chunkWords,
  FROM_SLOT,
  HAND,
  HANDLED,
  ITEMS,
  OFFSET,
  OUTPUTS,
  recordWords,
  SEGMENT,
  SEQUENCE_HIGH,
  SEQUENCE_LOW,
  TO_SLOT,
  TRIAL,
  VERDICT,
} from './record.ts'
import type { Segments } from './segments.ts'
import type { Words } from './words.ts'

export interface TableShape {
  /** Frames that may be open or unread together: a power of two, from 2 to 4096. */
  readonly slots: number
  /** Workers that may claim here, from 1 to 63. */
  readonly seats: number
  /** Items that the channel behind this stage may hold. */
  readonly capacity: number
}

const line = 16
export const deskWords = 4 * line
/** Where a desk keeps those words of a record that say what is finished, as they were when its frame was claimed. */
export const FINISHED = 3 * line
const heads = 8 * line

export const finished = [HANDLED, SEGMENT, OFFSET, CHUNKS, OUTPUTS, BYTES] as const

const PUBLISHED = 0
const FRONT = 2 * line
const BELL = 4 * line
const OVER = 6 * line
const RETURNED = 6 * line + 1
const WANTED = 6 * line + 2

export class Table {
  readonly words: Words
  readonly slots: number
  /** The supervisor's seat; below it are those of the workers. */
  readonly supervisor: number
  readonly capacity: number
  /** Its workers wait here. Source and sink are one thread, and share one. */
  bell: Bell
  /** The table whose outputs are the input of this one; none before that of the source. */
  up: Table | undefined
  /** The table of those who read this one; none behind that of the sink. */
  down: Table | undefined
  readonly #segments: Segments
  readonly #base: number
  readonly #claims: number
  readonly #records: number
  readonly #desks: number
  /** Bits by which a frame number is shifted into the lap field of a claim word, whose lower 12 bits are then cut off. */
  readonly #lapShift: number

  static wordsFor({ slots, seats }: TableShape): number {
    const claims = Math.ceil(slots / line) * line
    return heads + claims + slots * (seats + 1) * recordWords + seats * deskWords
  }

  constructor(words: Words, base: number, { slots, seats, capacity }: TableShape, segments: Segments) {
    if (!(slots >= 2 && slots <= 4096 && (slots & (slots - 1)) === 0 && seats >= 1 && seats < mostSeats)) {
      throw new RangeError(`a table has 2, 4 … 4096 slots and 1 to 63 seats, got ${slots} and ${seats}`)
    }
    this.words = words
    this.slots = slots
    this.supervisor = seats
    this.capacity = capacity
    this.bell = new Bell(words, base + BELL)
    this.#segments = segments
    this.#base = base
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
    this.words.set(this.recordAt((first - 1) | 0, 0) + TO_SLOT, first)
    this.words.set(this.#base + PUBLISHED, first)
    this.words.set(this.#base + FRONT, first)
    this.words.set(this.#base + WANTED, 1)
    this.words.store(this.#base + OVER, 0)
  }

  get published(): number {
    return this.words.load(this.#base + PUBLISHED)
  }

  /** Whether nothing more will be published here. */
  get isOver(): boolean {
    return this.words.load(this.#base + OVER) === 1
  }

  /** How often a claim was given back; who has seen that many need not search. */
  get returned(): number {
    return this.words.load(this.#base + RETURNED)
  }

  /** Items that a chunk for this stage should hold: a cut takes whole chunks. Any of its workers says so. */
  get wanted(): number {
    return this.words.get(this.#base + WANTED)
  }

  set wanted(items: number) {
    this.words.set(this.#base + WANTED, items)
  }

  claimAt(frame: number): number {
    return this.#claims + (frame & (this.slots - 1))
  }

  recordAt(frame: number, seat: number): number {
    return this.#records + ((frame & (this.slots - 1)) * (this.supervisor + 1) + seat) * recordWords
  }

  deskAt(seat: number): number {
    return this.#desks + seat * deskWords
  }

  lap(frame: number): number {
    return lapOf(frame << this.#lapShift)
  }

  /** The first frame that nobody had cut when it was looked at. */
  front(): number {
    const published = this.published
    const hint = this.words.load(this.#base + FRONT)
    let frame = ((hint - published) | 0) > 0 ? hint : published
    while (this.#isCutNow(frame)) frame = (frame + 1) | 0
    return frame
  }

  isCut(word: number, frame: number): boolean {
    const lap = lapOf(word)
    if (lap === this.lap(frame)) return stateOf(word) !== FREE
    return lap !== this.lap((frame - this.slots) | 0)
  }

  /** Somebody has cut all before `frame`. Only spares others a walk: it may lag behind, and go back. */
  hintFront(frame: number): void {
    this.words.store(this.#base + FRONT, frame)
  }

  /** Items that are under way to the next stage, if nobody has cut `front` here meanwhile: none of them lets in more. */
  held(front: number): number {
    const { down, words } = this
    if (!down) return 0
    for (;;) {
      const next = down.front()
      let held = 0
      for (let frame = down.#inputEnd((next - 1) | 0); ((front - frame) | 0) > 0; frame = (frame + 1) | 0) {
        const word = words.load(this.claimAt(frame))
        const record = this.recordAt(frame, seatOf(word))
        held += words.load(record + (stateOf(word) === DONE ? OUTPUTS : ITEMS))
      }
      // Unless somebody has cut more, nothing of what was read can have been used again.
      if (!down.#isCutNow(next)) return held
    }
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
      if (stateOf(word) !== DONE) return false
      if (up) {
        const record = this.recordAt(frame, seatOf(word))
        const from = words.load(record + FROM_SLOT)
        const to = words.load(record + TO_SLOT)
        if (words.load(at) !== word) return true // others have published it, and it was used again: look once more
        for (let read = from; read !== to; read = (read + 1) | 0) up.free(read)
      }
      if (!down) this.free(frame)
    }
    words.swap(this.#base + PUBLISHED, frame, (frame + 1) | 0)
    return true
  }

  /** For those who wait for input, for room, or for being the lowest. */
  ring(): void {
    this.down?.bell.ring()
    this.up?.bell.ring()
    this.bell.ring()
  }

  /** Nothing more will be published: of the source's table by its only writer; of others by any worker that finds it so. */
  close(): void {
    this.words.store(this.#base + OVER, 1)
    this.ring()
  }

  /**
   * A worker is gone: what it had claimed is READY for others, in place. To be called after its exit, and by one thread.
   *
   * `isGivenUp`: told the sequence of the item that was in hand, it charges it, and says whether that was once too often.
   */
  settle(seat: number, isGivenUp: (sequence: number) => boolean): void {
    const { words, supervisor } = this
    for (let slot = 0; slot < this.slots; slot++) {
      const at = this.#claims + slot
      const word = words.load(at)
      if (stateOf(word) !== CLAIMED || seatOf(word) !== seat) continue
      const from = this.recordAt(slot, seat)
      const to = this.recordAt(slot, supervisor)
      for (let i = 0; i < recordWords; i++) words.set(to + i, words.get(from + i))
      // It may have died as it wrote down what it was about to commit: what was finished before its claim is on its desk.
      for (const field of finished) words.set(to + field, words.get(this.deskAt(seat) + FINISHED + field))
      const hand = words.get(from + HAND)
      if (hand >= 0) {
        words.set(to + TRIAL, hand)
        words.set(to + VERDICT, isGivenUp(this.sequenceOf(from) + hand) ? 1 : 0)
      }
      words.swap(at, word, givenBack(word, supervisor))
    }
    words.store(this.#base + RETURNED, (this.returned + 1) | 0)
    // It may have gone between its commit and publishing it, or between publishing and the bell.
    this.publish()
    this.up?.bell.wake()
    this.bell.wake()
    this.down?.bell.wake()
  }

  /** Sequence of the first item of a frame: its position in the input of this stage. */
  sequenceOf(record: number): number {
    return this.words.get(record + SEQUENCE_HIGH) * 2 ** 32 + (this.words.get(record + SEQUENCE_LOW) >>> 0)
  }

  chunksOf(frame: number): number {
    return this.words.load(this.#recordOf(frame) + CHUNKS)
  }

  /**
   * Items of one chunk of a published frame. Who has no claim yet may get anything, if others have read the frame by now:
   * its swap will fail.
   */
  itemsOf(frame: number, chunk: number): number {
    const record = this.#recordOf(frame)
    if (this.words.load(record + CHUNKS) === 1) return this.words.load(record + OUTPUTS)
    const list = this.#segments.words(this.words.load(record + SEGMENT))
    return list?.load((this.words.load(record + OFFSET) >> 2) + chunk * chunkWords + 3) ?? 0
  }

  /** The slot in which the input of a frame ends. */
  #inputEnd(frame: number): number {
    return this.words.load(this.#recordOf(frame) + TO_SLOT)
  }

  #isCutNow(frame: number): boolean {
    return this.isCut(this.words.load(this.claimAt(frame)), frame)
  }

  #recordOf(frame: number): number {
    return this.recordAt(frame, seatOf(this.words.load(this.claimAt(frame))))
  }

  /** Its readers are done with it: only what is DONE in that very lap, and only once. */
  free(frame: number): void {
    const at = this.claimAt(frame)
    const word = this.words.load(at)
    if (lapOf(word) !== this.lap(frame) || stateOf(word) !== DONE) return
    this.words.swap(at, word, freed(this.lap((frame + this.slots) | 0), seatOf(word)))
  }
}
