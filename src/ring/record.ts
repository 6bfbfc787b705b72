/**
 * What a claim says about its frame: sixteen words, one cache line. Each seat has one of its own in every slot.
 *
 *     cut       from            to              items   sequence
 *               slot · chunk    slot · chunk            low · high
 *     work      handled         trial           verdict hand
 *     outputs   segment         offset          chunks  outputs   bytes
 *
 * A worker writes its own record, then swaps the claim word; the record of the seat in the word is the one that counts. So
 * each word has one writer, a race has a loser whose record nobody looks at, and a cut of any size is one compare-and-swap.
 *
 * `from` and `to` are places in the outputs of the table before: `slot` a frame number, `chunk` one of its chunks; `to` is
 * exclusive, and never behind the last chunk of a slot but before the first of the next. It is where the next frame begins.
 *
 * Items before `handled` are finished, and what they led to is in the outputs. After a death the frame is handled in up to
 * three pieces, so that the item that was in hand has a trial of its own:
 *
 *     ├─ handled ─┼──── piece ────┼─trial─┼──── rest ────┤ items
 *
 * One chunk of outputs stands in the record itself; of more, `segment` and `offset` say where their list is.
 */
export const recordWords = 16

export const FROM_SLOT = 0
export const FROM_CHUNK = 1
export const TO_SLOT = 2
export const TO_CHUNK = 3
export const ITEMS = 4
export const SEQUENCE_LOW = 5
export const SEQUENCE_HIGH = 6

/** In a frame that is DONE, `LAST` says that the table ends with it. */
export const HANDLED = 7
/** Index of the item that is tried alone; −1: none. */
export const TRIAL = 8
/** What is to become of the item on trial: see below. */
export const VERDICT = 9
/** Index of the item in hand; −1: none. It is charged if its worker dies. */
export const HAND = 10

export const SEGMENT = 11
export const OFFSET = 12
export const CHUNKS = 13
export const OUTPUTS = 14
export const BYTES = 15

/** In `HANDLED`: items of this frame, and all that come later, are not handled; what led to its outputs is what came before. */
export const LAST = -1

/** Verdicts: it is tried; it is given up, and passed over; it is given up, and the stage stops there. */
export const TRIED = 0
export const PASSED_OVER = 1
export const STOPS = 2

/** Words of an entry in a list of chunks: segment, offset, bytes, items. */
export const chunkWords = 4

/** Where the piece ends that begins at `handled`. */
export function pieceEnd(handled: number, trial: number, items: number): number {
  if (handled < trial) return trial
  return handled === trial ? trial + 1 : items
}
