/**
 * Items as the chunks of a frame: what lies in an arena between two stages.
 *
 *     outputs   a b c d e f g …            a chunk is a frame of the codec, and what a later cut can take:
 *     chunks    [a b c d][e f g …]         as many items as the next stage asks for
 *
 *     ┌ number ┬ referred ┬ items … ┐      what of them cannot be bytes (a port, a Blob) goes by message, under a number; 0: nothing
 *     │ u32    │ u32      │         │      what of them lies in memory that all threads share, in bytes
 */
import { FrameDecoder } from '../../codec/frame-decoder.ts'
import { type Encoded, FrameEncoder } from '../../codec/frame-encoder.ts'
import type { SegmentReader } from '../../codec/value-reader.ts'
import { ItemTooLarge } from '../../errors.ts'
import type { Sharing } from '../../memory/link.ts'
import { inputOf } from '../../ring/chunks.ts'
import type { Plane } from '../../ring/plane.ts'
import type { Seat } from '../../ring/seat.ts'
import type { Table } from '../../ring/table.ts'
import { handOf } from '../../ring/view.ts'
import type { Attached } from './attached.ts'

export const headBytes = 8
const shortest = 512 // bytes asked for, at least
const spare = 256 // beyond what the last chunks would make one think

/** What stands in front of the items of a chunk. */
export function headOf(chunk: Uint8Array): { number: number; referred: number } {
  const view = new DataView(chunk.buffer, chunk.byteOffset, headBytes)
  return { number: view.getInt32(0, true), referred: view.getUint32(4, true) }
}

/** What a writer needs of whoever has it. */
export interface ChunkWriterHost {
  /** Sends what cannot be bytes, and gives its number. */
  attach(list: readonly unknown[]): number
  /** Bytes that an item may take. */
  readonly limit: number
  /** Memory that the readers have too, for large values. */
  readonly shared: Sharing | undefined
}

export class ChunkWriter {
  /** Bytes that it asked for last. */
  asked = 0
  readonly #plane: Plane
  readonly #seat: Seat
  readonly #host: ChunkWriterHost
  readonly #encoder: FrameEncoder
  /** Bytes that the next call has to ask for, where the last one was too short for one item. */
  #needed = 0
  /** Bytes that an item took lately. */
  #itemBytes = 16
  readonly #most: number
  /** Large values that the frame in hand refers to; and those of frames that others may still read. */
  #kept: number[] = []
  readonly #underWay: { frame: number; kept: readonly number[] }[] = []

  constructor(plane: Plane, seat: Seat, host: ChunkWriterHost) {
    this.#plane = plane
    this.#seat = seat
    this.#host = host
    this.#encoder = new FrameEncoder({ attach: true, shared: host.shared })
    this.#most = plane.shared.shape.arenaBytes / 4
  }

  /**
   * Puts items[from … to) into the frame in hand, as many as one chunk takes: how many those were. None: there is no room
   * just now. Throws what the encoder throws, and `ItemTooLarge`; then nothing was put.
   */
  put(items: readonly unknown[], from: number, to: number): number {
    const seat = this.#seat
    for (let end = to; ; ) {
      const guess = Math.ceil((end - from) * this.#itemBytes * 1.25) + spare
      const size = Math.max(this.#needed, shortest, Math.min(guess, this.#most))
      this.asked = size
      if (!seat.reserve(size)) return 0
      const { segment, offset } = seat
      const room = size - headBytes
      const encoded = this.#encoder.encode(items, from, end, this.#plane.bytes(segment), offset + headBytes, room)
      const { taken, bytes, needed, kept, referred } = encoded
      const isTooMuch = this.#isTooMuch(encoded)
      if (taken > 0 && !isTooMuch) {
        this.#put(encoded, segment, offset)
        return taken
      }
      for (const each of kept) this.#host.shared!.drop(each)
      this.#needed = 0
      if (isTooMuch && taken <= 1) throw new ItemTooLarge(Math.max(bytes, needed) + referred, this.#host.limit)
      // Together they are too large: perhaps none of them is by itself.
      if (isTooMuch) end = from + (taken >> 1)
      else this.#needed = headBytes + needed
    }
  }

  #isTooMuch({ taken, bytes, needed, referred }: Encoded): boolean {
    return (taken > 0 ? bytes : needed) + referred > this.#host.limit
  }

  #put({ attachments, bytes, taken, kept, referred }: Encoded, segment: number, offset: number): void {
    const words = this.#plane.segments.words(segment)!
    words.set(offset >> 2, attachments.length > 0 ? this.#host.attach(attachments) : 0)
    words.set((offset >> 2) + 1, Math.min(referred, 0x7fffffff))
    this.#needed = 0
    this.#itemBytes += (bytes / taken - this.#itemBytes) / (bytes / taken > this.#itemBytes ? 1 : 8)
    if (kept.length > 0) this.#kept.push(...kept)
    this.#seat.put(headBytes + bytes, taken)
  }

  /** The frame in hand is committed. What was kept for it is kept until it is past. */
  committed(frame: number): void {
    if (this.#kept.length > 0) {
      this.#underWay.push({ frame, kept: this.#kept })
      this.#kept = []
    }
    if (this.#underWay.length > 0) this.sweep()
  }

  /** Lets go of what nobody reads any more. */
  sweep(): void {
    const underWay = this.#underWay
    while (underWay.length > 0 && this.#seat.table.isPast(underWay[0]!.frame)) {
      for (const segment of underWay.shift()!.kept) this.#host.shared!.drop(segment)
    }
  }
}

export class ChunkReader {
  readonly #plane: Plane
  readonly #attached: Attached
  readonly #decoder: FrameDecoder

  /** `shared`: where large values lie. */
  constructor(plane: Plane, attached: Attached, shared: SegmentReader | undefined) {
    this.#plane = plane
    this.#attached = attached
    this.#decoder = new FrameDecoder({ shared })
  }

  /** Whether all is here that the frame in hand needs. What is not is under way. */
  isReady(seat: Seat): boolean {
    if (seat.missing >= 0) return false
    let isReady = true
    seat.read((segment, offset) => {
      if (!this.#attached.knows(this.#numberOf(segment, offset))) isReady = false
    })
    return isReady
  }

  /**
   * Appends the items of the frame in hand, from its first on. `single` is told of each that lies alone in its chunk how many
   * bytes it takes: as those do that are large.
   */
  read(seat: Seat, into: unknown[], single?: (index: number, bytes: number) => void): void {
    seat.read((segment, offset, bytes, items) => {
      if (items === 1) single?.(into.length, bytes - headBytes + this.#wordOf(segment, offset, 1))
      this.#decode(segment, offset, bytes, into)
    })
  }

  /** The item that a seat, whose worker is gone, had in hand. */
  itemInHand(table: Table, seat: number): unknown {
    const at = handOf(table, seat)
    if (!at) return undefined
    const items: unknown[] = []
    const decode = (segment: number, offset: number, bytes: number) => this.#decode(segment, offset, bytes, items)
    inputOf(table, at.record, this.#plane.segments, decode)
    return items[at.hand]
  }

  #decode(segment: number, offset: number, bytes: number, into: unknown[]): void {
    const attachments = this.#attached.take(this.#numberOf(segment, offset))
    this.#decoder.decode(this.#plane.bytes(segment), offset + headBytes, bytes - headBytes, into, attachments)
  }

  #numberOf(segment: number, offset: number): number {
    return this.#wordOf(segment, offset, 0)
  }

  #wordOf(segment: number, offset: number, word: number): number {
    return this.#plane.segments.words(segment)!.get((offset >> 2) + word)
  }
}
