/**
 * Writes items as a frame: as many as fit.
 *
 *     items      3  4  5  'a'  {a:1}  'b'  {x,y} {x,y} {x,y} …
 *     segments  [numbers][   values     ][      records      …
 *
 * The encoder looks at the next few items: a run of numbers, strings, Buffers or records of one shape has a segment that costs
 * next to nothing for each; everything else is written value by value, as structured clone would carry it. Which of them
 * was chosen makes no difference to what arrives.
 *
 * Invariant: a frame holds whole items, and the first of those left out is the first of the next frame.
 */
import { Buffer } from 'node:buffer'
import { NotCloneable } from '../errors.ts'
import { isFull } from './byte-writer.ts'
import { type Bytes, encoding, headBytes, isPolluted, longText, segment, textHeadBytes, textUnits } from './format.ts'
import { Run } from './record-writer.ts'
import { pathTo, Refusal } from './refusal.ts'
import type { Shape } from './shape.ts'
import { isUnfit, type Mark, ValueWriter, type WriterOptions } from './value-writer.ts'

/** What became of the items. It is one object for all calls: it holds until the next. */
export interface Encoded {
  /** Items in the frame. None, where even the first does not fit. */
  readonly taken: number
  /** Bytes of the frame. */
  readonly bytes: number
  /** Where nothing was taken: the bytes that the first item needs. Otherwise 0. */
  readonly needed: number
  /** Where nothing was taken: the frame of the first item alone, to be copied to where there is room. */
  readonly spilled: Uint8Array | undefined
  /** What goes beside the frame, by a port, and is given to the decoder with it. */
  readonly attachments: readonly unknown[]
  /** Those of them that have to be transferred. */
  readonly moved: readonly unknown[]
  /** Segments of shared memory that are held for the reader: whoever carries the frame drops each once it was read. */
  readonly kept: readonly number[]
  /** Bytes of what lies there. */
  readonly referred: number
}

export type EncoderOptions = WriterOptions

/** A run shorter than this was not worth a segment of its own. */
const shortRun = 8

