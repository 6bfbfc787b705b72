/** What goes through frames, and how. */
import { execFile } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MessageChannel } from 'node:worker_threads'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { segment } from '../../src/codec/format.ts'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import { NotCloneable } from '../../src/errors.ts'
import { thrownBy } from '../support/failure.ts'
import { carries } from './carries.ts'
import { difference } from './difference.ts'
import { one, trip } from './trip.ts'

const run = promisify(execFile)
const same = (actual: unknown, expected: unknown) => assert.is(difference(actual, expected), undefined)
const count = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i))
const memory = Buffer.alloc(1 << 16)

/* ── What arrives ───────────────────────────────────────────────────────── */

const values = suite('what arrives from a frame')

values('equals structured clone, item by item, whatever it is and wherever frames end', () => {
  fc.assert(carries, { numRuns: 1_500 })
})

values('is the same where code may not be made from strings', async () => {
  const torture = fileURLToPath(new URL('../torture.js', import.meta.url))
  const args = ['--disallow-code-generation-from-strings', torture, 'codec', '--cases', '500', '--seed', '11']
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  assert.match(stdout, /500 cases passed/)
})

class Account {
  readonly id = 1
  readonly #secret = 2
  reveal() {
    return this.#secret
  }
}
class Failure extends RangeError {
  override readonly name = 'Failure'
  readonly code = 'E_X'
}
const circle = () => {
  const made: Record<string, unknown> = { list: [] }
  made.self = made
  ;(made.list as unknown[]).push(made, { made })
  return made
}
const resized = () => {
  const Resizable = ArrayBuffer as any
  const buffer = new Resizable(8, { maxByteLength: 16 })
  return { buffer, tracking: new Int16Array(buffer, 2), fixed: new Uint8Array(buffer, 2, 6), all: new DataView(buffer) }
}
const sharing = () => {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
  return [new Uint8Array(buffer), new Uint16Array(buffer, 2, 2), buffer]
}

