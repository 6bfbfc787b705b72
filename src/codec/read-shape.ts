/**
 * Shapes as they stand in frames, known by their bytes: the next frame with the same shape costs a comparison.
 *
 * Nothing depends on having seen one before. A shape that comes often gets code of its own, which makes an object with all of
 * its fields at once.
 */
import { Corrupt } from './corrupt.ts'
import { field, shapeKeys, wideKey } from './format.ts'
import { compiled, rowBytes } from './record-writer.ts'
import { worthCompiling } from './shape.ts'
import type { ValueReader } from './value-reader.ts'

/** Makes an object of the values that follow. */
export type RecordReader = (source: ValueReader) => unknown

/** Makes `count` objects of the rows from `source.at` up to `end`, and hands out the strings in `text`; gives what of it was used. */
export type RowsReader = (source: ValueReader, count: number, end: number, text: string, into: unknown[]) => number

/** Items for which room is made all at once: for fewer it takes longer than to make it one by one. */
export const worthRoom = 16

/** How many shapes are kept, and how many get code of their own: what comes from elsewhere may announce any number. */
const mostKnown = 1_024
const mostCompiled = 512

export class ReadShape {
  readonly bytes: Uint8Array
  readonly keys: readonly string[]
  readonly kinds: readonly number[]
  readonly rowBytes: number
  readonly hasText: boolean
  make: RecordReader
  rows: RowsReader
  #met = 0

  constructor(bytes: Uint8Array, keys: readonly string[], kinds: readonly number[]) {
    this.bytes = bytes
    this.keys = keys
    this.kinds = kinds
    this.rowBytes = rowBytes(kinds)
    this.hasText = kinds.includes(field.string)
    this.make = recordLoop(keys)
    this.rows = rowsLoop(keys, kinds)
  }

  /** It came `times` times more. True when that has made it worth code of its own. */
  meet(times: number): boolean {
    const before = this.#met
    this.#met += times
    return before < worthCompiling && this.#met >= worthCompiling
  }

  compile(): void {
    this.make = recordReader(this.keys, this.make)
    this.rows = rowsReader(this.keys, this.kinds, this.rows)
  }
}

export class ReadShapes {
  #byHash = new Map<number, ReadShape[]>()
  #count = 0
  #compiled = 0

  /** The shape that stands at `source.at`, of which `times` records follow. */
  read(source: ValueReader, times = 1): ReadShape {
    source.need(5)
    const { bytes, at } = source
    const length = source.view.getUint32(at, true)
    if (length < 5) throw new Corrupt('a shape is too short')
    source.need(length)
    // Some bytes are enough to find it: then all of them are compared.
    let hash = length
    const step = (length >> 4) + 1
    for (let i = at + 4; i < at + length; i += step) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    source.at += length
    const shape = this.#find(hash, bytes, at, length)
    if (shape.meet(times) && this.#compiled < mostCompiled) {
      this.#compiled++
      shape.compile()
    }
    return shape
  }

  #find(hash: number, bytes: Uint8Array, at: number, length: number): ReadShape {
    const known = this.#byHash.get(hash)
    if (known !== undefined) {
      next: for (const shape of known) {
        if (shape.bytes.length !== length) continue
        for (let i = 4; i < length; i++) if (shape.bytes[i] !== bytes[at + i]) continue next
        return shape
      }
    }
    // A copy first: other threads may write where it stands.
    const shape = parsed(new Uint8Array(bytes.subarray(at, at + length)))
    if (++this.#count > mostKnown) {
      this.#byHash = new Map()
      this.#count = 1
    }
    const list = this.#byHash.get(hash)
    if (list === undefined || list.length > 8) this.#byHash.set(hash, [shape])
    else list.push(shape)
    return shape
  }
}

