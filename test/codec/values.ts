/** Makes up values of every kind that structured clone carries, with what they share and where they go in circles. */
import * as fc from 'fast-check'

class Point {
  readonly x: number
  readonly y = 'y'
  readonly #hidden = 1
  constructor(x: number) {
    this.x = x + this.#hidden
  }
  get computed() {
    return this.x
  }
}
class Odd extends Map<unknown, unknown> {
  readonly extra = 1
}

const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map(units => String.fromCharCode(...units))
const surrogates = fc.constantFrom('\ud800', '\udc00', '\ud83d\ude00', 'a\udfff', '\ud83d')
export const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ minLength: 20, maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    'é',
    'ü'.repeat(30),
    '日本語'.repeat(10),
    'x'.repeat(3_000),
    `${'x'.repeat(5_000)}é`,
    '__proto__',
    'length',
  ),
  anyUnits,
  surrogates,
)
export const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.nat(200),
  fc.constantFrom(Number.NaN, -0, 0, 2 ** 31, -(2 ** 31), 2 ** 32),
)
const bigint = fc.oneof(fc.bigInt(), fc.constantFrom(0n, -1n, 2n ** 64n, -(2n ** 200n)))
const primitive = fc.oneof(number, text, bigint, fc.constantFrom(true, false, null, undefined))

const bytes = fc.uint8Array({ maxLength: 40 }).map(made => new Uint8Array(made))
const views = fc.constantFrom(
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array],
  ...[Float64Array, BigInt64Array, BigUint64Array, DataView],
)
type ViewType = new (buffer: ArrayBuffer, offset: number, length?: number) => ArrayBufferView

const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer
const buffer = fc.oneof(
  bytes.map(made => made.buffer as ArrayBuffer),
  fc.tuple(fc.nat(40), fc.nat(20)).map(([size, more]) => new Resizable(size, { maxByteLength: size + more })),
)
const view = fc
  .tuple(buffer, views as fc.Arbitrary<unknown>, fc.nat(3), fc.nat(3), fc.boolean())
  .map(([memory, type, from, count, tracks]) => viewOf(memory, type as ViewType, from, count, tracks))

function viewOf(memory: ArrayBuffer, type: ViewType, from: number, count: number, tracks: boolean): ArrayBufferView {
  const size = (type as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
  const offset = Math.min(from, Math.floor(memory.byteLength / size)) * size
  const length = Math.min(count, Math.floor((memory.byteLength - offset) / size))
  const mayTrack = tracks && (memory as unknown as { resizable: boolean }).resizable
  const isWhole = (memory.byteLength - offset) % size === 0 // else Node 20 makes none
  return mayTrack && isWhole ? new type(memory, offset) : new type(memory, offset, length)
}

/** Several views of one buffer, and the buffer. */
const sharing = fc
  .tuple(
    buffer,
    fc.array(fc.tuple(views as fc.Arbitrary<unknown>, fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([memory, each, first]) => {
    const made: unknown[] = each.map(([type, from, count]) => viewOf(memory, type as ViewType, from, count, false))
    return first ? [memory, ...made] : [...made, memory]
  })

const boxed = fc.oneof(number, text, bigint, fc.boolean()).map(Object)
const regexp = fc.constantFrom(/a/, /(?<year>\d+)/giu, /[/\]]\//y, /\u{1f600}/u, /(?:)/).map(each => {
  const made = new RegExp(each)
  made.lastIndex = 3
  return made
})
const date = fc.oneof(fc.date(), fc.constant(new Date(Number.NaN))).map(made => new Date(made))
const errorType = fc.constantFrom(Error, TypeError, RangeError, SyntaxError, EvalError, URIError, ReferenceError)

const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', '0', '7', '-1', 'constructor', 'length', ''), text)

export const value: fc.Arbitrary<unknown> = fc.letrec(again => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitive,
    fc.oneof(boxed, regexp, date, buffer, view, sharing, bytes),
    fc.array(again('value'), { maxLength: 6 }),
    fc.array(number, { maxLength: 20 }),
    fc.sparseArray(again('value'), { maxLength: 8 }),
    fc
      .tuple(fc.array(again('value'), { maxLength: 3 }), key, again('value'))
      .map(([array, name, extra]) =>
        name === 'length' || name === '__proto__' ? array : Object.assign(array, { [name]: extra }),
      ),
    fc.array(fc.tuple(key, again('value')), { maxLength: 6 }).map(entries => objectOf({}, entries)),
    fc.array(fc.tuple(key, again('value')), { maxLength: 3 }).map(entries => objectOf(Object.create(null), entries)),
    fc.record({ id: number, name: text, active: fc.boolean(), more: again('value') }),
    fc.record({ x: again('value'), y: again('value') }),
    fc.array(fc.tuple(again('value'), again('value')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.array(again('value'), { maxLength: 4 }).map(members => new Set(members)),
    fc
      .tuple(errorType, text, again('value'), fc.nat(7))
      .map(([type, message, cause, how]) => errorOf(type, message, cause, how)),
    fc.nat().map(x => new Point(x)),
    fc.array(fc.tuple(key, again('value')), { maxLength: 2 }).map(entries => new Odd(entries)),
    again('value').map(inner => ({
      before: 1,
      get got() {
        return inner
      },
      after: 2,
    })),
  ),
})).value

