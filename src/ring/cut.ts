/**
 * Cuts the next frame of a table: a run of whole chunks of what is published in the table before.
 *
 *     outputs of the table before    [a b c][d e] [f g] [] [h i j][k l] ┄ published
 *     frames of this one              ├─── m ───┤├─ m + 1 ─┤├─ m + 2
 *
 * Where it begins follows from the record of the frame before. Several may cut the same at once: who swaps first has it.
 */
import { FREE, lapOf, seatOf, stateOf } from './claim-word.ts'
import type { Claims } from './claims.ts'
import * as R from './record.ts'
import type { Words } from './words.ts'

/** What a claim came to. */
export const NOTHING = 0
export const FRAME = 1
export const OVER = 2
export type Claimed = typeof NOTHING | typeof FRAME | typeof OVER
/** Others were faster, or what was read is old. */
export const CUT_AGAIN = 3

export class Cutter {
  readonly #claims: Claims

  constructor(claims: Claims) {
    this.#claims = claims
  }

  /** Cuts the next frame: it begins where the one before it ends. */
  next(most: number): Claimed | typeof CUT_AGAIN {
    const { table, words, seat } = this.#claims
    const { up } = table
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
      const end = up.published
      for (; ((end - toSlot) | 0) > 0; toSlot = (toSlot + 1) | 0, toChunk = 0) {
        const chunks = up.chunksOf(toSlot)
        for (; toChunk < chunks; toChunk++) {
          const next = up.itemsOf(toSlot, toChunk)
          // A chunk that is larger than the room waits for it, unless it is larger than all that there will be.
          const isTooMuch = items > 0 ? items + next > limit : next > room && room < table.capacity
          if (next < 0 || isTooMuch) break
          items += next
        }
        if (toChunk < chunks) break
      }
      if (items === 0) {
        const empty = (toSlot - fromSlot) | 0
        // What filters left empty is given back in bulk, or at the end; no item waits behind it.
        const isAtEnd = isOver && fromSlot === end
        if (!(isAtEnd && table.flushes && table.published === frame && !isFlush(words, last))) {
          if (empty === 0 || (empty * 2 < up.slots && !isOver)) return this.#isAtEnd(frame, word, isAtEnd)
        }
      }
    } else if (isOver) return OVER

    const record = table.recordAt(frame, seat)
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
    if (!this.#claims.take(frame, word)) return CUT_AGAIN
    this.#claims.room = room
    table.hintFront((frame + 1) | 0)
    up?.bell.ring() // what was cut has left the channel
    return FRAME
  }

  /** Nothing to cut. The stage is over when there never will be, and all its frames are published. */
  #isAtEnd(frame: number, word: number, isOver: boolean): typeof NOTHING | typeof OVER | typeof CUT_AGAIN {
    const { table, words } = this.#claims
    if (!isOver) return NOTHING
    if (words.load(table.claimAt(frame)) !== word) return CUT_AGAIN // others have cut it: what was read may be old
    if (table.published !== frame) return NOTHING
    if (!table.isOver) table.close()
    return OVER
  }
}

/** Only a frame that flushes takes nothing at all. */
export function isFlush(words: Words, record: number): boolean {
  if (words.load(record + R.ITEMS) !== 0) return false
  return words.load(record + R.FROM_SLOT) === words.load(record + R.TO_SLOT)
}
