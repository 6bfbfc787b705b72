/**
 * The way out of a section: from the outputs of its last stage into the channel behind, in order.
 *
 * What the channel holds and what the table holds before it are bounded together: each has a share of the capacity.
 */
import type { Channel } from '../../channel/channel.ts'
import { weigh } from '../../channel/weigh.ts'
import type { Plane } from '../../ring/plane.ts'
import { FRAME, NOTHING, OVER, type Seat } from '../../ring/seat.ts'
import { shareOf } from './bounds.ts'
import type { ChunkReader } from './chunks.ts'

const mostItems = 256

export class Tail {
  /** Items that went out. */
  passed = 0
  /** All is out. */
  isOver = false
  readonly #output: Channel
  readonly #seat: Seat
  readonly #reader: ChunkReader
  readonly #items: unknown[] = []
  readonly #left: (count: number, bytes: number) => void

  /** `left`: so many items are stored in the channel, behind what had arrived. */
  constructor(output: Channel, plane: Plane, reader: ChunkReader, left: (count: number, bytes: number) => void) {
    this.#output = output
    this.#seat = plane.seat(plane.tables.length - 1, 0)
    this.#reader = reader
    this.#left = left
  }

  /** A frame is claimed that lies in memory not known yet. */
  #isInHand = false

  /** Lets out what it can; true if that was anything. `mayGoOn`: asked after each frame. */
  drain(mayGoOn: () => boolean): boolean {
    const output = this.#output
    const seat = this.#seat
    let hasMoved = false
    while (!this.isOver) {
      const room = roomIn(output)
      if (room <= 0) {
        output.blocked = true
        break
      }
      const most = Math.min(room, mostItems)
      seat.table.wanted = most
      const got = this.#isInHand ? FRAME : seat.claim(most)
      if (got === NOTHING) break
      this.#isInHand = got === FRAME && !this.#reader.isReady(seat)
      if (this.#isInHand) break
      hasMoved = true
      if (got === OVER) this.isOver = true
      else this.#pass()
      if (!mayGoOn()) break
    }
    return hasMoved
  }

  #pass(): void {
    const output = this.#output
    const items = this.#items
    this.#reader.read(this.#seat, items)
    this.#seat.commit()
    const count = items.length
    output.reserve(count)
    const { items: ring, weights, mask, arrived, weighing } = output
    let bytes = 0
    for (let i = 0; i < count; i++) {
      const item = items[i]
      const slot = (arrived + i) & mask
      ring[slot] = item
      if (typeof item !== 'number' && weighing) bytes += weights[slot] = weigh(item)
    }
    items.length = 0
    this.passed += count
    this.#left(count, bytes)
  }
}

function roomIn({ capacity, count, bytes }: Channel): number {
  if (capacity.items === Infinity) return Infinity
  return bytes >= capacity.bytes ? 0 : capacity.items - shareOf(capacity.items) - count
}
