/**
 * The claim on a frame: one word, so that one compare-and-swap changes all of it.
 *
 *     31                    12 11   8 7      2 1     0
 *     ├──────── lap ─────────┼─tries─┼─ seat ─┼─state─┤
 *
 *     FREE ─claim(seat)─▶ CLAIMED ─commit─▶ DONE ─read─▶ FREE, one lap on
 *       cut                │    ▲
 *              owner died  ▼    │ claim, before anything new is cut; tries + 1
 *                          READY
 *
 * lap    which of the frames that share a slot: m, m + slots, m + 2 · slots … It fences whoever sleeps in mid-claim,
 *        as long as it does not sleep for 2²⁰ laps (minutes of the fastest stage) to the frame.
 * tries  tells two claims of one frame apart: with `lap` and `seat` it is the epoch of a claim. It counts deaths and parts given
 *        back, and fences whoever does not sleep for sixteen of them: frames are given back by who leaves, not item by item.
 * seat   whose record of the slot counts (record.ts). FREE keeps it: the record of the lap before stays readable there.
 */
export const FREE = 0
export const CLAIMED = 1
export const READY = 2
export const DONE = 3

/** Seats of one table, that of the supervisor included. */
export const mostSeats = 64

export const lapOf = (word: number): number => word & ~0xfff
export const seatOf = (word: number): number => (word >>> 2) & 63
export const stateOf = (word: number): number => word & 3

export function freed(lap: number, seat: number): number {
  return lap | (seat << 2) | FREE
}

/** What a claim by `seat` makes of a word that is FREE or READY: of the same lap, and unlike all claims before. */
export function claimed(word: number, seat: number): number {
  const tries = stateOf(word) === READY ? word & 0xf00 : 0
  return lapOf(word) | tries | (seat << 2) | CLAIMED
}

/** Given back by `seat`, the supervisor's or the owner's, whose record counts from now on. */
export function givenBack(word: number, seat: number): number {
  return lapOf(word) | ((word + 0x100) & 0xf00) | (seat << 2) | READY
}

export const done = (word: number): number => word | DONE
