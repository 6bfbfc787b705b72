/**
 * What one seat has claimed, and how it claims what is FREE or READY and lets it go again.
 *
 *     desk     frame · word · seen · room · …      the claim in hand; behind it the arena (arena.ts)
 *              finished                            of its record, as it was claimed (settle.ts)
 *
 * Invariant: all of it lies on the desk, so that a replacement of its worker goes on from there.
 */
import { claimed, done, givenBack, lapOf, READY, seatOf, stateOf } from './claim-word.ts'
import * as R from './record.ts'
import { FINISHED, finished } from './slots.ts'
import type { Table } from './table.ts'
import type { Words } from './words.ts'

const FRAME_IN_HAND = 0
const WORD = 1
const SEEN = 2
const ROOM = 3

export class Claims {
  readonly table: Table
  readonly seat: number
  readonly words: Words
  readonly #desk: number

  constructor(table: Table, seat: number) {
    this.table = table
    this.seat = seat
    this.words = table.words
    this.#desk = table.deskAt(seat)
  }

  /** The frame in hand. */
  get frame(): number {
    return this.words.get(this.#desk + FRAME_IN_HAND)
  }

  /** Its record. */
  get record(): number {
    return this.table.recordAt(this.frame, this.seat)
  }

  /** Items that the channel behind could still take when it was cut. */
  get room(): number {
    return this.words.get(this.#desk + ROOM)
  }

  set room(items: number) {
    this.words.set(this.#desk + ROOM, items)
  }

  /** Claims `frame`, whose claim word was `word`, with what its own record says. False: others were faster. */
  take(frame: number, word: number): boolean {
    const { table, words } = this
    const record = table.recordAt(frame, this.seat)
    for (const field of finished) words.set(this.#desk + FINISHED + field, words.get(record + field))
    const mine = claimed(word, this.seat)
    if (!words.swap(table.claimAt(frame), word, mine)) return false
    words.set(this.#desk + FRAME_IN_HAND, frame)
    words.set(this.#desk + WORD, mine)
    return true
  }

  /** The lowest frame that was given back, if there is one. Most of the time that is known without a search. */
  takeReturned(): boolean {
    const { table, words } = this
    const { returned } = table
    if (returned === words.get(this.#desk + SEEN)) return false
    for (let frame = table.published; ; frame = (frame + 1) | 0) {
      const word = words.load(table.claimAt(frame))
      if (!table.isCut(word, frame)) break
      if (stateOf(word) !== READY || lapOf(word) !== table.lap(frame)) continue
      const from = table.recordAt(frame, seatOf(word))
      const to = table.recordAt(frame, this.seat)
      for (let i = 0; i < R.recordWords; i++) words.set(to + i, words.load(from + i))
      words.set(to + R.HAND, -1)
      if (this.take(frame, word)) return true
    }
    words.set(this.#desk + SEEN, returned)
    return false
  }

  /** Ends the claim in hand: with the frame, or only with a part of it. False: it no longer stood. */
  letGo(isDone: boolean): boolean {
    const { table, words } = this
    const word = words.get(this.#desk + WORD)
    if (!words.swap(table.claimAt(this.frame), word, isDone ? done(word) : givenBack(word, this.seat))) return false
    if (isDone) table.publish()
    else table.giveBack()
    return true
  }
}
