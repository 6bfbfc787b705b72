/** A plane with seats that a test takes by hand: what the threads of a section do, one step at a time. */
import { Plane } from '../../src/ring/plane.ts'
import { FRAME, type Seat } from '../../src/ring/seat.ts'
import { KeptAttachments } from '../../src/stage/section/attached.ts'
import { ChunkReader, ChunkWriter } from '../../src/stage/section/chunks.ts'

export interface BenchShape {
  /** Of the channel behind each table: of the source, of each stage, of the sink. */
  readonly capacities: readonly number[]
  readonly arenaBytes?: number
  readonly slots?: number
}

export function bench({ capacities, arenaBytes = 1 << 16, slots = 16 }: BenchShape) {
  const plane = Plane.make({ tables: capacities.map(capacity => ({ slots, seats: 1, capacity })), arenaBytes })
  const seats = capacities.map((_, row) => plane.seat(row, 0))
  const writers = seats
    .slice(0, -1)
    .map(seat => new ChunkWriter(plane, seat, { attach: () => 0, limit: Infinity, shared: undefined }))
  const reader = new ChunkReader(plane, new KeptAttachments(), undefined)

  const itemsOf = (seat: Seat): unknown[] => {
    const items: unknown[] = []
    reader.read(seat, items)
    return items
  }

  return {
    plane,
    seats,
    /** The table of the source gets a frame of these items, in chunks of so many. */
    feed(items: readonly unknown[], chunk = Infinity): boolean {
      const seat = seats[0]!
      if (seat.claim(1) !== FRAME) return false
      for (let at = 0; at < items.length; ) at += writers[0]!.put(items, at, Math.min(items.length, at + chunk))
      return seat.commit()
    },
    /** A stage claims about so many items; gives them, and the rest of what a worker does with them. */
    claim(row: number, most: number): { items: unknown[]; commit: (outputs?: readonly unknown[]) => void } | undefined {
      const seat = seats[row]!
      if (seat.claim(most) !== FRAME) return undefined
      const items = itemsOf(seat)
      return {
        items,
        commit: (outputs = items) => {
          for (let at = 0; row < writers.length && at < outputs.length; ) {
            at += writers[row]!.put(outputs, at, outputs.length)
          }
          seat.commit()
        },
      }
    },
  }
}
