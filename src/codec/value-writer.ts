/**
 * Writes any value as structured clone would carry it, tag by tag.
 *
 * Objects are numbered within an item, in the order in which they are met; who is met again is written as that number.
 */
import { Buffer } from 'node:buffer'
import { inspect, types } from 'node:util'
import { withArticle } from '../messages.ts'
import { kindOf } from './built-ins.ts'
import { ByteWriter } from './byte-writer.ts'
import { depthLimit, tag } from './format.ts'
import { Refusal } from './refusal.ts'
import { type Shape, Shapes } from './shape.ts'
import { writeBuiltIn } from './write-built-in.ts'

/** The item cannot be a row: it refers to itself, or changed while it was read. */
export const isUnfit = Symbol('the item is no row')

export interface WriterOptions {
  /** Whether what cannot be bytes goes beside them: by a port, to a thread. @default false: it is refused */
  readonly attach?: boolean | undefined
  /** Memory that the reader has as well: large buffers are put there, and what lies there is only referred to. */
  readonly shared?: SharedMemory | undefined
  /** What an error, or an instance of a class, is written as; undefined: as structured clone does. */
  readonly reduce?: ((value: object) => Reduced | undefined) | undefined
}

/** Segments, whole numbers from 0, that are held for the reader of a frame: each as often as the frame names it. */
export interface SharedMemory {
  /** Buffers of so many bytes or more are put there. */
  readonly threshold: number
  /** A copy of the bytes, held. Undefined: there is no room, and they go in the frame. */
  put(bytes: Uint8Array): number | undefined
  /** The segment that this object was made for. Undefined: it is other memory. */
  segmentOf(memory: SharedArrayBuffer): number | undefined
  hold(segment: number): void
  /** The item did not fit into its frame, or cannot be sent: it will be encoded again, or never. */
  drop(segment: number): void
}

export interface Reduced {
  readonly name: string
  readonly value: unknown
}

/** Where a writer was, to go back there. */
export interface Mark {
  readonly at: number
  readonly shapes: number
  readonly attachments: number
  readonly kept: number
  readonly referred: number
}

export class ValueWriter extends ByteWriter {
  readonly attachments: unknown[] = []
  readonly moved: unknown[] = []
  readonly shapes = new Shapes()
  /** Where the row that is being written began, but for `at`. */
  readonly rowMark = { at: 0, shapes: 0, attachments: 0, kept: 0, referred: 0 }

  /** Buffers from so many bytes on are kept elsewhere. */
  readonly largeFrom: number

  readonly #attach: boolean
  readonly #shared: SharedMemory | undefined
  readonly #reduce: WriterOptions['reduce']
  #depth = 0
  /** Counts frames: a shape whose `frame` it is has been announced. */
  #frame = 0
  readonly #announced: Shape[] = []
  /** Segments that the frame names: all of them are held for its reader. */
  readonly kept: number[] = []
  /** Bytes of what lies there: of each value that refers to it its own. */
  referred = 0
  /** Objects of the item, in the order in which they were met; the first few are found by looking, the others by `#places`. */
  readonly #seen: unknown[] = []
  readonly #places = new Map<object, number>()
  #count = 0
  /** The record that is being written as a row. */
  #row: object | undefined
  /** Objects that are being written by what `reduce` gave for them. */
  readonly #reducing: object[] = []

  constructor({ attach = false, shared, reduce }: WriterOptions = {}) {
    super()
    this.#attach = attach
    this.#shared = shared
    this.largeFrom = shared?.threshold ?? Number.POSITIVE_INFINITY
    this.#reduce = reduce
  }