const kinds: [string, () => unknown][] = [
  [
    'numbers: NaN, -0, the largest and the smallest',
    () => [Number.NaN, -0, 0, 5e-324, -1.7976931348623157e308, 2 ** 53],
  ],
  [
    'strings: none, in any alphabet, long, with lone surrogates',
    () => ['', 'a', 'é', '日本', '\u{1f600}', '\ud800', 'x'.repeat(9_999)],
  ],
  ['bigints', () => [0n, -1n, 2n ** 64n, -(2n ** 1_000n)]],
  ['undefined in an object, and null', () => ({ a: undefined, b: null })],
  [
    'maps and sets, also as keys of one another',
    () =>
      new Map<unknown, unknown>([
        [new Set([1]), new Map()],
        [Number.NaN, -0],
      ]),
  ],
  ['dates, also invalid', () => [new Date(0), new Date(8.64e15), new Date(Number.NaN)]],
  ['regular expressions, from the start', () => Object.assign(/(?<a>b)\/[/]/giu, { lastIndex: 4 })],
  ['boxed primitives', () => [Object(1), Object('s'), Object(false), Object(1n)]],
  [
    'errors with message, stack and cause, by the class of their name',
    () => new TypeError('x', { cause: new Error() }),
  ],
  ['errors of other classes, as errors that have lost what is their own', () => new Failure('x')],
  ['an aggregate of errors, as an error', () => new AggregateError([new Error('a')], 'b')],
  ['typed arrays, with all of their buffer', () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ['views that share a buffer, and the buffer', sharing],
  ['resizable buffers, and views that follow them', resized],
  ['circles, and what is shared', circle],
  ['holes', () => Object.assign(new Array(5), { 1: 'a', 3: undefined })],
  ['the longest array there is', () => Object.assign([], { 4294967294: 1 })],
  [
    'what stands beside the elements of an array',
    () => Object.assign([1, 2], { name: 'x', '-1': 0, ['very long'.repeat(40)]: 1 }),
  ],
  [
    'what stands beside the elements of a long array',
    () =>
      Object.assign(
        count(500, i => i),
        { name: 'x' },
      ),
  ],
  ['a match of a regular expression', () => 'abc'.match(/(?<second>b)/)],
  ['an own property __proto__', () => JSON.parse('{"a":1,"__proto__":{"isAdmin":true},"b":[{"__proto__":1}]}')],
  ['objects without a prototype, as plain ones', () => Object.assign(Object.create(null), { a: 1 })],
  ['instances of classes, as their data', () => new Account()],
  ['what has the prototype of a map, and is none', () => Object.assign(Object.create(Map.prototype), { a: 1 })],
  ['properties in their order, numbers first', () => ({ z: 1, a: 2, 10: 3, 2: 4 })],
  ['what inherits enumerable properties, without them', () => Object.assign(Object.create({ c: 3 }), { a: 1, b: 2 })],
  ['frozen objects', () => Object.freeze({ a: Object.freeze([1]) })],
  ['objects with a thousand keys', () => Object.fromEntries(count(1_000, i => [`key${i}`, i]))],
  ['empty things', () => [{}, [], new Map(), new Set(), '', new Uint8Array(), new ArrayBuffer(0), new Error()]],
  [
    'objects of another realm',
    () => (process.getBuiltinModule('node:vm') as any).runInNewContext('({ a: [new Map([[1, new Date(1)]])] })'),
  ],
]

const again = (make: () => unknown) => () => {
  const value = make()
  same(one(value), structuredClone(value))
  // Alone, among others, and often enough for a shape of its own.
  const many = count(300, () => value)
  same(
    trip(many),
    many.map(item => structuredClone(item)),
  )
}
for (const [what, make] of kinds) values(`may be ${what}: one, and three hundred`, again(make))

values('does not pollute prototypes', () => {
  const item = JSON.parse('{"__proto__":{"isAdmin":true}}')
  for (const arrived of trip(count(300, () => item))) {
    assert.is((arrived as any).isAdmin, undefined)
    assert.is(Object.getPrototypeOf(arrived), Object.prototype)
  }
  assert.is(({} as any).isAdmin, undefined)
})

values('keeps to what is own where prototypes are polluted', () => {
  const encoder = new FrameEncoder()
  // What is inherited now stands where, in a shape that is known well, something own would.
  trip(
    count(200, i => ({ a: i, b: i })),
    { encoder },
  )
  Object.defineProperty(Object.prototype, 'b', { value: 5, enumerable: true, configurable: true, writable: true })
  try {
    const items = [...count(100, i => ({ a: i, b: i })), ...count(100, i => ({ a: i }))]
    const arrived = trip(items, { encoder })
    assert.equal(
      arrived.map(item => Object.keys(item as object).length),
      items.map(item => Object.keys(item).length),
    )
  } finally {
    delete (Object.prototype as any).b
  }
})

values('has read each getter once', () => {
  let reads = 0
  const item = {
    a: 1,
    get b() {
      return ++reads
    },
    c: [
      {
        get d() {
          return ++reads
        },
      },
    ],
  }
  same(one(item), { a: 1, b: 1, c: [{ d: 2 }] })
  same(one(item, { limit: 10 }), { a: 1, b: 3, c: [{ d: 4 }] })
})

values('leaves out what a getter has removed, and what it has added', () => {
  const odd = () => ({
    get a() {
      delete (this as any).b
      ;(this as any).z = 1
      return 1
    },
    b: 2,
    c: 3,
  })
  same(one(odd()), structuredClone(odd()))
  same(
    trip(count(200, odd)),
    count(200, () => structuredClone(odd())),
  )
})

values('shares within an item, and not from item to item', () => {
  const shared = { x: 1 }
  const [first, second] = trip([[shared, shared], [shared]]) as any[]
  assert.is(first[0], first[1])
  assert.is.not(first[0], second[0])
})

values('is a Buffer where a Buffer was sent, with its own bytes and nobody else’s', () => {
  const pooled = Buffer.from('pooled')
  const alone = one({ pooled, again: pooled }) as { pooled: Buffer; again: Buffer }
  assert.ok(Buffer.isBuffer(alone.pooled))
  assert.is(alone.pooled.toString(), 'pooled')
  assert.is(alone.pooled, alone.again)
  const items = count(300, i => Buffer.from(`buffer ${i} `.repeat(i % 7)))
  const arrived = trip(items) as Buffer[]
  same(arrived, items)
  arrived[1]!.fill(0)
  same(arrived.slice(2), items.slice(2))
})

values('is a DOMException where one was sent, also where structured clone makes it an empty object', () => {
  const arrived = one(new DOMException('too late', 'TimeoutError'))
  assert.ok(arrived instanceof DOMException)
  assert.equal([arrived.name, arrived.message, arrived.code], ['TimeoutError', 'too late', 23])
})

values('is what stands behind a proxy of plain data', () => {
  same(one({ a: new Proxy([1, { b: 2 }], {}) }), { a: [1, { b: 2 }] })
})

values('may be a thousand levels deep, however it is nested', () => {
  const nestings: ((inner: unknown) => unknown)[] = [
    inner => ({ inner }),
    inner => [inner],
    inner => new Map([[inner, 1]]),
    inner => new Error('x', { cause: inner }),
  ]
  for (const nest of nestings) {
    let value: unknown = 1
    for (let depth = 0; depth < 1_000; depth++) value = nest(value)
    assert.type(one(value), 'object')
    assert.match(thrownBy(() => one(nest(value))).message, /nested more than 1,000 levels deep/)
  }
})

values.run()

/* ── Frames ─────────────────────────────────────────────────────────────── */

const frames = suite('frames')

frames('take as many items as fit, and say how many bytes the first needs where none does', () => {
  const encoder = new FrameEncoder()
  const items = ['x'.repeat(100), 'y'.repeat(300), 'z']
  const first = { ...encoder.encode(items, 0, 3, memory, 8, 150) }
  assert.is(first.taken, 1)
  const second = encoder.encode(items, 1, 3, memory, 8, 150)
  assert.equal([second.taken, second.bytes], [0, 0])
  const spilled = [...second.spilled!]
  const { needed } = second
  assert.ok(needed >= 300 && needed < 400)
  assert.is(encoder.encode(items, 1, 2, memory, 0, needed).taken, 1)
  const out: unknown[] = []
  new FrameDecoder().decode(Uint8Array.from(spilled), 0, spilled.length, out)
  assert.equal(out, ['y'.repeat(300)])
})

frames('fit into the bytes that were said to be needed, whatever the item', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true }),
      fc.nat(40),
      (item, limit) => {
        const encoder = new FrameEncoder()
        const { taken, needed } = encoder.encode([item], 0, 1, memory, 0, limit)
        if (taken === 0) assert.is(encoder.encode([item], 0, 1, memory, 0, needed).taken, 1)
      },
    ),
    { numRuns: 500 },
  )
})