export class FrameEncoder {
  readonly #out: ValueWriter
  readonly #run = new Run()
  readonly #encoded = {
    taken: 0,
    bytes: 0,
    needed: 0,
    spilled: undefined as Uint8Array | undefined,
    attachments: [] as unknown[],
    moved: [] as unknown[],
    kept: [] as number[],
    referred: 0,
  }
  /** Where the last frame was written. Views of it are made once. */
  #target: Uint8Array | undefined
  #memory: Bytes = Buffer.alloc(0) as Bytes
  /** No more fits into this frame. */
  #isOver = false
  #isPlain = true

  constructor(options?: EncoderOptions) {
    this.#out = new ValueWriter(options)
  }

  /**
   * Writes items[from … to), as many as fit, into `limit` bytes of `target` from `offset` on.
   *
   * Throws `NotCloneable` where the first item cannot be sent, and what a getter in it throws. Where a later one cannot, the
   * frame ends before it. An item that does not fit is read again for its own frame.
   */
  encode(
    items: readonly unknown[],
    from: number,
    to: number,
    target: Uint8Array,
    offset: number,
    limit: number,
  ): Encoded {
    const end = Math.min(offset + limit, target.length)
    const memory = this.#bind(target)
    const out = this.#out
    const encoded = this.#encoded
    out.begin()
    out.into(memory, offset, end)
    this.#isOver = false
    this.#isPlain = !isPolluted()
    let at = from
    let stretch = 16
    try {
      while (at < to && !this.#isOver) {
        let taken = this.#segment(items, at, to, at === from)
        if (taken >= shortRun) stretch = 16
        if (taken === 0 && (!this.#isOver || at === from)) {
          this.#isOver = false
          taken = this.#values(items, at, Math.min(to, at + stretch), at === from)
          stretch *= 2
        }
        at += taken
        if (out.bytes !== memory) return this.#spilled()
      }
      encoded.taken = at - from
      encoded.bytes = out.at - offset
      encoded.needed = 0
      encoded.spilled = undefined
      encoded.attachments = out.attachments.length > 0 ? out.attachments.slice() : none
      encoded.moved = out.moved.length > 0 ? out.moved.slice() : none
      encoded.kept = out.kept.length > 0 ? out.kept.slice() : noSegments
      encoded.referred = out.referred
      return encoded
    } catch (error) {
      out.letGo(0)
      throw this.#named(error, items[from])
    } finally {
      out.end()
    }
  }

  #spilled(): Encoded {
    const { bytes, at, attachments, moved, kept, referred } = this.#out
    const encoded = this.#encoded
    encoded.taken = 0
    encoded.bytes = 0
    encoded.needed = at + slack
    encoded.spilled = bytes.subarray(0, at)
    encoded.attachments = attachments.slice()
    encoded.moved = moved.slice()
    encoded.kept = kept.slice()
    encoded.referred = referred
    return encoded
  }

  #bind(target: Uint8Array): Bytes {
    if (target === this.#target) return this.#memory
    this.#target = target
    this.#memory = Buffer.from(target.buffer, target.byteOffset, target.byteLength) as Bytes
    return this.#memory
  }

  /** A segment for the run of items that are alike; 0 where there is none, or no room for one. */
  #segment(items: readonly unknown[], at: number, to: number, isFirst: boolean): number {
    const item = items[at]
    const type = typeof item
    const ahead = Math.min(at + 4, to)
    for (let i = at + 1; i < ahead; i++) if (typeof items[i] !== type) return 0
    if (type === 'number') return this.#numbers(items, at, to)
    if (type === 'string') return this.#strings(items, at, to)
    if (type !== 'object' || item === null) return 0
    if (Buffer.isBuffer(item)) return this.#buffers(items, at, to)
    if ((item as object).constructor !== Object || !this.#isPlain) return 0
    const shape = this.#out.shapes.find(Object.keys(item as object))
    return shape?.isFrequent() ? this.#records(items, at, to, shape, isFirst) : 0
  }

  /** The head of a segment, and its count when that is known. */
  #head(kind: number, bytes: number): boolean {
    const out = this.#out
    if (out.at + headBytes + bytes > out.limit) {
      this.#isOver = true
      return false
    }
    out.bytes[out.at] = kind
    out.at += headBytes
    return true
  }

  #numbers(items: readonly unknown[], from: number, to: number): number {
    const out = this.#out
    const start = out.at
    if (!this.#head(segment.numbers, 8)) return 0
    const { view } = out
    const most = Math.min(to, from + Math.floor((out.limit - out.at) / 8))
    let { at } = out
    let i = from
    for (; i < most; i++, at += 8) {
      const item = items[i]
      if (typeof item !== 'number') break
      view.setFloat64(at, item, true)
    }
    out.at = at
    this.#isOver = i === most && i < to
    view.setUint32(start + 1, i - from, true)
    return i - from
  }

  #strings(items: readonly unknown[], from: number, to: number): number {
    const out = this.#out
    const before = out.mark()
    if (!this.#head(segment.strings, 4 + textHeadBytes)) return 0
    const lengths = out.at + 4
    const room = out.limit - lengths - textHeadBytes
    const { view } = out
    let units = 0
    let i = from
    for (; i < to && units < textUnits; i++) {
      const item = items[i]
      if (typeof item !== 'string' || item.length > longText) break
      if ((i - from + 1) * 4 + units + item.length > room) {
        this.#isOver = true
        break
      }
      view.setUint32(lengths + (i - from) * 4, item.length, true)
      units += item.length
    }
    out.at = lengths + (i - from) * 4
    // Of long strings one text is slower to make than they are to write one by one.
    if (units > (i - from) * 256 && this.#written(items as string[], from, i, units, before.at)) return i - from
    let text = ''
    for (let each = from; each < i; each++) text += items[each] as string
    return this.#closed(before, before.at + headBytes, from, i, text, half => this.#strings(items, from, half))
  }

  /** Writes the text of a segment of strings, if it is ASCII. */
  #written(items: readonly string[], from: number, to: number, units: number, start: number): boolean {
    const out = this.#out
    const { at, bytes, view, limit } = out
    if (at + textHeadBytes + units + slack > limit) return false
    let end = at + textHeadBytes
    for (let i = from; i < to; i++) {
      const { length } = items[i]!
      // Room for one character more, as in `text`.
      if (bytes.utf8Write(items[i]!, end, length + 5) !== length) return false
      end += length
    }
    bytes[at] = encoding.ascii
    view.setUint32(at + 1, units, true)
    view.setUint32(start + headBytes, at - start - headBytes, true)
    view.setUint32(start + 1, to - from, true)
    out.at = end
    return true
  }

  #buffers(items: readonly unknown[], from: number, to: number): number {
    const out = this.#out
    const start = out.at
    if (!this.#head(segment.buffers, 4)) return 0
    // Lengths come first: how many there will be is seen before anything is copied.
    const { view, bytes, limit } = out
    const most = limit - out.at
    let at = out.at
    let sum = 0
    let i = from
    let known: unknown
    for (; i < to; i++, at += 4) {
      const item = items[i]
      if (!Buffer.isBuffer(item)) break
      const { length } = item
      if (length === 0 || length >= out.largeFrom) break
      const memory: unknown = item.buffer
      if (memory !== known) {
        if (memory instanceof SharedArrayBuffer) break
        known = memory
      }
      sum += length
      if ((i - from + 1) * 4 + sum > most) {
        this.#isOver = true
        break
      }
      view.setUint32(at, length, true)
    }
    for (let each = from; each < i; each++) {
      const item = items[each] as Buffer
      bytes.set(item, at)
      at += item.length
    }
    out.at = i === from ? start : at
    view.setUint32(start + 1, i - from, true)
    return i - from
  }

  #records(items: readonly unknown[], from: number, to: number, shape: Shape, isFirst: boolean): number {
    const out = this.#out
    const run = this.#run
    const before = out.mark()
    const { limit } = out
    const layout = shape.layoutOf(items[from] as object)
    if (layout === undefined) return 0
    if (!this.#head(segment.records, 4 + layout.bytes.length + slack)) return 0
    const place = out.at
    out.at += 4
    out.raw(layout.bytes)
    out.limit = limit - slack
    run.start(out.at)
    let i = from
    try {
      i = layout.write(items, from, to, out, run)
    } catch (error) {
      if (error !== isFull && error !== isUnfit && !(error instanceof Refusal) && run.index === from && isFirst)
        throw error
      // The row that could not be written is left to the values, which say why.
      i = run.index
      out.back({ ...out.rowMark, at: run.at })
      if (error !== isUnfit) this.#isOver = true
    }
    out.limit = limit
    if (run.isFull) this.#isOver = true
    if (run.other >= 0) shape.widen(run.other)
    if (i === from) {
      out.back(before)
      return 0
    }
    if (!layout.hasText) {
      out.view.setUint32(place, out.at - place, true)
      out.view.setUint32(before.at + 1, i - from, true)
      return i - from
    }
    return this.#closed(before, place, from, i, run.text, half => this.#records(items, from, half, shape, isFirst))
  }

  /** Writes the text of a segment behind what is cut from it. Where it takes more than was thought, half of the items must do. */
  #closed(before: Mark, place: number, from: number, to: number, text: string, again: (to: number) => number): number {
    const out = this.#out
    const end = out.at
    if (to === from) {
      out.back(before)
      return 0
    }
    try {
      out.text(text)
    } catch (error) {
      if (error !== isFull) throw error
      out.back(before)
      if (to - from === 1) {
        this.#isOver = true
        return 0
      }
      const taken = again(from + ((to - from) >> 1))
      this.#isOver = true
      return taken
    }
    out.view.setUint32(place, end - place, true)
    out.view.setUint32(before.at + 1, to - from, true)
    return to - from
  }

  /** Value by value. `isFirst`: of the frame; then the first item may move to where it has room. */
  #values(items: readonly unknown[], from: number, to: number, isFirst: boolean): number {
    const out = this.#out
    const start = out.at
    out.mayMove = isFirst
    try {
      out.room(headBytes)
    } catch {
      this.#isOver = true
      return 0
    }
    out.bytes[out.at] = segment.values
    out.at += headBytes
    let i = from
    let before = out.mark()
    try {
      for (; i < to; i++) {
        out.item(items[i])
        if (out.bytes !== this.#memory) {
          out.view.setUint32(1, 1, true)
          return 1
        }
        out.mayMove = false
        if (i + 1 < to) before = out.mark()
      }
    } catch (error) {
      if (isFirst && i === from) throw error
      out.back(before)
      this.#isOver = true
    }
    if (i === from) out.at = start
    else out.view.setUint32(start + 1, i - from, true)
    return i - from
  }

  /** What is thrown, with the place of what cannot be sent. */
  #named(error: unknown, item: unknown): unknown {
    if (error instanceof Refusal) return new NotCloneable(pathTo(error.culprit, item), error.what, error.fix)
    if (error instanceof RangeError && error.message === 'Maximum call stack size exceeded') {
      return new NotCloneable(
        '',
        'nested too deeply for the stack of this thread',
        'send it flatter, as an array of its parts',
      )
    }
    return error
  }
}

const none: unknown[] = []
const noSegments: number[] = []
/** What writers ask for beyond what they then need. */
const slack = 16
