/**
 * Messages as bytes: what a socket carries between a stage and a worker in a process of its own.
 *
 *     ┌ bytes of all ┬ bytes of the rest of it ┬ rest ┬ bytes ┬ frame ┬ bytes ┬ frame …
 *     │ u32          │ u32                     │      │ u32   │       │
 *                                                      └ the list that it is about: items, or answers
 *
 * Written and read by the codec, which checks every length: bytes that were cut, or never were a message, are an error.
 */
import { FrameDecoder } from '../../codec/frame-decoder.ts'
import { FrameEncoder } from '../../codec/frame-encoder.ts'
import { CorruptFrame } from '../../errors.ts'

/** What may be said: an object with a type, one of whose fields may be a long list. */
export interface Message {
  readonly type: string
}

const lists: Readonly<Record<string, string>> = { items: 'items', answers: 'values' }
const word = 4
const longest = 0x7fff_ffff // bytes of a message

export class MessageWriter {
  readonly #encoder = new FrameEncoder()
  #scratch = Buffer.allocUnsafeSlow(65_536)

  /** The bytes of a message, for the caller alone. Throws `NotCloneable`. */
  write(message: Message): Buffer {
    const field = lists[message.type]
    const { list, rest } = field === undefined ? { list: [], rest: message } : split(message, field)
    const parts = this.#frames([rest])
    if (parts.length !== 1) throw new Error('unreachable: one item is one frame')
    const frames = [...parts, ...this.#frames(list)]
    const bytes = Buffer.allocUnsafe(word + frames.reduce((sum, frame) => sum + word + frame.length, 0))
    let at = bytes.writeUInt32LE(bytes.length - word, 0)
    for (const frame of frames) {
      at = bytes.writeUInt32LE(frame.length, at)
      at += frame.copy(bytes, at)
    }
    return bytes
  }

  #frames(list: readonly unknown[]): Buffer[] {
    const frames: Buffer[] = []
    for (let from = 0; from < list.length; ) {
      const { taken, bytes, spilled } = this.#encoder.encode(
        list,
        from,
        list.length,
        this.#scratch,
        0,
        this.#scratch.length,
      )
      frames.push(spilled ? Buffer.from(spilled) : Buffer.from(this.#scratch.subarray(0, bytes)))
      from += spilled ? 1 : taken
    }
    return frames
  }
}

function split(message: Message, field: string): { list: readonly unknown[]; rest: Message } {
  const rest: Message & Record<string, unknown> = { ...message }
  const list = rest[field] as readonly unknown[]
  delete rest[field]
  return { list, rest }
}

export class MessageReader {
  readonly #decoder = new FrameDecoder()
  readonly #heard: (message: any) => void
  #chunks: Buffer[] = []
  #bytes = 0
  /** Of the message that is coming in, with its length; 0 until that is known. */
  #needed = 0

  constructor(heard: (message: any) => void) {
    this.#heard = heard
  }

  /** Takes what has come. Throws `CorruptFrame`. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    while (this.#bytes >= Math.max(word, this.#needed)) {
      if (this.#needed === 0) {
        this.#needed = word + this.#joined().readUInt32LE(0)
        if (this.#needed > longest) throw new CorruptFrame(0, this.#bytes, `a message of ${this.#needed} bytes`)
        continue
      }
      const all = this.#joined()
      const message = all.subarray(word, this.#needed)
      this.#chunks = all.length > this.#needed ? [all.subarray(this.#needed)] : []
      this.#bytes = all.length - this.#needed
      this.#needed = 0
      this.#heard(this.#read(message))
    }
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }

  #read(bytes: Buffer): Message {
    const items: unknown[] = []
    for (let at = 0; at < bytes.length; ) {
      const length = at + word <= bytes.length ? bytes.readUInt32LE(at) : Infinity
      at += word
      if (at + length > bytes.length) throw new CorruptFrame(at, bytes.length, 'a frame ends behind its message')
      this.#decoder.decode(bytes, at, length, items)
      at += length
    }
    const message = items.shift() as Message
    if (typeof message?.type !== 'string') throw new CorruptFrame(0, bytes.length, 'a message without a type')
    const field = lists[message.type]
    return field === undefined ? message : { ...message, [field]: items }
  }
}