frames('write nothing outside of what they were given', () => {
  const items = count(200, i => [i, `text ${i}`, { a: i, b: 'é'.repeat(i) }, Buffer.alloc(i)]).flat()
  const encoder = new FrameEncoder()
  for (let limit = 0; limit < 600; limit++) {
    memory.fill(0xaa)
    encoder.encode(items, limit, items.length, memory, 100, limit)
    assert.ok(
      memory.subarray(0, 100).every(byte => byte === 0xaa) && memory.subarray(100 + limit).every(byte => byte === 0xaa),
    )
  }
})

frames('of what is alike are written as one', () => {
  const kind = (make: (i: number) => unknown) => {
    const encoder = new FrameEncoder()
    const items = count(30, make)
    for (let i = 0; i < 4; i++) encoder.encode(items, 0, 30, memory, 0, 10_000)
    return memory[0]
  }
  assert.is(
    kind(i => i),
    segment.numbers,
  )
  assert.is(
    kind(i => `${i}`),
    segment.strings,
  )
  assert.is(
    kind(i => Buffer.from([i])),
    segment.buffers,
  )
  assert.is(
    kind(i => ({ a: i, b: `${i}`, c: [i] })),
    segment.records,
  )
  assert.is(
    kind(i => [i, `${i}`][i % 2]),
    segment.values,
  )
})

