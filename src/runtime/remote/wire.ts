/**
 * Messages as bytes: what is said between a stage and a worker that lives elsewhere.
 *
 *     ┌ bytes of the rest of it ┬ rest ┬ bytes ┬ frame ┬ bytes ┬ frame …
 *     │ u32                     │      │ u32   │       │
 *                                      └ the list that it is about: items, or answers
 *
 * Written and read by the codec, as frames of items: so numbers, texts, Buffers and records of one shape go fast, and
 * everything arrives as structured clone would bring it, but that a Buffer stays one. It checks every length: bytes that
 * were cut, or never were a message, are an error.
 */
import { FrameDecoder } from '../../codec/frame-decoder.ts'
import { FrameEncoder } from '../../codec/frame-encoder.ts'
import type { SegmentReader } from '../../codec/value-reader.ts'
import type { SharedMemory } from '../../codec/value-writer.ts'
import { CorruptFrame, ItemTooLarge } from '../../errors.ts'

/** What may be said: an object with a type, one of whose fields may be a long list. */
export interface Message {
  readonly type: string
}

/** A message on its way. */
export interface Written {
  /** For the receiver alone. */
  readonly bytes: Buffer
  /** What goes beside each frame, where there is any such thing: it cannot be bytes. */
  readonly attachments: Attachments | undefined
  /** What of it has to be transferred. */
  readonly moved: readonly unknown[]
  /** Segments of shared memory that are held until it was read. */
  readonly kept: readonly number[]
}

export interface WriterShape {
  readonly attach?: boolean
  readonly head?: number
  readonly shared?: SharedMemory | undefined
}

export type Attachments = readonly (readonly unknown[])[]

const lists: Readonly<Record<string, string>> = { items: 'items', answers: 'values' }
const word = 4

export class MessageWriter {
  /** Bytes that a message about items may take. */
  limit = Infinity
  readonly #encoder: FrameEncoder
  readonly #shared: SharedMemory | undefined
  /** Bytes in front of a message, for whoever carries it. */
  readonly #head: number
  #scratch = Buffer.allocUnsafeSlow(65_536)

  /** `attach`: whether something may go beside the bytes; else it is refused. `shared`: memory that the reader has too. */
  constructor({ attach = false, head = 0, shared }: WriterShape = {}) {
    this.#encoder = new FrameEncoder({ attach, shared })
    this.#shared = shared
    this.#head = head
  }

  /** Throws `NotCloneable`, `ItemTooLarge`, and what a getter throws; then nothing was written. */
  write(message: Message): Written {
    const field = lists[message.type]
    let left = isLimited(message) ? this.limit : Infinity
    const { list, rest } = field === undefined ? { list: [], rest: message } : split(message, field)
    const frames: Uint8Array[] = []
    const attachments: (readonly unknown[])[] = []
    const moved: unknown[] = []
    const kept: number[] = []
    try {
      for (const items of [[rest], list]) left = this.#frames(items, left, frames, attachments, moved, kept)
    } catch (error) {
      for (const segment of kept) this.#shared!.drop(segment)
      throw error
    }
    const bytes = Buffer.allocUnsafeSlow(frames.reduce((sum, frame) => sum + word + frame.length, this.#head))
    let at = this.#head
    for (const frame of frames) {
      at = bytes.writeUInt32LE(frame.length, at)
      bytes.set(frame, at)
      at += frame.length
    }
    return { bytes, attachments: attachments.some(each => each.length > 0) ? attachments : undefined, moved, kept }
  }

  /** `left`: bytes that all of it may take; gives what is left of them. Several that are too many may be few enough alone. */
  #frames(
    list: readonly unknown[],
    left: number,
    frames: Uint8Array[],
    attachments: (readonly unknown[])[],
    moved: unknown[],
    kept: number[],
  ): number {
    const scratch = this.#scratch
    for (let from = 0; from < list.length; ) {
      const encoded = this.#encoder.encode(list, from, list.length, scratch, 0, scratch.length)
      const { spilled } = encoded
      kept.push(...encoded.kept)
      // What goes by reference counts as well: whether there was room for it has no say in what may be sent.
      left -= (spilled?.length ?? encoded.bytes) + encoded.referred
      if (left < 0) throw new ItemTooLarge(this.limit - left, this.limit)
      frames.push(spilled ?? Buffer.from(scratch.subarray(0, encoded.bytes)))
      from += spilled ? 1 : encoded.taken
      attachments.push(encoded.attachments)
      moved.push(...encoded.moved)
    }
    return left
  }
}

/** Whether it is as large as somebody's items are; what else is said has to be heard. */
function isLimited(message: Message): boolean {
  const { type, say, isBounded } = message as Message & { say?: { what?: string }; isBounded?: boolean }
  return (type in lists && !isBounded) || type === 'inside' || say?.what === 'push' || say?.what === 'emit'
}

function split(message: Message, field: string): { list: readonly unknown[]; rest: Message } {
  const rest: Message & Record<string, unknown> = { ...message }
  const list = rest[field] as readonly unknown[]
  delete rest[field]
  return { list, rest }
}

export class MessageReader {
  readonly #decoder: FrameDecoder

  /** `shared`: the memory that the writer has too. */
  constructor(shared?: SegmentReader) {
    this.#decoder = new FrameDecoder({ shared })
  }

  /** Throws `CorruptFrame`. */
  read(bytes: Buffer, attachments: Attachments = []): any {
    const items: unknown[] = []
    for (let at = 0, frame = 0; at < bytes.length; frame++) {
      const length = at + word <= bytes.length ? bytes.readUInt32LE(at) : Infinity
      at += word
      if (at + length > bytes.length) throw new CorruptFrame(at, bytes.length, 'a frame ends behind its message')
      this.#decoder.decode(bytes, at, length, items, attachments[frame])
      at += length
    }
    const message = items.shift() as Message
    if (typeof message?.type !== 'string') throw new CorruptFrame(0, bytes.length, 'a message without a type')
    const field = lists[message.type]
    return field === undefined ? message : { ...message, [field]: items }
  }
}
