/**
 * What enters a stage in the midst of a section, for those who watch it: samples, since its frames do not come by here.
 *
 *     entered    0 1 2 3 4 5 6 7 8 9 …
 *     told           2 3       7 8          missed: 2, 0, 3, 0
 *
 * Nobody waits for it: what is written over while it is being read was not seen. Nothing is done while nobody watches.
 */
import type { Channel } from '../../channel/channel.ts'
import { FrameDecoder } from '../../codec/frame-decoder.ts'
import type { Plane } from '../../ring/plane.ts'
import { newestFor, type Seen } from '../../ring/sight.ts'
import type { Table } from '../../ring/table.ts'
import { queuedIn, receivedIn } from '../../ring/view.ts'
import type { Pump } from '../pump.ts'
import type { Attached } from './attached.ts'
import { headBytes, headOf } from './chunks.ts'

/** ms between two samples: at least, while the section moves; and at most, whatever it does. */
const shortest = 1
const longest = 10
/** Bytes of a chunk that is worth copying for it. */
const mostBytes = 1 << 20

export class Samples {
  readonly #input: Channel
  readonly #plane: Plane
  readonly #table: Table
  readonly #attached: Attached
  readonly #pump: Pump
  readonly #decoder = new FrameDecoder()
  /** Position behind the last item that was told of, or that had come in before anybody watched. */
  #next = 0
  #lookedAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  /** There is nothing more to see. */
  #isOver = false

  /** `row`: number of the stage's table. */
  constructor(input: Channel, plane: Plane, row: number, attached: Attached, pump: Pump) {
    this.#attached = attached
    this.#input = input
    this.#plane = plane
    this.#table = plane.tables[row]!
    this.#pump = pump
    input.onWatched = () => {
      this.#stop()
      if (input.isWatched && !this.#isOver) this.#begin()
    }
  }

  /** Something may have moved. */
  look(): void {
    if (this.#timer === undefined || this.#pump.time - this.#lookedAt < shortest) return
    this.#lookedAt = this.#pump.time
    for (const seen of newestFor(this.#table, this.#plane.segments)) this.#tell(seen)
  }

  /** There is nothing more to see. */
  close(): void {
    this.#isOver = true
    this.#stop()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #begin(): void {
    this.#next = receivedIn(this.#table) + queuedIn(this.#table)
    this.#timer = setInterval(() => {
      const wasHeld = this.#pump.hold()
      this.look()
      this.#pump.letGo(wasHeld)
    }, longest).unref()
  }

  #tell(seen: Seen): void {
    if (seen.sequence + seen.items <= this.#next) return
    const items = this.#itemsOf(seen)
    const enteredAt = this.#pump.time
    for (const [i, item] of items.entries()) {
      const sequence = seen.sequence + i
      const missed = sequence - this.#next
      if (missed < 0 || item === undefined) continue
      this.#next = sequence + 1
      this.#input.told({ sequence, item, enteredAt, missed })
      if (!this.#input.isWatched) return
    }
  }

  /** None if it is past by now: copied first, so that nothing is read that is being written. */
  #itemsOf({ frame, segment, offset, bytes }: Seen): unknown[] {
    if (bytes > mostBytes || !this.#plane.knows(segment)) return []
    const copy = this.#plane.bytes(segment).slice(offset, offset + bytes)
    if (this.#table.up!.isPast(frame)) return []
    const head = headOf(copy)
    // Large values may be gone as soon as the frame is past.
    if (head.referred > 0 || !this.#attached.knows(head.number)) return []
    const items: unknown[] = []
    try {
      this.#decoder.decode(copy, headBytes, copy.length - headBytes, items, this.#attached.take(head.number))
    } catch {
      return []
    }
    return items
  }
}
