/**
 * Reads what a ValueWriter wrote, and does not trust it: every length is compared with what is left of the frame before
 * anything is made of it.
 *
 * Objects are made when their fields have been read, all at once: that is fastest, and right as long as nothing inside
 * refers to what is not there yet. Where something does, the value is read once more, each object before what is in it.
 */
import { ByteReader } from './byte-reader.ts'
import { Corrupt } from './corrupt.ts'
import { type Bytes, depthLimit, reserveLimit, tag } from './format.ts'
import { readBuiltIn } from './read-built-in.ts'
import { type ReadShape, ReadShapes } from './read-shape.ts'

export interface ReaderOptions {
  /** The memory that the writer has as well. */
  readonly shared?: SegmentReader | undefined
  /** Makes again what `reduce` took apart. */
  readonly revive?: ((name: string, value: unknown) => unknown) | undefined
}

/** Segments, while they are held for the reader of this frame. */
export interface SegmentReader {
  /** Where a segment lies in the memory. Undefined: it is none. */
  extent(segment: number): { readonly at: number; readonly bytes: number } | undefined
  /** The memory, as an object of its own: as long as it is there, the segment is. */
  lease(segment: number): SharedArrayBuffer
  /** The memory, to be read before the frame is done. */
  readonly bytes: Uint8Array
}

/** Something refers to an object that is not there yet, or a property is missing: read again, with care. */
const isEarly = Symbol('not there yet')
const unset = Symbol('an object that is not there yet')

const none: readonly unknown[] = []

/** So many places of an array are emptied, where more of them are given back. */
const few = 64

export class ValueReader extends ByteReader {
  attachments: readonly unknown[] = none
  readonly options: ReaderOptions
  readonly known = new ReadShapes()
  /** Shapes of this frame. */
  readonly #shapes: ReadShape[] = []
  /** Objects of this item, in the order in which they were met. */
  readonly #objects: unknown[] = []
  #met = 0
  #isCareful = false
  #depth = 0
  #reserved = 0

  constructor(options: ReaderOptions = {}) {
    super()
    this.options = options
  }

  begin(bytes: Bytes, view: DataView, at: number, end: number, attachments: readonly unknown[]): void {
    this.bytes = bytes
    this.view = view
    this.at = at
    this.end = end
    this.attachments = attachments
    this.#depth = this.#reserved = 0
    this.#isCareful = false
  }

