/**
 * Reads numbers, strings and bytes of a frame, and nothing outside of it: what would go beyond `end` is `Corrupt`, before any
 * memory is made for it.
 */
import { Buffer } from 'node:buffer'
import { Corrupt } from './corrupt.ts'
import { type Bytes, encoding } from './format.ts'
import { ShortStrings } from './short-strings.ts'

export class ByteReader {
  bytes: Bytes = Buffer.alloc(0) as Bytes
  view = new DataView(this.bytes.buffer)
  at = 0
  end = 0
  readonly #strings = new ShortStrings()

  shortString(units: number): string {
    this.need(units)
    const at = this.at
    this.at += units
    return this.#strings.read(this.bytes, at, units)
  }

  text(): string {
    this.need(5)
    const as = this.bytes[this.at]
    const length = this.view.getUint32(this.at + 1, true)
    this.at += 5
    this.need(length)
    const from = this.at
    this.at += length
    if (as === encoding.ascii) return this.bytes.latin1Slice(from, this.at)
    if (as === encoding.utf8) return this.bytes.utf8Slice(from, this.at)
    if (as !== encoding.utf16 || length % 2 === 1) throw new Corrupt('a string is in no encoding')
    return this.bytes.ucs2Slice(from, this.at)
  }

  /** How many of something follow that take at least a byte each. */
  count(): number {
    const count = this.varint()
    this.need(count)
    return count
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      if (this.at >= this.end) throw new Corrupt('it ends in the middle of a number')
      const byte = this.bytes[this.at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new Corrupt('a length has too many digits')
  }

  double(): number {
    this.need(8)
    const value = this.view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  byte(): number {
    this.need(1)
    return this.bytes[this.at++]!
  }

  /** The next bytes, where they are: to be copied. */
  raw(length: number): Buffer {
    this.need(length)
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  need(bytes: number): void {
    if (this.at + bytes > this.end) throw new Corrupt('something is longer than the frame')
  }
}