frames('can be read by whoever has never seen one', () => {
  const encoder = new FrameEncoder()
  const items = count(200, i => ({ a: i, b: { c: `${i}` } }))
  for (let i = 0; i < 3; i++) {
    const { bytes } = encoder.encode(items, 0, 200, memory, 0, memory.length)
    const out: unknown[] = []
    new FrameDecoder().decode(memory, 0, bytes, out)
    same(out, items)
  }
})

frames('hold on to no memory that they were read from', () => {
  const items = [
    Buffer.from('a buffer'),
    new Uint8Array([1, 2, 3]),
    'a text that is long enough to be a slice',
    { a: new ArrayBuffer(3) },
  ]
  const { bytes } = new FrameEncoder().encode(items, 0, 4, memory, 0, 10_000)
  const out: unknown[] = []
  new FrameDecoder().decode(memory, 0, bytes, out)
  memory.fill(0)
  same(out, items)
})

frames('announce a shape again behind rows that were given up', () => {
  // The text of the rows takes more as UTF-8 than it has units: half of them must do.
  const items = count(40, i => ({ name: '日本語'.repeat(3), it: { x: i, y: 'y' } }))
  const encoder = new FrameEncoder()
  for (let i = 0; i < 5; i++) encoder.encode(items, 0, 40, memory, 0, 60_000)
  for (let limit = 0; limit < 2_000; limit += 7) same(trip(items, { encoder, limit }), items)
})

frames('of objects used as maps fill no table for ever', () => {
  const encoder = new FrameEncoder()
  const decoder = new FrameDecoder()
  for (let i = 0; i < 200; i++) {
    const items = count(100, n => ({ [`key ${i} ${n}`]: n, more: i }))
    same(trip(items, { encoder, decoder }), items)
  }
  const items = count(300, i => ({ late: i, shape: `${i}` }))
  same(trip(items, { encoder, decoder }), items)
})

frames('learn that a field is of more than one kind', () => {
  const encoder = new FrameEncoder()
  const items = count(400, i => ({ id: i, value: i > 200 ? `${i}` : i, at: i > 300 ? null : 'x' }))
  for (let i = 0; i < 3; i++) same(trip(items, { encoder }), items)
})

frames.run()

/* ── What goes beside them ──────────────────────────────────────────────── */

const beside = suite('beside a frame')

beside('go shared memory, keys, blobs, and views of memory that grows, as they are', () => {
  const growing = new (SharedArrayBuffer as any)(8, { maxByteLength: 16 })
  const things = [new SharedArrayBuffer(4), createSecretKey(Buffer.from('k')), new Blob(['x']), new Uint8Array(growing)]
  for (const thing of things) assert.is(one({ thing }).thing, thing)
})

beside('goes the memory of a view of it, once', () => {
  const shared = new SharedArrayBuffer(8)
  const encoder = new FrameEncoder({ attach: true })
  const items = [{ a: new Uint8Array(shared, 2, 3), b: shared }, Buffer.from(shared), new Int32Array(shared)]
  const { attachments, moved } = encoder.encode(items, 0, 3, memory, 0, 10_000)
  assert.equal([attachments.length, moved.length], [1, 0])
  const [first, second, third] = trip(items) as any[]
  assert.is(first.a.buffer, shared)
  assert.equal([first.a.byteOffset, first.a.length, first.b === shared], [2, 3, true])
  assert.is(second.buffer, shared)
  assert.is(third.buffer, shared)
})

beside('go ports, which have to be transferred', () => {
  const { port1, port2 } = new MessageChannel()
  const { attachments, moved } = new FrameEncoder({ attach: true }).encode([{ port1 }], 0, 1, memory, 0, 10_000)
  assert.is(attachments[0], port1)
  assert.is(moved[0], port1)
  port1.close()
  port2.close()
})