  /** A new frame: shapes have to be announced again. */
  begin(): void {
    this.#frame++
    // To set a length takes as long as to write a record, even where it changes nothing.
    while (this.#announced.length > 0) this.#announced.pop()
    if (this.kept.length > 0) this.kept.length = 0
    this.referred = 0
    if (this.attachments.length > 0) this.attachments.length = this.moved.length = 0
    this.#depth = 0
    this.mayMove = false
  }

  /** Lets go of what it has seen. */
  end(): void {
    if (this.#places.size > 0) this.#places.clear()
    this.#row = undefined
    if (this.#reducing.length > 0) this.#reducing.length = 0
    this.#seen.fill(undefined) // 16 at most
    this.#count = 0
  }

  mark(): Mark {
    return {
      at: this.at,
      shapes: this.#announced.length,
      attachments: this.attachments.length,
      kept: this.kept.length,
      referred: this.referred,
    }
  }

  back({ at, shapes, attachments, kept, referred }: Mark): void {
    this.at = at
    while (this.#announced.length > shapes) this.#announced.pop()!.frame = 0
    for (const gone of this.attachments.splice(attachments)) {
      const place = this.moved.indexOf(gone)
      if (place >= 0) this.moved.splice(place, 1)
    }
    this.letGo(kept)
    this.referred = referred
    this.#depth = 0
    this.#reducing.length = 0
  }

  /** Nobody will read what names these segments: all from the `from`-th on. */
  letGo(from: number): void {
    while (this.kept.length > from) this.#shared!.drop(this.kept.pop()!)
  }

  /** One item. Objects are shared within it, and with no other. */
  item(value: unknown): void {
    this.#forget()
    this.#row = undefined
    this.value(value)
  }

  /** The item whose values follow is a row: nothing may refer to it. */
  row(record: object): void {
    this.#forget()
    this.rowMark.shapes = this.#announced.length
    this.rowMark.attachments = this.attachments.length
    this.rowMark.kept = this.kept.length
    this.rowMark.referred = this.referred
    this.#row = record
    this.#seen[0] = record
    this.#count = 1
  }

  #forget(): void {
    this.#count = 0
    if (this.#places.size > 0) this.#places.clear()
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        return this.number(value)
      case 'string':
        return this.string(value)
      case 'boolean':
        return this.tag(value ? tag.true : tag.false)
      case 'object':
        return value === null ? this.tag(tag.null) : this.object(value)
      case 'undefined':
        return this.tag(tag.undefined)
      case 'bigint':
        return this.#bigint(value)
      default:
        throw refusedPrimitive(value)
    }
  }

  /** The property is undefined, or went while the object was read. */
  missing(record: object, key: string): void {
    if (Object.hasOwn(record, key)) return this.tag(tag.undefined)
    if (record === this.#row) throw isUnfit
    this.tag(tag.absent)
  }

  object(value: object): void {
    if (this.#isReference(value)) return
    if (++this.#depth > depthLimit) {
      throw new Refusal(
        value,
        `nested more than ${depthLimit.toLocaleString('en')} levels deep`,
        'send it flatter, as an array of its parts',
      )
    }
    if (Array.isArray(value)) this.#array(value)
    else {
      const prototype = Object.getPrototypeOf(value)
      if (prototype === Object.prototype || prototype === null) this.#record(value as Record<string, unknown>)
      else this.#other(value, prototype)
    }
    this.#depth--
  }

  /** Writes a reference where the object was met before in this item; else it is met now. */
  #isReference(value: object): boolean {
    const count = this.#count
    let place = -1
    if (count <= 16) {
      for (let i = 0; i < count; i++) {
        if (this.#seen[i] === value) {
          place = i
          break
        }
      }
    } else place = this.#places.get(value) ?? -1
    if (place >= 0) {
      if (value === this.#row) throw isUnfit
      if (this.#reducing.length > 0 && this.#reducing.includes(value)) {
        throw new Refusal(
          value,
          'an object that is sent by what stands for it, which refers to it',
          'leave out the reference',
        )
      }
      this.tag(tag.reference)
      this.varint(place)
      return true
    }
    if (count < 16) this.#seen[count] = value
    else {
      if (count === 16) for (let i = 0; i < 16; i++) this.#places.set(this.#seen[i] as object, i)
      this.#places.set(value, count)
    }
    this.#count = count + 1
    return false
  }

  #record(value: Record<string, unknown>): void {
    const keys = Object.keys(value)
    const shape = this.shapes.find(keys)
    if (shape === undefined) return this.#entries(value, keys)
    if (shape.frame === this.#frame) {
      this.tag(tag.record)
      this.varint(shape.index)
    } else {
      this.tag(tag.newRecord)
      this.raw(shape.bytes)
      shape.frame = this.#frame
      shape.index = this.#announced.push(shape) - 1
    }
    if (shape.isFrequent()) return shape.fields!(value, this)
    for (let i = 0; i < keys.length; i++) {
      const field = value[keys[i]!]
      if (field === undefined) this.missing(value, keys[i]!)
      else this.value(field)
    }
  }

  #entries(value: Record<string, unknown>, keys: readonly string[]): void {
    this.tag(tag.object)
    this.varint(keys.length)
    for (const key of keys) {
      this.string(key)
      const field = value[key]
      if (field === undefined) this.missing(value, key)
      else this.value(field)
    }
  }

  #array(value: readonly unknown[]): void {
    const { length } = value
    if (!isDense(value)) return this.#sparse(value)
    let next = 0
    if (typeof value[0] === 'number' && length > 3) {
      this.tag(tag.numbers)
      this.varint(length)
      this.room(4)
      const place = this.at - this.start
      this.at += 4
      next = this.#run(value)
      this.view.setUint32(this.start + place, next, true)
    } else {
      this.tag(tag.array)
      this.varint(length)
    }
    for (; next < length; next++) {
      const element = value[next]
      if (element !== undefined) this.value(element)
      else this.tag(Object.hasOwn(value, next) ? tag.undefined : tag.absent)
    }
  }

  /** The numbers that an array begins with: how many they are. */
  #run(value: readonly unknown[]): number {
    const { length } = value
    let next = 0
    for (;;) {
      const { view, limit } = this
      let { at } = this
      for (; next < length && at + 8 <= limit; next++, at += 8) {
        const element = value[next]
        if (typeof element !== 'number') break
        view.setFloat64(at, element, true)
      }
      this.at = at
      if (next === length || at + 8 <= limit) return next
      this.room(8)
    }
  }

  /** With holes, or with properties beside the elements. */
  #sparse(value: readonly unknown[]): void {
    const keys = Object.keys(value)
    this.tag(tag.sparse)
    this.varint(value.length)
    this.varint(keys.length)
    for (const key of keys) {
      const index = Number(key)
      if (index < value.length && String(index) === key && Number.isInteger(index) && index >= 0) this.number(index)
      else this.string(key)
      const element = (value as unknown as Record<string, unknown>)[key]
      if (element === undefined) this.missing(value, key)
      else this.value(element)
    }
  }

