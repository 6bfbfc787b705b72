/**
 * The way into a section: from the channel before it into the table of the source.
 *
 *     channel ─▶ a run of items ─▶ chunks ─▶ commit ─▶ whoever is free
 *
 * What is in the table still waits for the first stage, and counts against the capacity of the channel (`beyond`).
 */
import type { Channel } from '../../channel/channel.ts'
import type { Sharing } from '../../memory/link.ts'
import type { Plane } from '../../ring/plane.ts'
import { FRAME, type Seat } from '../../ring/seat.ts'
import type { Table } from '../../ring/table.ts'
import { type KeptAttachments, numbersOf } from './attached.ts'
import { frameOf } from './bounds.ts'
import { ChunkWriter } from './chunks.ts'

/** An item that cannot be carried: in its place goes a mark. */
export interface Unsent {
  readonly item: unknown
  readonly error: unknown
}

export interface HeadHost {
  readonly attached: KeptAttachments
  readonly shared: Sharing | undefined
  /** Bytes that an item may take. */
  readonly limit: number
  /** So many items are about to be taken from the channel. */
  taken(count: number): void
}

/** No item is `undefined`: it stands for one that could not be carried. */
const mark = [undefined]

export class Head {
  /** Items that went in; those included that had to stay behind. */
  sent = 0
  /** Nothing more goes in. */
  isClosed = false
  /** Items that were to go in, and did not. */
  cleared = 0
  /** What could not be carried, by sequence. */
  readonly unsent = new Map<number, Unsent>()
  readonly #input: Channel
  readonly #seat: Seat
  readonly #table: Table
  readonly #writer: ChunkWriter
  readonly #host: HeadHost
  /** Items of a frame. */
  readonly #most: number
  /** A frame is claimed, and waits for room in the arena. */
  #isInHand = false

  constructor(input: Channel, plane: Plane, host: HeadHost) {
    this.#input = input
    this.#seat = plane.seat(0, 0)
    this.#table = plane.tables[0]!
    const numbers = numbersOf(0)
    this.#host = host
    this.#writer = new ChunkWriter(plane, this.#seat, {
      attach: list => {
        const number = numbers.next().value
        host.attached.came(number, list, this.#table, this.#seat.frame)
        return number
      },
      limit: host.limit,
      shared: host.shared,
    })
    this.#most = frameOf(this.#table.capacity)
  }

  /** Takes in what it can; true if that was anything. */
  fill(): boolean {
    const input = this.#input
    const table = this.#table
    if (this.isClosed) return false
    let hasMoved = false
    this.#count()
    for (;;) {
      // Whoever is asked so gives what it is asked for, whatever waits beyond.
      if (input.arrived === input.taken && !input.full()) input.refill?.(Math.min(this.#most, input.room()))
      if (input.arrived === input.taken) break
      if (!this.#isInHand && this.#seat.claim(1) !== FRAME) break
      this.#isInHand = true
      const room = Math.min(this.#seat.room, this.#most)
      let put = 0
      while (put < room) {
        const count = this.#put(Math.min(room - put, Math.max(1, table.down!.wanted)))
        if (count === 0) break
        put += count
      }
      if (put === 0) break
      const { frame } = this.#seat
      this.#seat.commit()
      this.#writer.committed(frame)
      this.#isInHand = false
      hasMoved = true
      this.#count()
    }
    if (input.ending !== 'open' && input.count === 0) {
      this.isClosed = true
      if (this.#isInHand) this.#seat.commit()
      table.close()
      hasMoved = true
    }
    return hasMoved
  }

  /** The first stage is done with all items before `settled`: nobody asks any more what could not be carried of them. */
  passed(settled: number): void {
    for (const sequence of this.unsent.keys()) if (sequence < settled) this.unsent.delete(sequence)
  }

  /** Nothing more goes in. */
  close(): void {
    this.isClosed = true
    this.cleared += this.#input.clear()
  }

  /** One chunk of at most so many items: how many it has. */
  #put(most: number): number {
    const input = this.#input
    const ready = Math.min(most, input.ready())
    if (ready === 0) return 0
    const from = input.taken & input.mask
    let count: number
    try {
      count = this.#writer.put(input.items, from, from + ready)
    } catch (error) {
      count = this.#writer.put(mark, 0, 1)
      if (count > 0) this.unsent.set(this.sent, { item: input.items[from], error })
    }
    if (count === 0) return 0
    this.#host.taken(count)
    input.beyond += count
    input.passed(count)
    this.sent += count
    return count
  }

  /** Says how many items wait in the table, so that the writer knows how many more it may put before it. */
  #count(): void {
    this.#input.beyond = this.#table.held(this.#table.published)
    this.#input.release()
  }
}
