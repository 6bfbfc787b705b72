/**
 * What has lately come in for a stage, for somebody who has no seat: where it lies, and which positions it has.
 *
 *     outputs of the table before    ┄┄┄┥ read ┝━━━━━━━┿━━━━━━━━┥ newest ┝┄┄┄
 *                                              └ cut up to here └─────── queued
 *
 * Nobody waits for whoever looks: what is seen may be written over at any moment. So it is copied first, and counts only if
 * the frame is not past then (`Table.isPast`).
 */
import { seatOf } from './claim-word.ts'
import * as R from './record.ts'
import type { Segments } from './segments.ts'
import type { Table } from './table.ts'

/** A chunk among the outputs of the table before. */
export interface Seen {
  readonly frame: number
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly items: number
  /** Position of its first item among all that come in. */
  readonly sequence: number
}

/** The chunks of the newest frame that nobody has cut; if all are cut, those that the newest cut took. None, if it all moves too fast. */
export function newestFor(table: Table, segments: Segments): Seen[] {
  const { up, words } = table
  if (!up) return []
  const front = table.front()
  const before = (front - 1) | 0
  const word = words.load(table.claimAt(before))
  const cut = table.recordAt(before, seatOf(word))
  const items = words.load(cut + R.ITEMS)
  const end = table.sequenceOf(cut) + items
  const from = { slot: words.load(cut + R.FROM_SLOT), chunk: words.load(cut + R.FROM_CHUNK) }
  const to = { slot: words.load(cut + R.TO_SLOT), chunk: words.load(cut + R.TO_CHUNK) }
  // Of one cut: a record stays as it is as long as its claim does.
  if (words.load(table.claimAt(before)) !== word) return []
  const queued: Seen[] = []
  const { published } = up
  for (
    let slot = to.slot, { chunk } = to, sequence = end;
    ((published - slot) | 0) > 0;
    slot = (slot + 1) | 0, chunk = 0
  ) {
    const seen = chunksOf(up, slot, chunk, Infinity, sequence, segments)
    if (!seen) return []
    const last = seen.at(-1)
    if (!last) continue
    sequence = last.sequence + last.items
    queued.splice(0, Infinity, ...seen)
  }
  if (queued.length > 0) return queued
  const taken: Seen[] = []
  for (
    let slot = from.slot, { chunk } = from, sequence = end - items;
    ((to.slot - slot) | 0) >= 0;
    slot = (slot + 1) | 0, chunk = 0
  ) {
    if (slot === to.slot && chunk >= to.chunk) break
    const seen = chunksOf(up, slot, chunk, slot === to.slot ? to.chunk : Infinity, sequence, segments)
    if (!seen) return []
    taken.push(...seen)
    const last = seen.at(-1)
    if (last) sequence = last.sequence + last.items
  }
  return taken
}

/**
 * Chunks number `from` up to `to` of a frame; undefined: it is past, or they are listed in memory that this thread was not
 * told of.
 */
function chunksOf(
  table: Table,
  frame: number,
  from: number,
  to: number,
  sequence: number,
  segments: Segments,
): Seen[] | undefined {
  const { words } = table
  const record = table.recordAt(frame, seatOf(words.load(table.claimAt(frame))))
  const chunks = words.load(record + R.CHUNKS)
  const segment = words.load(record + R.SEGMENT)
  const offset = words.load(record + R.OFFSET)
  const bytes = words.load(record + R.BYTES)
  const items = words.load(record + R.OUTPUTS)
  // Before it is walked by, and again after: it may have been of another lap.
  if (table.isPast(frame)) return undefined
  if (chunks === 1) return from === 0 && to > 0 ? [{ frame, segment, offset, bytes, items, sequence }] : []
  const list = chunks > 0 ? segments.words(segment) : undefined
  if (chunks > 0 && !list) return undefined
  const seen: Seen[] = []
  for (
    let chunk = from, at = (offset >> 2) + from * R.chunkWords;
    chunk < Math.min(to, chunks);
    chunk++, at += R.chunkWords
  ) {
    const [segment, offset, bytes, items] = [list!.load(at), list!.load(at + 1), list!.load(at + 2), list!.load(at + 3)]
    seen.push({ frame, segment, offset, bytes, items, sequence })
    sequence += items
  }
  return table.isPast(frame) ? undefined : seen
}