function parsed(bytes: Uint8Array): ReadShape {
  const view = new DataView(bytes.buffer)
  const count = bytes[4]!
  if (count === 0 || count > shapeKeys) throw new Corrupt('a shape has no keys, or too many')
  const keys: string[] = []
  let at = 5
  for (let i = 0; i < count; i++) {
    if (at + 2 > bytes.length) throw new Corrupt('a shape is too short')
    const head = view.getUint16(at, true)
    const isWide = head >= wideKey
    const units = isWide ? head - wideKey : head
    at += 2
    const end = at + (isWide ? units * 2 : units)
    if (end > bytes.length) throw new Corrupt('a shape is too short')
    let key = ''
    while (at < end) {
      key += String.fromCharCode(isWide ? view.getUint16(at, true) : bytes[at]!)
      at += isWide ? 2 : 1
    }
    keys.push(key)
  }
  const kinds = [...bytes.subarray(at)]
  if (kinds.length !== count || kinds.some(kind => kind > field.any))
    throw new Corrupt('a shape has other kinds than keys')
  if (new Set(keys).size !== count) throw new Corrupt('a shape has a key twice')
  return new ReadShape(bytes, keys, kinds)
}

/** As it stands in an object that is written out: there, `__proto__` would be the prototype. */
function written(key: string): string {
  return key === '__proto__' ? "['__proto__']" : JSON.stringify(key)
}

function recordReader(keys: readonly string[], loop: RecordReader): RecordReader {
  return compiled(`source => ({ ${keys.map(key => `${written(key)}: source.value()`).join(', ')} })`, [], loop)
}

function recordLoop(keys: readonly string[]): RecordReader {
  return source => {
    const record: Record<string, unknown> = {}
    for (const key of keys) set(record, key, source.value())
    return record
  }
}

function rowsReader(keys: readonly string[], kinds: readonly number[], loop: RowsReader): RowsReader {
  const isOpen = kinds.includes(field.any)
  const row = rowBytes(kinds)
  let offset = 0
  const fields = keys.map((key, at) => {
    const place = `at + ${offset}`
    offset += rowBytes([kinds[at]!])
    const value = [
      `view.getFloat64(${place}, true)`,
      `bytes[${place}] !== 0`,
      `text.substring(used, used += view.getUint32(${place}, true))`,
      'source.part()',
    ][kinds[at]!]
    return `${written(key)}: ${value}`
  })
  const text = `(source, count, end, text, into) => {
    const { view, bytes } = source
    let at = source.at, used = 0, place = into.length
    if (count > ${worthRoom}) into.length += count
    for (let i = 0; i < count; i++) {
      ${isOpen ? `if (at + ${row} > end) return -1; source.at = at + ${row}; source.row()` : ''}
      into[place++] = { ${fields.join(', ')} }
      ${isOpen ? 'at = source.at' : `at += ${row}`}
    }
    source.at = at
    return used
  }`
  return compiled(text, [], loop)
}

function rowsLoop(keys: readonly string[], kinds: readonly number[]): RowsReader {
  const row = rowBytes(kinds)
  const isOpen = kinds.includes(field.any)
  return (source, count, end, text, into) => {
    const { view, bytes } = source
    let { at } = source
    let used = 0
    for (let i = 0; i < count; i++) {
      if (at + row > end) return -1
      source.at = at + row
      if (isOpen) source.row()
      const record: Record<string, unknown> = {}
      for (let f = 0; f < keys.length; f++) {
        const kind = kinds[f]!
        if (kind === field.number) {
          set(record, keys[f]!, view.getFloat64(at, true))
          at += 8
        } else if (kind === field.boolean) set(record, keys[f]!, bytes[at++] !== 0)
        else if (kind === field.string) {
          const from = used
          used += view.getUint32(at, true)
          set(record, keys[f]!, text.substring(from, used))
          at += 4
        } else set(record, keys[f]!, source.part())
      }
      into.push(record)
      at = source.at
    }
    return used
  }
}

function set(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true })
  } else record[key] = value
}
