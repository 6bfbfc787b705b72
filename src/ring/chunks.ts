/**
 * The chunks that a frame was cut from: where its input lies, in the outputs of the table before.
 *
 *     outputs of a slot    one chunk: in its record     more: a list of them, where the record says
 */
import { seatOf } from './claim-word.ts'
import * as R from './record.ts'
import type { Segments } from './segments.ts'
import type { Table } from './table.ts'

export type EachChunk = (segment: number, offset: number, bytes: number, items: number) => void

/**
 * Gives the segment of a list of chunks that this thread was not told of; −1: none.
 *
 * Precondition: the frame of that record is claimed, by the caller or by one that is gone.
 */
export function inputOf(table: Table, record: number, segments: Segments, each: EachChunk): number {
  const { up, words } = table
  const toSlot = words.get(record + R.TO_SLOT)
  const toChunk = words.get(record + R.TO_CHUNK)
  let chunk = words.get(record + R.FROM_CHUNK)
  for (let slot = words.get(record + R.FROM_SLOT); up; slot = (slot + 1) | 0, chunk = 0) {
    if (slot === toSlot && chunk === toChunk) break
    const outputs = up.recordAt(slot, seatOf(words.load(up.claimAt(slot))))
    const chunks = words.get(outputs + R.CHUNKS)
    const end = slot === toSlot ? toChunk : chunks
    if (chunks === 1) {
      const bytes = words.get(outputs + R.BYTES)
      each(words.get(outputs + R.SEGMENT), words.get(outputs + R.OFFSET), bytes, words.get(outputs + R.OUTPUTS))
    } else if (chunk < end) {
      const segment = words.get(outputs + R.SEGMENT)
      const list = segments.words(segment)
      if (!list) return segment
      let at = (words.get(outputs + R.OFFSET) >> 2) + chunk * R.chunkWords
      for (; chunk < end; chunk++, at += R.chunkWords) {
        each(list.get(at), list.get(at + 1), list.get(at + 2), list.get(at + 3))
      }
    }
    if (slot === toSlot) break
  }
  return -1
}
