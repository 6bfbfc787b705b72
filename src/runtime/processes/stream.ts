/**
 * Messages in a stream of bytes: each behind its length.
 *
 *     ┌ bytes ┬ message ┬ bytes ┬ message …
 *     │ u32   │         │       │
 */
import { CorruptFrame } from '../../errors.ts'
import { type Message, MessageReader, MessageWriter } from '../remote/wire.ts'

const word = 4
const longest = 0x7fff_ffff // bytes of a message

export class StreamWriter {
  readonly #messages = new MessageWriter({ head: word })

  /** Of a message about items, in bytes. */
  set limit(limit: number) {
    this.#messages.limit = limit
  }

  /** Throws `NotCloneable` and `ItemTooLarge`. */
  write(message: Message): Buffer {
    const { bytes } = this.#messages.write(message)
    bytes.writeUInt32LE(bytes.length - word, 0)
    return bytes
  }
}

export class StreamReader {
  readonly #messages = new MessageReader()
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
      const all = this.#joined()
      if (this.#needed === 0) {
        this.#needed = word + all.readUInt32LE(0)
        if (this.#needed > longest) throw new CorruptFrame(0, this.#bytes, `a message of ${this.#needed} bytes`)
        continue
      }
      const message = all.subarray(word, this.#needed)
      this.#chunks = all.length > this.#needed ? [all.subarray(this.#needed)] : []
      this.#bytes = all.length - this.#needed
      this.#needed = 0
      this.#heard(this.#messages.read(message))
    }
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }
}
