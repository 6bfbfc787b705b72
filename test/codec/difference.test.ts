/** The comparison that the tests of the codec stand on. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { difference } from './difference.ts'

const comparison = suite('difference')
const hole = () => Object.assign(new Array(2), { 1: 1 })
const twice = (object: object) => ({ a: object, b: object })
const circle = (): unknown => {
  const made: unknown[] = []
  made.push(made)
  return made
}
const memory = () => new ArrayBuffer(8)
const shared = (buffer: ArrayBuffer) => [new Uint8Array(buffer), new Uint8Array(buffer, 4)]

const different: [string, unknown, unknown][] = [
  ['-0 and 0', -0, 0],
  ['a hole and undefined', hole(), [undefined, 1]],
  ['undefined and nothing', { a: undefined }, {}],
  ['orders of properties', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['a property beside the elements', Object.assign([1], { x: 1 }), [1]],
  ['prototypes', Object.create(null), {}],
  ['an object shared and two that are alike', twice({}), { a: {}, b: {} }],
  ['a circle and a longer one', circle(), [circle()]],
  [
    'orders of a map',
    new Map([
      [1, 1],
      [2, 2],
    ]),
    new Map([
      [2, 2],
      [1, 1],
    ]),
  ],
  ['orders of a set', new Set([1, 2]), new Set([2, 1])],
  ['dates', new Date(1), new Date(2)],
  ['a date and an invalid one', new Date(1), new Date(Number.NaN)],
  ['where a regular expression goes on', Object.assign(/a/g, { lastIndex: 1 }), /a/g],
  ['a boxed number and a number', Object(1), 1],
  ['boxed numbers', Object(1), Object(2)],
  [
    'errors by their stack',
    Object.assign(new Error('a'), { stack: 'x' }),
    Object.assign(new Error('a'), { stack: 'y' }),
  ],
  ['errors by their cause', new Error('a', { cause: 1 }), new Error('a')],
  ['a property that can be seen and one that cannot', Object.defineProperty({}, 'a', { value: 1 }), { a: 1 }],
  ['types of arrays', new Uint8Array(8), new Int8Array(8)],
  ['bytes', new Uint8Array([1]), new Uint8Array([2])],
  ['places in a buffer', new Uint8Array(memory(), 2, 2), new Uint8Array(memory(), 4, 2)],
  ['one buffer and two', shared(memory()), [...shared(memory()).slice(0, 1), ...shared(memory()).slice(1)]],
  ['a Buffer and an array', Buffer.from([1]), new Uint8Array([1])],
  ['strings', 'a', 'b'],
  ['a bigint and a number', 1n, 1],
]

for (const [what, one, other] of different) {
  comparison(`tells apart ${what}`, () => {
    assert.type(difference(one, other), 'string')
    assert.type(difference(other, one), 'string')
  })
}

for (const [what, one] of different) {
  comparison(`finds what it has called different (${what}) equal to itself`, () => {
    assert.is(difference(one, one), undefined)
  })
}

comparison('finds two circles alike, and two invalid dates, and NaN', () => {
  assert.is(difference(circle(), circle()), undefined)
  assert.is(difference([new Date(Number.NaN), Number.NaN], [new Date(Number.NaN), Number.NaN]), undefined)
})

comparison('says where', () => {
  assert.is(difference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }), 'it.a.1.b: 2, not 3')
})

comparison.run()
