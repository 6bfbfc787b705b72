/**
 * Writes numbers, strings and bytes where a frame is to lie.
 *
 * What does not fit there throws `isFull`, except in the first item of a frame: that is written to the end, into memory of its
 * own, so that it can be said how much it needs, and no getter is read twice.
 */
import { Buffer } from 'node:buffer'
import { type Bytes, encoding, tag, textHeadBytes } from './format.ts'

export const isFull = Symbol('the item does not fit')

export class ByteWriter {
  bytes: Bytes = Buffer.alloc(0) as Bytes
  view = new DataView(this.bytes.buffer)
  at = 0
  limit = 0
  /** The item may move to memory of its own: from `start` on. */
  mayMove = false
  /** Where the frame, or the item that moved, begins in `bytes`. */
  protected start = 0

  number(value: number): void {
    if (this.at + 9 > this.limit) this.room(9)
    if ((value | 0) === value && !(value === 0 && 1 / value < 0)) {
      if (value >= 0 && value < 128) {
        this.bytes[this.at++] = tag.smallInteger + value
      } else {
        this.bytes[this.at++] = tag.integer
        this.varint(((value << 1) ^ (value >> 31)) >>> 0)
      }
    } else {
      this.bytes[this.at] = tag.double
      this.view.setFloat64(this.at + 1, value, true)
      this.at += 9
    }
  }

  string(value: string): void {
    const units = value.length
    if (units < 24) {
      // One by one, while they are ASCII: a call into the runtime would take longer.
      if (this.at + 1 + units > this.limit) this.room(1 + units)
      const { bytes } = this
      let { at } = this
      bytes[at++] = tag.shortString + units
      let i = 0
      for (; i < units; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) break
        bytes[at++] = code
      }
      if (i === units) {
        this.at = at
        return
      }
    }
    this.tag(tag.string)
    this.text(value)
  }

  /** Its encoding, its length in bytes, its bytes. */
  text(value: string): void {
    const units = value.length
    const start = this.at + textHeadBytes
    if (start + units + 5 <= this.limit) {
      // UTF-8 takes as many bytes as there are units exactly where all are ASCII; with room for a character more, a text
      // that was cut short cannot look so.
      if (this.bytes.utf8Write(value, start, units + 5) === units) return this.#wrote(encoding.ascii, units)
    }
    const utf8 = Buffer.byteLength(value)
    if (utf8 === units) {
      this.room(textHeadBytes + units)
      this.bytes.utf8Write(value, this.at + textHeadBytes, units)
      this.#wrote(encoding.ascii, units)
    } else if (utf8 > units * 1.5 || !(value as WellFormed).isWellFormed()) {
      this.room(textHeadBytes + units * 2)
      this.bytes.ucs2Write(value, this.at + textHeadBytes, units * 2)
      this.#wrote(encoding.utf16, units * 2)
    } else {
      this.room(textHeadBytes + utf8)
      this.bytes.utf8Write(value, this.at + textHeadBytes, utf8)
      this.#wrote(encoding.utf8, utf8)
    }
  }

  #wrote(as: number, bytes: number): void {
    this.bytes[this.at] = as
    this.view.setUint32(this.at + 1, bytes, true)
    this.at += textHeadBytes + bytes
  }

  tag(value: number): void {
    if (this.at >= this.limit) this.room(1)
    this.bytes[this.at++] = value
  }

  /** A whole number from 0, 7 bits a byte, the lowest first; up to 2 ** 53. */
  varint(value: number): void {
    if (this.at + 8 > this.limit) this.room(8)
    let rest = value
    while (rest > 127) {
      this.bytes[this.at++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.at++] = rest
  }

  double(value: number): void {
    if (this.at + 8 > this.limit) this.room(8)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  raw(bytes: Uint8Array): void {
    if (this.at + bytes.length > this.limit) this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Room for so many bytes: here, in memory of its own, or not at all. */
  room(bytes: number): void {
    if (this.at + bytes <= this.limit) return
    if (!this.mayMove) throw isFull
    const length = this.at - this.start
    const larger = Buffer.allocUnsafeSlow(2 * length + bytes + 1_024) as Bytes
    larger.set(this.bytes.subarray(this.start, this.at))
    this.into(larger, 0, larger.length)
    this.at = length
  }

  /** Writes into `bytes` from now on, from `at` up to `limit`. */
  into(bytes: Bytes, at: number, limit: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.start = this.at = at
    this.limit = limit
  }
}

/** Every Node has it; the types of ES2023 do not. */
type WellFormed = string & { isWellFormed(): boolean }