beside('goes nothing of an item that did not fit', () => {
  const items = [{ a: new SharedArrayBuffer(1) }, { b: new SharedArrayBuffer(2), text: 'x'.repeat(100) }]
  const { taken, attachments } = new FrameEncoder({ attach: true }).encode(items, 0, 2, memory, 0, 60)
  assert.equal([taken, attachments.length], [1, 1])
  assert.is(attachments[0], items[0]!.a)
})

/** Memory for both sides, in segments of 1,000 bytes. */
function sharedMemory(room = 100) {
  const memory = new SharedArrayBuffer(room * 1_000)
  const bytes = new Uint8Array(memory)
  const leases = new Map<SharedArrayBuffer, number>()
  const holds: number[] = []
  const shared = {
    threshold: 100,
    bytes,
    put: (value: Uint8Array) => {
      if (holds.length === room) return undefined
      bytes.set(value, holds.length * 1_000)
      return holds.push(1) - 1
    },
    segmentOf: (object: SharedArrayBuffer) => leases.get(object),
    hold: (segment: number) => void holds[segment]!++,
    drop: (segment: number) => void holds[segment]!--,
    extent: (segment: number) => (segment < holds.length ? { at: segment * 1_000, bytes: 1_000 } : undefined),
    lease: (segment: number) => {
      const object = structuredClone(memory)
      leases.set(object, segment)
      return object
    },
  }
  return { shared, holds, encoder: new FrameEncoder({ shared }), decoder: new FrameDecoder({ shared }) }
}

beside('go large buffers, where there is memory for them: a Buffer stays there, others are taken out', () => {
  const { encoder, decoder, holds } = sharedMemory()
  const items = [
    Buffer.alloc(200, 1),
    new Uint8Array(150).fill(2),
    new Uint8Array(99),
    { a: new Float64Array(50).fill(3) },
    new ArrayBuffer(100),
    Buffer.alloc(99),
  ]
  const arrived = trip(items, { encoder, decoder }) as any[]
  same(arrived, items)
  assert.equal(holds, [1, 1, 1, 1])
  const isShared = (value: any) => (value.buffer ?? value.a?.buffer ?? value) instanceof SharedArrayBuffer
  assert.equal(arrived.map(isShared), [true, false, false, false, false, false])
})

beside('large buffers go in the frame where there is no memory left for them', () => {
  const { encoder, decoder } = sharedMemory(1)
  const items = [Buffer.alloc(200, 1), Buffer.alloc(200, 2), [Buffer.alloc(300, 3)]]
  const arrived = trip(items, { encoder, decoder }) as any[]
  same(arrived, items)
  assert.equal([arrived[0].buffer instanceof SharedArrayBuffer, arrived[1].buffer instanceof ArrayBuffer], [true, true])
})

beside('nothing is held for an item that did not fit, nor for one that cannot be sent', () => {
  const { encoder, holds } = sharedMemory()
  const { taken, kept } = encoder.encode([1, [Buffer.alloc(200), 'x'.repeat(50)]], 0, 2, memory, 0, 40)
  assert.equal([taken, kept, holds], [1, [], [0]])
  assert.instance(
    thrownBy(() => encoder.encode([[Buffer.alloc(200), () => 1]], 0, 1, memory, 0, 1_000)),
    NotCloneable,
  )
  assert.equal(holds, [0, 0])
  assert.equal(encoder.encode([[Buffer.alloc(200), 'x'.repeat(50)]], 0, 1, memory, 0, 40).kept, [2])
})