  /** Lets go of what it has read. */
  finish(): void {
    // To set a length takes as long as to read a record, even where it changes nothing.
    while (this.#shapes.length > 0) this.#shapes.pop()
    if (this.#objects.length > few) this.#objects.length = 0
    else this.#objects.fill(undefined)
    this.#met = 0
    this.attachments = none
  }

  /** One item. */
  item(): unknown {
    this.#met = 0
    return this.part()
  }

  /** The parts that follow are of a record in a row, to which nothing refers. */
  row(): void {
    this.#met = 1
    this.#objects[0] = unset
  }

  /** A value that may have to be read twice. */
  part(): unknown {
    const { at } = this
    const shapes = this.#shapes.length
    const met = this.#met
    try {
      return this.value()
    } catch (error) {
      if (error !== isEarly) throw error
      this.at = at
      this.#shapes.length = shapes
      this.#met = met
      this.#depth = 0
      this.#isCareful = true
      const value = this.value()
      this.#isCareful = false
      return value
    }
  }

  value(): unknown {
    if (this.at >= this.end) throw new Corrupt('it ends in the middle of a value')
    const what = this.bytes[this.at++]!
    if (what >= tag.smallInteger) return what - tag.smallInteger
    if (what >= tag.shortString) return this.shortString(what - tag.shortString)
    switch (what) {
      case tag.undefined:
        return undefined
      case tag.null:
        return null
      case tag.true:
        return true
      case tag.false:
        return false
      case tag.integer: {
        const zigzag = this.varint()
        if (zigzag > 0xffffffff) throw new Corrupt('a whole number is too large')
        return (zigzag >>> 1) ^ -(zigzag & 1)
      }
      case tag.double:
        return this.double()
      case tag.string:
        return this.text()
      case tag.bigint:
        return this.#bigint()
      case tag.reference:
        return this.#reference()
      case tag.absent:
        throw this.#isCareful ? new Corrupt('something is missing that cannot be') : isEarly
    }
    if (++this.#depth > depthLimit) throw new Corrupt('its values are nested too deeply')
    const object = this.#object(what)
    this.#depth--
    return object
  }

  #object(what: number): unknown {
    switch (what) {
      case tag.record: {
        const shape = this.#shapes[this.varint()]
        if (shape === undefined) throw new Corrupt('a record is of a shape that was not announced')
        return this.#record(shape)
      }
      case tag.newRecord: {
        const shape = this.known.read(this)
        this.#shapes.push(shape)
        return this.#record(shape)
      }
      case tag.object:
        return this.#entries(this.meet({}))
      case tag.array:
        return this.#array(this.meet([]), this.count())
      case tag.numbers:
        return this.#numbers(this.meet([]))
      case tag.sparse:
        return this.#sparse()
      default:
        return readBuiltIn(this, what)
    }
  }

  #record({ keys, make }: ReadShape): unknown {
    if (this.#isCareful) {
      const object = this.meet({})
      for (const key of keys) {
        if (this.#isAbsent()) continue
        define(object, key, this.value())
      }
      return object
    }
    const place = this.reserve()
    return this.fill(place, make(this))
  }

  #entries(object: object): object {
    for (let left = this.count(); left > 0; left--) {
      const key = this.value()
      if (typeof key !== 'string') throw new Corrupt('a key is no string')
      if (!this.#isAbsent()) define(object, key, this.value())
    }
    return object
  }

  #array(array: unknown[], length: number): unknown[] {
    while (array.length < length) {
      if (this.#isAbsent()) array.length++
      else array.push(this.value())
    }
    return array
  }

  #numbers(array: unknown[]): unknown[] {
    const length = this.count()
    this.need(4)
    const numbers = this.view.getUint32(this.at, true)
    this.at += 4
    this.need(numbers * 8)
    if (numbers > length) throw new Corrupt('an array has more numbers than elements')
    const { view } = this
    array.length = numbers
    for (let i = 0, at = this.at; i < numbers; i++, at += 8) array[i] = view.getFloat64(at, true)
    this.at += numbers * 8
    return this.#array(array, length)
  }

  #sparse(): unknown[] {
    const array: unknown[] = this.meet([])
    const length = this.varint()
    if (length > 0xffffffff) throw new Corrupt('an array is too long')
    const left = this.count()
    if (length > 1_024 + 8 * (this.end - this.at)) {
      // An element so far out makes V8 keep a table of what is there, not room for all that is not.
      array[length - 1] = undefined
      delete array[length - 1]
    } else array.length = length
    for (let i = 0; i < left; i++) {
      const key = this.value()
      const isIndex = typeof key === 'number' && key >= 0 && key < length && Number.isInteger(key)
      if (!isIndex && (typeof key !== 'string' || isLength(key))) throw new Corrupt('a key of an array is none')
      if (!this.#isAbsent()) define(array, String(key), this.value())
    }
    if (array.length !== length) throw new Corrupt('an array has elements beyond its length')
    return array
  }

  #isAbsent(): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== tag.absent) return false
    this.at++
    return true
  }

  #bigint(): bigint {
    this.need(1)
    const isNegative = this.bytes[this.at++] === 1
    const digits = this.raw(this.count()).toString('hex')
    const value = digits === '' ? 0n : BigInt(`0x${digits}`)
    return isNegative ? -value : value
  }

  #reference(): unknown {
    const place = this.varint()
    if (place >= this.#met) throw new Corrupt('something refers to what is not there')
    const object = this.#objects[place]
    if (object !== unset) return object
    throw this.#isCareful ? new Corrupt('something refers to what cannot be there yet') : isEarly
  }

  /** An object, before what is in it is read. */
  meet<T>(object: T): T {
    this.#objects[this.#met++] = object
    return object
  }

  /** The place of an object that is made when what is in it has been read. */
  reserve(): number {
    this.#objects[this.#met] = unset
    return this.#met++
  }

  fill<T>(place: number, object: T): T {
    this.#objects[place] = object
    return object
  }

  string(): string {
    const value = this.value()
    if (typeof value !== 'string') throw new Corrupt('a string is none')
    return value
  }

  /** Addresses that a resizable buffer takes. */
  reserveBytes(bytes: number): void {
    this.#reserved += bytes
    if (this.#reserved > reserveLimit) throw new Corrupt('its resizable buffers are too large')
  }
}

/** A property as structured clone makes it: `__proto__` too is one like others. */
function define(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else (object as Record<string, unknown>)[key] = value
}

function isLength(key: string): boolean {
  return key === 'length' || (/^(0|[1-9]\d*)$/.test(key) && Number(key) < 0xffffffff)
}
