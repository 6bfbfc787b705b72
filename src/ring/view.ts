/**
 * What can be seen of a table by somebody who has no seat at it. Each answer was true at some moment while it was asked.
 *
 *     input of the stage    ├── settled ──┼── under way ──┼── queued ──┤
 *                           0             settledIn       receivedIn   arrivedIn
 *
 * What is read may be written over meanwhile, but only once the front has gone on, or the claim word has: so each looks at
 * that again behind it, and begins anew where it has changed. Everything is read with `load`, which keeps that order.
 */
import { CLAIMED, FREE, lapOf, seatOf, stateOf } from './claim-word.ts'
import { HAND, HANDLED, ITEMS, OUTPUTS, SEQUENCE_HIGH, SEQUENCE_LOW, TO_CHUNK, TO_SLOT } from './record.ts'
import { FINISHED } from './slots.ts'
import type { Table } from './table.ts'

/** Items of the input that frames were cut from. */
export function receivedIn(table: Table): number {
  return atFront(table, last => receivedTo(table, last))
}

/** Items of the input whose frames are published. Asked before `receivedIn`, it is never more. */
export function settledIn(table: Table): number {
  const { words } = table
  for (;;) {
    const { published } = table
    const word = words.load(table.claimAt(published))
    const isCut = lapOf(word) === table.lap(published) && stateOf(word) !== FREE
    const settled = isCut ? firstOf(table, table.recordAt(published, seatOf(word))) : receivedIn(table)
    if (table.published === published && words.load(table.claimAt(published)) === word) return settled
  }
}

/** Items of the input that nobody has cut. */
export function queuedIn(table: Table): number {
  return table.up ? atFront(table, last => queuedFrom(table, last)) : 0
}

/** Items of the input that are published by the table before: those received and those queued, at one moment. */
export function arrivedIn(table: Table): number {
  return atFront(table, last => receivedTo(table, last) + (table.up ? queuedFrom(table, last) : 0))
}

/** Whether a frame was cut that is not published. */
export function isOpen(table: Table): boolean {
  // In this order: a front that is where `published` was before has nothing open before it.
  const { published } = table
  return table.front() !== published
}

/** The items that a seat has claimed, by sequence; those of its frames that were finished before are not among them. */
export function claimedBy(table: Table, seat: number): { from: number; to: number }[] {
  const { words } = table
  const claim = claimOf(table, seat, record => {
    const first = firstOf(table, record)
    // Not as the record says: there it may have written already what it was about to commit.
    return { from: first + words.load(table.deskAt(seat) + FINISHED + HANDLED), to: first + words.load(record + ITEMS) }
  })
  return claim ? [claim] : []
}

/** The record of the frame that a seat has claimed, and the index of the item that it has in hand; undefined: none. */
export function handOf(table: Table, seat: number): { record: number; hand: number } | undefined {
  const claim = claimOf(table, seat, record => ({ record, hand: table.words.load(record + HAND) }))
  return claim && claim.hand >= 0 ? claim : undefined
}

/** Sequence of the item that a seat has in hand; undefined: none. */
export function inHandOf(table: Table, seat: number): number | undefined {
  const { words } = table
  const sequence = claimOf(table, seat, record => {
    const hand = words.load(record + HAND)
    return hand < 0 ? -1 : firstOf(table, record) + hand
  })
  return sequence === -1 ? undefined : sequence
}

/** What `read` gives of the record of the last frame that was cut. */
function atFront(table: Table, read: (record: number) => number): number {
  for (;;) {
    const front = table.front()
    const found = read(table.recordOf((front - 1) | 0))
    if (table.front() === front) return found
  }
}

/** As `Table.sequenceOf`, for a record that may be written over meanwhile. */
function firstOf({ words }: Table, record: number): number {
  return words.load(record + SEQUENCE_HIGH) * 2 ** 32 + (words.load(record + SEQUENCE_LOW) >>> 0)
}

function receivedTo(table: Table, last: number): number {
  return firstOf(table, last) + table.words.load(last + ITEMS)
}

function queuedFrom({ words, up }: Table, last: number): number {
  let slot = words.load(last + TO_SLOT)
  const cut = words.load(last + TO_CHUNK)
  const { published } = up!
  if (((published - slot) | 0) <= 0) return 0
  let queued = 0
  // Of a chunk that is in a list which this thread was not told of yet is known only that it is not empty.
  for (let chunk = cut, chunks = up!.chunksOf(slot); cut > 0 && chunk < chunks; chunk++) {
    queued += Math.max(1, up!.itemsOf(slot, chunk))
  }
  if (cut > 0) slot = (slot + 1) | 0
  for (; ((published - slot) | 0) > 0; slot = (slot + 1) | 0) queued += words.load(up!.recordOf(slot) + OUTPUTS)
  return queued
}

/** What `read` gives of the record of the frame that a seat has claimed: one at most. */
function claimOf<T>(table: Table, seat: number, read: (record: number) => T): T | undefined {
  const { words } = table
  for (let slot = 0; slot < table.slots; slot++) {
    const word = words.load(table.claimAt(slot))
    if (stateOf(word) !== CLAIMED || seatOf(word) !== seat) continue
    const found = read(table.recordAt(slot, seat))
    if (words.load(table.claimAt(slot)) === word) return found
  }
  return undefined
}
