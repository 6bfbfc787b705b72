/**
 * Reads the items of a frame, as copies: the memory that it lies in may be written again as soon as it has been read.
 *
 * Invariant: whatever the bytes are, it reads nothing outside of them, ends, takes memory in proportion to them, and either
 * gives items or throws `CorruptFrame`. That values are those that were sent, only a checksum could tell.
 */
import { Buffer } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'
import { CorruptFrame } from '../errors.ts'
import { Corrupt } from './corrupt.ts'
import { type Bytes, headBytes, segment } from './format.ts'
import { worthRoom } from './read-shape.ts'
import { type ReaderOptions, ValueReader } from './value-reader.ts'

export type DecoderOptions = ReaderOptions

/** Small Buffers share memory, as those of Node do: so much of it. */
const poolBytes = 65_536

export class FrameDecoder {
  readonly #source: ValueReader
  /** Where the last frame was read. Views of it are made once. */
  #bound: Uint8Array | undefined
  #bytes: Bytes = Buffer.alloc(0) as Bytes
  #view = new DataView(this.#bytes.buffer)

  constructor(options?: DecoderOptions) {
    this.#source = new ValueReader(options)
  }

  /**
   * Appends the items of the frame that lies in `bytes` bytes of `source` from `offset` on; gives how many they are.
   * `attachments` are those that the encoder gave with it. Appends nothing where it throws.
   */
  decode(
    source: Uint8Array,
    offset: number,
    bytes: number,
    into: unknown[],
    attachments: readonly unknown[] = [],
  ): number {
    this.#bind(source)
    const reader = this.#source
    const before = into.length
    const end = offset + bytes
    if (!(offset >= 0 && bytes >= 0 && end <= source.length))
      throw new CorruptFrame(0, bytes, 'it lies outside of its memory')
    reader.begin(this.#bytes, this.#view, offset, end, attachments)
    try {
      while (reader.at < end) this.#segment(into, end)
      return into.length - before
    } catch (error) {
      into.length = before
      if (error instanceof Corrupt) throw new CorruptFrame(reader.at - offset, bytes, error.what)
      if (isOverflow(error))
        throw new CorruptFrame(reader.at - offset, bytes, 'its values are nested too deeply for this stack')
      throw error
    } finally {
      reader.finish()
    }
  }

  #bind(source: Uint8Array): void {
    if (source === this.#bound) return
    this.#bound = source
    this.#bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength) as Bytes
    this.#view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  }

  #segment(into: unknown[], end: number): void {
    const reader = this.#source
    reader.need(headBytes)
    const kind = this.#bytes[reader.at]
    const count = this.#view.getUint32(reader.at + 1, true)
    reader.at += headBytes
    switch (kind) {
      case segment.numbers:
        return this.#numbers(into, count)
      case segment.strings:
        return this.#strings(into, count)
      case segment.buffers:
        return this.#buffers(into, count)
      case segment.records:
        return this.#records(into, count)
      case segment.values: {
        if (count > end - reader.at) throw new Corrupt('it has more items than bytes')
        for (let i = 0; i < count; i++) into.push(reader.item())
        return
      }
      default:
        throw new Corrupt(`there are no segments of kind ${kind}`)
    }
  }

  #numbers(into: unknown[], count: number): void {
    const reader = this.#source
    reader.need(count * 8)
    const view = this.#view
    let { at } = reader
    let place = into.length
    if (count > worthRoom) into.length = place + count
    for (const end = at + count * 8; at < end; at += 8) into[place++] = view.getFloat64(at, true)
    reader.at = at
  }

  #strings(into: unknown[], count: number): void {
    const { at, end } = this.#rows()
    this.#source.at = end
    const text = this.#source.text()
    if (count * 4 !== end - at) throw new Corrupt('it has more strings than lengths, or fewer')
    const view = this.#view
    let used = 0
    let place = into.length
    if (count > worthRoom) into.length = place + count
    for (let length = at; length < end; length += 4) {
      const from = used
      used += view.getUint32(length, true)
      into[place++] = text.substring(from, used)
    }
    if (used !== text.length) throw new Corrupt('its strings are longer than their text, or shorter')
  }

  /** Where lengths or rows begin, and where they end. */
  #rows(): { at: number; end: number } {
    const reader = this.#source
    const { at } = reader
    reader.need(4)
    const end = at + this.#view.getUint32(at, true)
    if (end < at + 4 || end > reader.end) throw new Corrupt('its rows end outside of it')
    return { at: at + 4, end }
  }

  #buffers(into: unknown[], count: number): void {
    const reader = this.#source
    reader.need(count * 4)
    const view = this.#view
    let at = reader.at + count * 4
    let lengths = reader.at
    for (let i = 0; i < count; ) {
      // As many as share a piece of memory.
      let bytes = 0
      let next = i
      for (; next < count; next++) {
        const length = view.getUint32(lengths + (next - i) * 4, true)
        if (next > i && bytes + length > poolBytes) break
        bytes += length
      }
      reader.at = at
      const copy = Buffer.allocUnsafeSlow(reader.raw(bytes).length)
      copy.set(this.#bytes.subarray(at, at + bytes))
      const { buffer } = copy
      if (next - i > 1) markAsUntransferable(buffer)
      let from = 0
      for (; i < next; i++, lengths += 4) {
        const length = view.getUint32(lengths, true)
        if (from + length > bytes) throw new Corrupt('its buffers changed while they were read')
        into.push(new FastBuffer(buffer, from, length))
        from += length
      }
      at += bytes
    }
    reader.at = at
  }

  #records(into: unknown[], count: number): void {
    const reader = this.#source
    const { at, end } = this.#rows()
    reader.at = at
    const shape = reader.known.read(reader, count)
    const rows = reader.at
    if (rows > end || count * Math.max(shape.rowBytes, 1) > end - rows) throw new Corrupt('it has more rows than bytes')
    reader.at = end
    const text = shape.hasText ? reader.text() : ''
    const behind = reader.at
    // Rows end where they say, and not where the frame does.
    reader.at = rows
    const outer = reader.end
    reader.end = end
    const used = shape.rows(reader, count, end, text, into)
    if (reader.at !== end) throw new Corrupt('its rows are longer than they say, or shorter')
    if (used !== text.length) throw new Corrupt('its strings are longer than their text, or shorter')
    reader.at = behind
    reader.end = outer
  }
}

type BufferOver = new (memory: ArrayBufferLike, from: number, length: number) => Buffer

/** The class that Buffers are made by. Through `Buffer.from` it takes twice as long. */
const FastBuffer = ((): BufferOver => {
  const species = (Buffer as unknown as { [Symbol.species]?: BufferOver })[Symbol.species]
  if (species && species.prototype === Buffer.prototype) return species
  return function from(memory: ArrayBuffer, at: number, length: number) {
    return Buffer.from(memory, at, length)
  } as unknown as BufferOver
})()

/** The stack of whoever reads may be smaller than that of who wrote. */
function isOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded'
}