  #other(value: object, prototype: object): void {
    const kind = kindOf(value, prototype)
    if ((kind === 'instance' || kind === 'error') && this.#reduce !== undefined) {
      const reduced = this.#reduce(value)
      if (reduced !== undefined) {
        this.tag(tag.reduced)
        this.string(reduced.name)
        this.#reducing.push(value)
        this.value(reduced.value)
        this.#reducing.pop()
        return
      }
    }
    if (kind === 'instance') this.#record(value as Record<string, unknown>)
    else writeBuiltIn(this, value, kind)
  }

  /** Whether an object was met in this item. */
  hasSeen(value: object): boolean {
    if (this.#count > 16) return this.#places.has(value)
    for (let i = 0; i < this.#count; i++) if (this.#seen[i] === value) return true
    return false
  }

  /** An object that is written with another; it is the next that is met. */
  meet(value: object): void {
    this.#isReference(value)
  }

  /** A value that goes beside the frame; `moves`: and is gone here. */
  attach(value: object, name: string, moves: boolean): void {
    if (!this.#attach) {
      throw new Refusal(value, `${withArticle(name)}, which stays in its process`, 'send what it holds, as a copy')
    }
    this.tag(tag.attachment)
    let place = this.attachments.indexOf(value)
    if (place < 0) {
      place = this.attachments.push(value) - 1
      if (moves) this.moved.push(value)
    }
    this.varint(place)
  }

  /** The bytes of a buffer: in shared memory if they are many, and there is room. False if not. */
  keep(bytes: Uint8Array, as: number): boolean {
    if (bytes.byteLength < this.largeFrom) return false
    const segment = this.#shared!.put(bytes)
    if (segment === undefined) return false
    this.kept.push(segment)
    this.referred += bytes.byteLength
    this.tag(as)
    this.varint(segment)
    this.varint(bytes.byteLength)
    return true
  }

  /** Whether shared memory can go, and not only the bytes in it. */
  mayShare(memory: SharedArrayBuffer): boolean {
    return this.#attach || this.segmentOf(memory) !== undefined
  }

  segmentOf(memory: SharedArrayBuffer): number | undefined {
    return this.#shared?.segmentOf(memory)
  }

  /** A view of shared memory: its bytes go as well, if only by reference. */
  refer(memory: ArrayBufferLike, bytes: number): void {
    if (types.isSharedArrayBuffer(memory) && this.segmentOf(memory) !== undefined) this.referred += bytes
  }

  /** Shared memory goes as itself: by the segment that it was made for, or by a port. */
  sharedMemory(memory: SharedArrayBuffer): void {
    const segment = this.segmentOf(memory)
    if (segment === undefined) return this.attach(memory, 'SharedArrayBuffer', false)
    this.#shared!.hold(segment)
    this.kept.push(segment)
    this.tag(tag.segment)
    this.varint(segment)
  }

  #bigint(value: bigint): void {
    let digits = (value < 0n ? -value : value).toString(16)
    if (digits.length % 2 === 1) digits = `0${digits}`
    const bytes = Buffer.from(digits, 'hex')
    this.tag(tag.bigint)
    this.tag(value < 0n ? 1 : 0)
    this.varint(bytes.length)
    this.raw(bytes)
  }
}

/**
 * An array of its elements and nothing else: no properties beside them, and hardly a hole.
 *
 * Keys come as indices first, in order, and then names: there are `length` of them, and the last is the last index, only
 * where they are all indices. Of a long array they would be too many to make; what `inspect` says behind none of the
 * elements is what else there is. Holes are written one by one, so that there must not be many: some places tell.
 */
function isDense(value: readonly unknown[]): boolean {
  const { length } = value
  if (length > 128 && length < 10_000_000 && inspect(value, nothingOf) === `[ ... ${length} more items ]`) {
    let at = 0
    while (at < length && Object.hasOwn(value, at)) at += length >> 4
    if (at >= length) return true
  }
  const keys = Object.keys(value)
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1))
}

const nothingOf = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY }

function refusedPrimitive(value: unknown): Refusal {
  return typeof value === 'function'
    ? new Refusal(value, 'a function', 'send data, and keep functions in the actor')
    : new Refusal(value, 'a symbol', 'send a string')
}