function objectOf(object: object, entries: readonly [string, unknown][]): object {
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}

function errorOf(type: ErrorConstructor, message: string, cause: unknown, how: number): Error {
  const error = how & 1 ? new type(message, { cause }) : new type(message)
  if (how & 2) error.name = message
  if (how & 4) Object.assign(error, { code: 'LOST' })
  return error
}

/** A value whose containers refer to one another: what is shared, and circles. */
export const knot: fc.Arbitrary<unknown> = fc
  .tuple(value, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 4 }))
  .map(([root, links]) => {
    const containers: any[] = []
    collect(root, containers)
    if (containers.length === 0) return root
    for (const [from, to] of links) {
      const at = containers[from % containers.length]
      const other = containers[to % containers.length]
      if (Array.isArray(at)) at.push(other)
      else if (at instanceof Map) at.set(other, other)
      else if (at instanceof Set) at.add(other)
      else at[`link${to % 3}`] = other
    }
    return root
  })

function collect(value: unknown, into: unknown[]): void {
  if (typeof value !== 'object' || value === null || into.includes(value)) return
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) into.push(value)
  else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) into.push(value)
  else return
  for (const each of value instanceof Map || value instanceof Set ? value.values() : Object.values(value))
    collect(each, into)
}

const record = fc.oneof(
  fc.record({ a: number, b: number, c: number }),
  fc.record({ id: number, name: text, active: fc.boolean() }),
  fc.record({ id: number, tags: fc.array(text, { maxLength: 3 }), at: fc.option(number) }),
  fc.record({ id: fc.oneof(number, text), it: value }),
  fc.record({ text, other: text }),
)

/** A run of items that are alike, as they mostly are, or of anything. */
export const items: fc.Arbitrary<unknown[]> = fc
  .array(
    fc.oneof(
      many(number),
      many(text),
      many(fc.record({ a: number, b: number, c: number })),
      many(fc.record({ id: number, name: text, active: fc.boolean() })),
      many(fc.record({ id: number, tags: fc.array(text, { maxLength: 3 }), at: fc.option(number) })),
      many(record),
      fc.array(knot, { maxLength: 5 }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(runs => runs.flat())

/** Up to 300, of a few that differ: more would take long to make up, and say nothing new. */
function many(of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc
    .tuple(fc.array(of, { minLength: 1, maxLength: 8 }), fc.oneof(fc.nat(10), fc.nat(100)))
    .map(([few, count]) => Array.from({ length: count }, (_, i) => few[i % few.length]))
}