beside('goes what lies in shared memory already as it is, every view of it, with all that they share', () => {
  const { encoder, decoder, holds, shared } = sharedMemory()
  const buffer = one(Buffer.alloc(200, 7), { encoder, decoder }) as Buffer
  const { buffer: object } = buffer as unknown as { buffer: SharedArrayBuffer }
  const floats = new Float64Array(object, 8, 3)
  const item = { buffer, floats, object, again: buffer, part: buffer.subarray(50, 190), few: buffer.subarray(0, 9) }
  const arrived = one(item, { encoder, decoder })
  assert.is(holds.length, 1)
  assert.equal([Buffer.isBuffer(arrived.buffer), arrived.buffer.length, arrived.buffer[199]], [true, 200, 7])
  assert.is(arrived.again, arrived.buffer)
  for (const each of [arrived.buffer, arrived.floats, arrived.part]) assert.is(each.buffer, arrived.object)
  assert.is.not(arrived.object, object)
  assert.equal([arrived.part.length, arrived.part.byteOffset], [140, 50])
  assert.equal([arrived.floats.length, arrived.floats.byteOffset], [3, 8])
  assert.instance(arrived.few.buffer, ArrayBuffer)
  shared.bytes.fill(9)
  assert.equal([arrived.buffer[0], arrived.part[0], arrived.few[0]], [9, 9, 7])
})

beside('a Buffer over shared memory stays one, and is copied where such memory cannot go', () => {
  const buffer = Buffer.from(new SharedArrayBuffer(8)).fill(5)
  const arrived = one(buffer) as Buffer
  assert.ok(Buffer.isBuffer(arrived))
  assert.is(arrived.buffer, buffer.buffer)
  const copied = one([buffer], { encoder: new FrameEncoder() })[0]
  assert.equal([Buffer.isBuffer(copied), [...copied]], [true, [...buffer]])
  assert.instance(copied.buffer, ArrayBuffer)
})

beside('nothing goes from a process to another', () => {
  const encoder = new FrameEncoder()
  for (const thing of [
    new SharedArrayBuffer(1),
    new Uint8Array(new SharedArrayBuffer(1)),
    new Blob([]),
    createSecretKey(Buffer.from('k')),
  ]) {
    const error = thrownBy(() => encoder.encode([{ thing }], 0, 1, memory, 0, 1_000))
    assert.instance(error, NotCloneable)
    assert.match(error.message, /^`thing(\.buffer)?` of the item is a .*, which stays in its process/)
  }
})

beside('go no classes, but who knows them makes them again', () => {
  class Money {
    readonly cents: number
    constructor(cents: number) {
      this.cents = cents
    }
  }
  const reduce = (value: object) => {
    if (value instanceof Money) return { name: 'Money', value: value.cents }
    return value instanceof Failure ? { name: 'Failure', value: [value.message, value.code] } : undefined
  }
  const revive = (name: string, value: any) =>
    name === 'Money' ? new Money(value) : Object.assign(new Failure(value[0]), { revived: true })
  const price = new Money(5)
  const how = { encoder: new FrameEncoder({ reduce }), decoder: new FrameDecoder({ revive }) }
  const [arrived] = trip([{ price, again: price, failure: new Failure('x') }], how) as any[]
  assert.instance(arrived.price, Money)
  assert.is(arrived.price, arrived.again)
  assert.instance(arrived.failure, Failure)
  assert.is(arrived.failure.revived, true)
  const selfish = Object.assign(new Money(1), { self: undefined as unknown })
  selfish.self = selfish
  const encoder = new FrameEncoder({ reduce: value => ({ name: 'X', value: { self: value } }) })
  assert.match(thrownBy(() => one(selfish, { encoder })).message, /refers to it/)
})

beside.run()

/* ── What cannot leave ──────────────────────────────────────────────────── */

const refused = suite('what cannot leave')

