/** The property of a decoder: whatever the bytes are, it gives items, or throws `CorruptFrame`; soon, and in little memory. */
import * as fc from 'fast-check'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import { CorruptFrame } from '../../src/errors.ts'

/** Frames of all kinds, as they are before they are torn. */
export const frames: readonly Uint8Array[] = corpus()

const decoder = new FrameDecoder()
const guard = 64

/** What one decode of bytes comes to: how much it gave, or undefined for `CorruptFrame`. Everything else is thrown. */
export function weighed(bytes: Uint8Array): number | undefined {
  // Behind the frame lies what must not be read: the guards are tags of long strings and large counts.
  const memory = Buffer.alloc(guard + bytes.length + guard, 0xfe)
  memory.set(bytes, guard)
  const out: unknown[] = ['before']
  try {
    decoder.decode(memory, guard, bytes.length, out)
    return weight(out, new Set())
  } catch (error) {
    if (!(error instanceof CorruptFrame)) throw error
    if (out.length !== 1) throw new Error('items were left behind')
    return undefined
  }
}

export function judge(bytes: Uint8Array): void {
  const started = performance.now()
  const weight = weighed(bytes)
  const millis = performance.now() - started
  if (millis > 1_000) throw new Error(`${millis} ms for ${bytes.length} bytes`)
  if (weight !== undefined && weight > 64 + 64 * bytes.length) throw new Error(`${weight} of ${bytes.length} bytes`)
}

export const survives = fc.property(
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }))
        .map(([frame, wounds]) => wounds.reduce(torn, frames[frame % frames.length]!)),
    },
  ),
  judge,
)

/** One wound: a byte, a number, a cut, a piece of another frame. */
export function torn(bytes: Uint8Array, [how, where, what]: readonly [number, number, number]): Uint8Array {
  const at = bytes.length === 0 ? 0 : where % bytes.length
  const made = Uint8Array.from(bytes)
  switch (how % 7) {
    case 0:
      made[at] = what
      return made
    case 1:
      made[at]! ^= 1 << (what % 8)
      return made
    case 2:
      made.set([0xff, 0xff, 0xff, [0x7f, 0xff, 0x0f, 0x00][what % 4]!].slice(0, made.length - at), at)
      return made
    case 3:
      return made.slice(0, at)
    case 4:
      return made.slice(at)
    case 5: {
      const other = frames[what % frames.length]!
      return Uint8Array.from([...made.slice(0, at), ...other.slice(at % (other.length + 1))].slice(0, 4_000))
    }
    default: {
      const length = what % 16
      return Uint8Array.from([...made.slice(0, at + length), ...made.slice(at)].slice(0, 4_000))
    }
  }
}

/** Things in it: objects, properties, characters, bytes. */
function weight(value: unknown, seen: Set<unknown>): number {
  if (typeof value === 'string') return value.length
  if (typeof value === 'bigint') return value.toString(16).length
  if (typeof value !== 'object' || value === null || seen.has(value)) return 1
  seen.add(value)
  if (value instanceof ArrayBuffer) return value.byteLength + 1
  if (ArrayBuffer.isView(value)) return Buffer.isBuffer(value) ? value.length + 1 : weight(value.buffer, seen) + 1
  const parts: unknown[] =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value)
  let sum = 1
  for (const part of parts) sum += weight(part, seen) + 1
  if (value instanceof Error) sum += weight(value.cause, seen)
  return sum
}

function corpus(): Uint8Array[] {
  const circle: Record<string, unknown> = { a: 1 }
  circle.self = circle
  const memory = new ArrayBuffer(24)
  const count = (n: number, make: (i: number) => unknown) => Array.from({ length: n }, (_, i) => make(i))
  const all: unknown[][] = [
    count(5, i => i / 2),
    count(5, i => `text ${i}`),
    count(3, i => `é日本${i}\ud800`),
    count(4, i => Buffer.from(`bytes ${i}`)),
    count(80, i => ({ a: i, b: i / 2, c: -i })).slice(0, 10),
    count(6, i => ({ id: i, name: `n${i}`, active: i % 2 === 0, tags: ['x', `y${i}`], more: { z: i } })),
    [circle, [circle], Object.assign(new Array(3), { 0: 1, 2: 3 }), Object.assign([1], { x: 'y' }), [], [[[]]]],
    [
      new Map<unknown, unknown>([
        [1, { a: 1 }],
        [{ a: 2 }, 'x'],
      ]),
      new Set([1, 'b', new Set()]),
    ],
    [new Date(5), /a+/gi, Object(1), Object('s'), 12n, -(2n ** 70n), null, undefined, true],
    [new Uint8Array([1, 2, 3]), new Float64Array(memory, 8, 2), [memory, new DataView(memory)], Buffer.from('pool')],
    [new TypeError('message', { cause: { code: 1 } }), new Error('x')],
    [JSON.parse('{"__proto__":{"a":1},"b":{"c":[1,2,3,4,5,6]}}')],
  ]
  const target = Buffer.alloc(8_192)
  return all.flatMap(each => {
    // Fresh and learned: an encoder that has met a shape often writes rows.
    const encoder = new FrameEncoder()
    const made: Uint8Array[] = []
    for (let round = 0; round < 20; round++) {
      const { bytes } = encoder.encode(each, 0, each.length, target, 0, target.length)
      if (round % 19 === 0) made.push(new Uint8Array(target.subarray(0, bytes)))
    }
    return made
  })
}
