/**
 * What is left of a worker that is gone: its frame is READY for others, in place, and the item that it had in hand is charged.
 *
 *     CLAIMED(seat) ─▶ READY(supervisor)       the record of the supervisor is a copy, with the item in hand as `trial`
 *
 * To be called after the worker's exit, and by one thread.
 */
import { CLAIMED, givenBack, seatOf, stateOf } from './claim-word.ts'
import { HAND, PASSED_OVER, recordWords, STOPS, TRIAL, TRIED, VERDICT } from './record.ts'
import { FINISHED, finished } from './slots.ts'
import type { Table } from './table.ts'

/** What becomes of an item whose worker died: it is tried again; passed over (`true`); or the stage stops there. */
export type GivenUp = boolean | 'stop'

/** `isGivenUp`: told the sequence of the item that was in hand, it charges it, and says whether that was once too often. */
export function settle(table: Table, seat: number, isGivenUp: (sequence: number) => GivenUp): void {
  const { words, supervisor } = table
  for (let slot = 0; slot < table.slots; slot++) {
    const at = table.claimAt(slot)
    const word = words.load(at)
    if (stateOf(word) !== CLAIMED || seatOf(word) !== seat) continue
    const from = table.recordAt(slot, seat)
    const to = table.recordAt(slot, supervisor)
    for (let i = 0; i < recordWords; i++) words.set(to + i, words.get(from + i))
    // It may have died as it wrote down what it was about to commit: what was finished before its claim is on its desk.
    for (const field of finished) words.set(to + field, words.get(table.deskAt(seat) + FINISHED + field))
    const hand = words.get(from + HAND)
    if (hand >= 0) {
      words.set(to + TRIAL, hand)
      const verdict = isGivenUp(table.sequenceOf(from) + hand)
      words.set(to + VERDICT, verdict === 'stop' ? STOPS : verdict ? PASSED_OVER : TRIED)
    }
    words.swap(at, word, givenBack(word, supervisor))
  }
  // Also for what it gave back itself, and had not come to say.
  table.countReturned()
  // It may have gone between its commit and publishing it, or between publishing and the bell.
  table.publish()
  table.down?.bell.wake()
  for (let each: Table | undefined = table; each; each = each.up) each.bell.wake()
}