const detached = () => {
  const buffer = new ArrayBuffer(8)
  const view = new Uint8Array(buffer)
  const node = Buffer.from(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  return { buffer, view, node }
}
const beyond = () => {
  const buffer = new (ArrayBuffer as any)(8, { maxByteLength: 8 })
  const view = new Uint8Array(buffer, 4, 4)
  buffer.resize(2)
  return view
}

const refusals: [string, () => unknown, string][] = [
  [
    'a function, deep inside',
    () => ({ items: [1, 2, 3, { user: { callback() {} } }] }),
    '`items[3].user.callback` of the item is a function',
  ],
  ['the item itself', () => () => 1, 'the item is a function'],
  ['a symbol', () => ({ 'odd key': Symbol('x') }), '`["odd key"]` of the item is a symbol'],
  ['a boxed symbol', () => [Object(Symbol('x'))], '`[0]` of the item is a symbol'],
  ['what is in a map', () => new Map([['k', { f() {} }]]), '`get("k").f` of the item is a function'],
  ['a key of a map', () => new Map([[() => 1, 1]]), '`keys()[0]` of the item is a function'],
  ['what is in a set', () => ({ set: new Set([1, Symbol('x')]) }), '`set.values()[1]` of the item is a symbol'],
  ['the cause of an error', () => new Error('x', { cause: () => 1 }), '`cause` of the item is a function'],
  ['a promise', () => [Promise.resolve()], '`[0]` of the item is a Promise'],
  ['a WeakMap', () => ({ cache: new WeakMap() }), '`cache` of the item is a WeakMap'],
  ['a WeakRef', () => ({ ref: new WeakRef({}) }), '`ref` of the item is a WeakRef'],
  ['a generator', () => ({ g: (function* () {})() }), '`g` of the item is a '],
  ['an iterator', () => ({ i: [1][Symbol.iterator]() }), '`i` of the item is a'],
  ['a URL', () => ({ url: new URL('http://x') }), '`url` of the item is a URL'],
  [
    'a Proxy of a map',
    () => ({ p: new Proxy(new Map(), {}) }),
    '`p` of the item is a Proxy of something else than data',
  ],
  ['a Proxy of a function', () => ({ p: new Proxy(() => 1, {}) }), '`p` of the item is a function'],
  ['a detached buffer', () => detached().buffer, 'the item is a buffer whose memory was handed over'],
  [
    'a view of a detached buffer',
    () => ({ v: detached().view }),
    '`v` of the item is a buffer whose memory was handed over',
  ],
  [
    'a Buffer of a detached buffer',
    () => ({ b: detached().node }),
    '`b` of the item is a buffer whose memory was handed over',
  ],
  [
    'a view beyond its buffer',
    () => ({ v: beyond() }),
    '`v` of the item is a view that reaches beyond its resized buffer',
  ],
  [
    'what a getter has made',
    () => ({
      get f() {
        return () => 1
      },
    }),
    'something in the item is a function',
  ],
]

for (const [what, make, says] of refusals) {
  refused(`is named with the way to it: ${what}`, () => {
    const error = thrownBy(() => one(make()))
    assert.instance(error, NotCloneable)
    assert.is(error.code, 'ERR_NOT_CLONEABLE')
    assert.ok(error.message.startsWith(says), error.message)
    // Node 20 makes an empty object of a URL.
    if (what !== 'a URL') assert.throws(() => structuredClone(make()), undefined, 'structured clone carries it')
  })
}

refused('ends the frame before it, and is thrown when it is the first', () => {
  const encoder = new FrameEncoder()
  const items = [1, { a: 1 }, { a: () => 1 }, 2]
  assert.is(encoder.encode(items, 0, 4, memory, 0, 1_000).taken, 2)
  assert.instance(
    thrownBy(() => encoder.encode(items, 2, 4, memory, 0, 1_000)),
    NotCloneable,
  )
  assert.is(encoder.encode(items, 3, 4, memory, 0, 1_000).taken, 1)
})

refused('ends a frame of records before it as well', () => {
  const encoder = new FrameEncoder()
  const items = count(200, i => ({ id: i, it: i === 150 ? () => 1 : { i } }))
  for (let round = 0; round < 3; round++) assert.is(encoder.encode(items, 0, 200, memory, 0, 60_000).taken, 150)
  assert.is(thrownBy(() => encoder.encode(items, 150, 200, memory, 0, 60_000)).path, 'it')
})

refused('may be what a getter throws: it is thrown as it is', () => {
  const mine = new Error('mine')
  const throwing = {
    get a() {
      throw mine
    },
  }
  const encoder = new FrameEncoder()
  assert.is(encoder.encode([1, throwing], 0, 2, memory, 0, 1_000).taken, 1)
  assert.is(
    thrownBy(() => encoder.encode([throwing], 0, 1, memory, 0, 1_000)),
    mine,
  )
})

refused.run()
