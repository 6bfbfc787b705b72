/**
 * Writes records of one shape: as rows, or value by value.
 *
 * Code is made for each shape, since a load that always sees the same hidden class costs next to nothing, and one that sees
 * many costs more than the write. Where code may not be made from strings, loops over the keys do the same, only slower.
 *
 * That a record has this shape, V8 knows and will not say. What is cheap: `for … in` over an object whose keys V8 has in a
 * list; its `constructor`, by which the compiler knows its hidden class; and then its prototype, which is a constant.
 * The order matters: without the load before it, asking for the prototype takes as long as all the rest (docs/decisions/0036).
 */
import { field, fieldBytes, longText, textUnits } from './format.ts'
import type { ValueWriter } from './value-writer.ts'

/** Writes the values of a record's fields. */
export type FieldsWriter = (record: any, out: ValueWriter) => void

/** Writes items[from … to) as rows from `out.at` on, up to the first that is no such record; gives the index of that. */
export type RowsWriter = (items: readonly unknown[], from: number, to: number, out: ValueWriter, run: Run) => number

/** What is left of a run of rows. A class, so that all of them have one shape. */
export class Run {
  /** The strings of all rows. */
  text = ''
  /** The next row did not fit. */
  isFull = false
  /** The field at which the next record was found to be of another kind, or -1. */
  other = -1
  /** The row whose values of kind `any` are being written, and where it begins. */
  index = 0
  at = 0

  start(at: number): void {
    this.text = ''
    this.isFull = false
    this.other = -1
    this.at = at
  }
}

export function rowBytes(kinds: readonly number[]): number {
  return kinds.reduce((sum, kind) => sum + fieldBytes[kind]!, 0)
}

export function fieldsWriter(keys: readonly string[]): FieldsWriter {
  const lines = keys.map(key => {
    const name = JSON.stringify(key)
    return `v = r[${name}]; if (v === undefined) out.missing(r, ${name}); else out.value(v)`
  })
  return compiled(`(r, out) => { let v; ${lines.join('\n')} }`, [], (record, out) => {
    for (let at = 0; at < keys.length; at++) {
      const value = record[keys[at]!]
      if (value === undefined) out.missing(record, keys[at]!)
      else out.value(value)
    }
  })
}

const plain = Object.prototype
const types = ['number', 'boolean', 'string'] as const

export function rowsWriter(keys: readonly string[], kinds: readonly number[]): RowsWriter {
  const row = rowBytes(kinds)
  const isOpen = kinds.includes(field.any)
  const names = keys.map(key => JSON.stringify(key))
  const offsets = kinds.map((_, at) => rowBytes(kinds.slice(0, at)))
  const strings = kinds.flatMap((kind, at) => (kind === field.string ? [at] : []))
  const closed = kinds.flatMap((kind, at) => (kind === field.any ? [] : [at]))

  const order = names.map((name, at) => `if (n === ${at}) { if (k !== ${name}) break walk }`)
  // All fields are read in their order before one is written: getters may be among them.
  const loads = names.map((name, at) => {
    const load = `const v${at} = r[${name}]`
    if (kinds[at] === field.any) return load
    const isLong = kinds[at] === field.string ? ` || v${at}.length > ${longText}` : ''
    return `${load}; if (typeof v${at} !== '${types[kinds[at]!]}'${isLong}) { run.other = ${at}; break }`
  })
  const stores = closed.map(at => {
    const place = `at + ${offsets[at]}`
    if (kinds[at] === field.number) return `view.setFloat64(${place}, v${at}, true)`
    if (kinds[at] === field.boolean) return `bytes[${place}] = v${at} ? 1 : 0`
    return `view.setUint32(${place}, v${at}.length, true); text += v${at}`
  })
  const opens = names.flatMap((name, at) =>
    kinds[at] === field.any ? [`if (v${at} === undefined) out.missing(r, ${name}); else out.value(v${at})`] : [],
  )
  const text = `(items, from, to, out, run) => {
    let at = out.at, text = '', i = from
    const view = out.view, bytes = out.bytes, limit = out.limit
    for (; i < to; i++) {
      const r = items[i]
      if (typeof r !== 'object' || r === null) break
      let n = 0
      walk: for (const k in r) { ${order.join(' else ')} else { n = -1; break walk } n++ }
      if (n !== ${keys.length} || r.constructor !== Object || getPrototypeOf(r) !== plain) break
      ${loads.join('\n')}
      if (at + ${row}${strings.map(at => ` + v${at}.length`).join('')} + text.length > limit) { run.isFull = true; break }
      ${stores.join('\n')}
      at += ${row}
      ${isOpen ? `run.index = i; run.at = at - ${row}; out.at = at; out.limit = limit - text.length; out.row(r); ${opens.join('\n')}; at = out.at` : ''}
      ${strings.length > 0 && isOpen ? 'run.text = text' : ''}
      ${strings.length > 0 ? `if (text.length >= ${textUnits}) { i++; break }` : ''}
    }
    out.at = at
    run.text = text
    return i
  }`
  return compiled(text, [Object.getPrototypeOf, plain], rowsLoop(keys, kinds, row, offsets))
}

/** The same by loops. */
function rowsLoop(
  keys: readonly string[],
  kinds: readonly number[],
  row: number,
  offsets: readonly number[],
): RowsWriter {
  const values: unknown[] = []
  return (items, from, to, out, run) => {
    const { limit } = out
    let text = ''
    let i = from
    next: for (; i < to; i++) {
      const record = items[i] as Record<string, unknown>
      if (typeof record !== 'object' || record === null) break
      let n = 0
      for (const key in record) if (key !== keys[n++]) break next
      if (n !== keys.length || Object.getPrototypeOf(record) !== plain) break
      let units = text.length
      for (let at = 0; at < keys.length; at++) {
        const value = (values[at] = record[keys[at]!])
        if (kinds[at] === field.any) continue
        if (typeof value !== types[kinds[at]!] || (value as string).length > longText) {
          run.other = at
          break next
        }
        if (typeof value === 'string') units += value.length
      }
      if (out.at + row + units > limit) {
        run.isFull = true
        break
      }
      const start = out.at
      let added = text
      for (let at = 0; at < keys.length; at++) {
        const value = values[at]
        const place = start + offsets[at]!
        if (kinds[at] === field.number) out.view.setFloat64(place, value as number, true)
        else if (kinds[at] === field.boolean) out.bytes[place] = value ? 1 : 0
        else if (kinds[at] === field.string) {
          out.view.setUint32(place, (value as string).length, true)
          added += value as string
        }
      }
      out.at += row
      run.index = i
      run.at = start
      out.limit = limit - added.length
      out.row(record)
      for (let at = 0; at < keys.length; at++) {
        if (kinds[at] !== field.any) continue
        if (values[at] === undefined) out.missing(record, keys[at]!)
        else out.value(values[at])
      }
      run.text = text = added
      if (text.length >= textUnits) {
        i++
        break
      }
    }
    values.fill(undefined)
    run.text = text
    return i
  }
}

let compilations = 0

/** Code from its text, with `constants` by the names that they have there; `loop` where that is not allowed. */
export function compiled<F>(text: string, constants: readonly unknown[], loop: F): F {
  try {
    // V8 keeps what it has learned about a text by that text, and would give all shapes of one text the same.
    return new Function('getPrototypeOf', 'plain', `'use strict'; return ${text} // ${++compilations}`)(
      ...constants,
    ) as F
  } catch {
    return loop
  }
}
