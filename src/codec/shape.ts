/**
 * The shapes of records that an encoder has met: their keys, in order, and what is known about the fields.
 *
 * They are found by their first key, and then key by key: the keys of objects are one string each, so that costs a
 * comparison of addresses. Invariant: `bytes` says the same as `keys`, for as long as the shape lives.
 */
import { Buffer } from 'node:buffer'
import { field, keyUnits, shapeKeys, wideKey } from './format.ts'
import { type FieldsWriter, fieldsWriter, type RowsWriter, rowsWriter } from './record-writer.ts'

/** Records of a shape after which code of its own is worth making: that costs about 0.1 ms. */
export const worthCompiling = 64

export class Shape {
  readonly keys: readonly string[]
  /** The keys as they stand in a frame; all fields are of kind `any`. */
  readonly bytes: Uint8Array
  /** The frame in which it was last announced, and as which. */
  frame = 0
  index = 0
  /** How often it was met, up to `worthCompiling`. */
  met = 0
  fields: FieldsWriter | undefined
  layout: Layout | undefined

  constructor(keys: readonly string[]) {
    this.keys = keys
    this.bytes = described(
      keys,
      keys.map(() => field.any),
    )
  }

  /** True from the `worthCompiling`th time on. */
  isFrequent(): boolean {
    if (this.fields !== undefined) return true
    if (++this.met < worthCompiling) return false
    this.fields = fieldsWriter(this.keys)
    return true
  }

  /**
   * The layout for rows like `record`; undefined where it has getters. A record that proves to be no row is read once more,
   * and a getter may not like that.
   */
  layoutOf(record: object): Layout | undefined {
    if (this.layout !== undefined) return this.layout
    const properties = this.keys.map(key => Object.getOwnPropertyDescriptor(record, key))
    if (properties.some(property => property?.get !== undefined)) return undefined
    this.layout = new Layout(
      this.keys,
      properties.map(property => kindOf(property?.value)),
    )
    return this.layout
  }

  /** A field was found to be of more than one kind. */
  widen(at: number): void {
    const { kinds } = this.layout!
    this.layout = new Layout(
      this.keys,
      kinds.map((kind, index) => (index === at ? field.any : kind)),
    )
  }
}

/** How records of one shape lie in rows. */
export class Layout {
  readonly kinds: readonly number[]
  readonly bytes: Uint8Array
  readonly hasText: boolean
  readonly write: RowsWriter

  constructor(keys: readonly string[], kinds: readonly number[]) {
    this.kinds = kinds
    this.bytes = described(keys, kinds)
    this.hasText = kinds.includes(field.string)
    this.write = rowsWriter(keys, kinds)
  }
}

export class Shapes {
  readonly #most: number
  readonly #byFirstKey = new Map<string, Shape[]>()
  #count = 0
  /** Objects that found no shape since the table was full. */
  #missed = 0

  /** `most`: how many shapes are kept. */
  constructor(most = 256) {
    this.#most = most
  }

  /** The shape with these keys; undefined where there are none, too many, or too many shapes. */
  find(keys: readonly string[]): Shape | undefined {
    const first = keys[0]
    if (first === undefined) return undefined // `{}`
    const known = this.#byFirstKey.get(first)
    if (known !== undefined) {
      next: for (let i = 0; i < known.length; i++) {
        const shape = known[i]!
        if (shape.keys.length !== keys.length) continue
        for (let at = 1; at < keys.length; at++) if (shape.keys[at] !== keys[at]) continue next
        return shape
      }
    }
    return this.#add(keys, known)
  }

  #add(keys: readonly string[], known: Shape[] | undefined): Shape | undefined {
    if (keys.length > shapeKeys || keys.some(key => key.length > keyUnits)) return undefined
    if (this.#count === this.#most || known?.length === 16) {
      // Objects used as maps fill the table for nothing. A program that has come to other data deserves a new one.
      if (++this.#missed < 10_000) return undefined
      this.#byFirstKey.clear()
      this.#count = this.#missed = 0
    }
    const shape = new Shape(keys)
    this.#count++
    const list = this.#byFirstKey.get(keys[0]!)
    if (list) list.push(shape)
    else this.#byFirstKey.set(keys[0]!, [shape])
    return shape
  }
}

function kindOf(value: unknown): number {
  if (typeof value === 'number') return field.number
  if (typeof value === 'string') return field.string
  return typeof value === 'boolean' ? field.boolean : field.any
}

function described(keys: readonly string[], kinds: readonly number[]): Uint8Array {
  const parts = keys.map(key => {
    const isWide = /[^\0-\x7f]/.test(key)
    const text = Buffer.from(key, isWide ? 'utf16le' : 'latin1')
    const head = Buffer.alloc(2)
    head.writeUInt16LE(key.length | (isWide ? wideKey : 0))
    return Buffer.concat([head, text])
  })
  const out = Buffer.concat([Buffer.alloc(5), ...parts, Uint8Array.from(kinds)])
  out.writeUInt32LE(out.length, 0)
  out[4] = keys.length
  return out
}
