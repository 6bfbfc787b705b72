/** Bytes that were torn, cut, or never were a frame. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { segment, tag } from '../../src/codec/format.ts'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { CorruptFrame } from '../../src/errors.ts'
import { thrownBy } from '../support/failure.ts'
import { frames, judge, survives, torn, weighed } from './survives.ts'

const run = promisify(execFile)
const corrupt = suite('bytes that are no frame')

corrupt('are told from frames, and take neither time nor memory: a hundred thousand wounds', () => {
  // Random enough, and the same each time; fast-check would take most of the time for itself.
  let seed = 12_345
  const random = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 8
  let rejected = 0
  for (let i = 0; i < 100_000; i++) {
    let bytes = frames[i % frames.length]!
    for (let wounds = 1 + (random() % 3); wounds > 0; wounds--) bytes = torn(bytes, [random(), random(), random()])
    judge(bytes)
    if (i % 10 === 0 && weighed(bytes) === undefined) rejected++
  }
  assert.ok(rejected > 3_000, `${rejected} of 10,000 were rejected`)
})

corrupt('are judged alike by whatever fast-check makes up', () => {
  fc.assert(survives, { numRuns: 2_000 })
})

corrupt('take no more memory than a small process has, and no code made from strings', async () => {
  const torture = fileURLToPath(new URL('../torture.js', import.meta.url))
  const flags = ['--max-old-space-size=64', '--disallow-code-generation-from-strings']
  const args = [...flags, torture, 'corrupt', '--cases', '20000', '--seed', '5']
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  assert.match(stdout, /20000 cases passed/)
})

corrupt('are refused wherever a frame was cut, but between its segments', () => {
  for (const frame of frames) {
    let whole = 0
    for (let length = 1; length < frame.length; length++) {
      if (weighed(frame.slice(0, length)) !== undefined) whole++
    }
    assert.ok(whole <= 2, `${whole} cuts of a frame were taken for frames`)
  }
})

const head = (kind: number, count: number, ...rest: number[]) => {
  const bytes = Buffer.alloc(5)
  bytes[0] = kind
  bytes.writeUInt32LE(count, 1)
  return Uint8Array.from([...bytes, ...rest])
}
const most = 0xffffffff
const huge = [0xff, 0xff, 0xff, 0xff, 0x0f]

const lies: [string, Uint8Array, RegExp][] = [
  ['four thousand million numbers', head(segment.numbers, most, 1, 2, 3), /longer than the frame/],
  ['as many strings', head(segment.strings, most, 4, 0, 0, 0, 0, 0, 0, 0, 0), /more strings than lengths/],
  ['as many buffers', head(segment.buffers, most, 1, 2, 3), /longer than the frame/],
  ['as many values', head(segment.values, most, tag.null), /more items than bytes/],
  [
    'as many records',
    head(segment.records, most, 13, 0, 0, 0, 9, 0, 0, 0, 1, 1, 0, 97, 0, 3),
    /is too short|more rows|ends outside|other kinds/,
  ],
  ['as many elements', head(segment.values, 1, tag.array, ...huge), /longer than the frame/],
  ['as many entries of a map', head(segment.values, 1, tag.map, ...huge), /longer than the frame/],
  ['a bigint as long', head(segment.values, 1, tag.bigint, 0, ...huge), /longer than the frame/],
  ['a buffer as long', head(segment.values, 1, tag.arrayBuffer, ...huge), /longer than the frame/],
  ['a length that never ends', head(segment.values, 1, tag.array, ...new Array(20).fill(0xff)), /too many digits/],
  [
    'buffers that could grow too far',
    head(segment.values, 1, tag.resizable, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
    /too large/,
  ],
  ['what was attached and did not come', head(segment.values, 1, tag.attachment, 0), /attached/],
  ['a large buffer that nobody keeps', head(segment.values, 1, tag.large, 1, 1), /nobody knows where/],
  ['a class that nobody knows', head(segment.values, 1, tag.reduced, 65, 65, tag.null), /nobody knows/],
  ['a circle where none can be', head(segment.values, 1, tag.boxed, tag.reference, 0), /cannot be there yet/],
  ['a regular expression that is none', head(segment.values, 1, tag.regexp, 65, 40, 64), /cannot be made/],
  ['an unknown kind', head(9, 1), /kind 9/],
  ['an unknown tag', head(segment.values, 1, 60), /tag of nothing/],
]

for (const [what, bytes, says] of lies) {
  corrupt(`are refused before anything is made of them: ${what}`, () => {
    const out: unknown[] = [1]
    const error = thrownBy(() => new FrameDecoder().decode(bytes, 0, bytes.length, out))
    assert.instance(error, CorruptFrame)
    assert.match(error.message, says)
    assert.equal(out, [1])
  })
}

corrupt('nested a million levels deep end in an error, not in the stack', () => {
  for (const nesting of [
    [tag.array, 1],
    [tag.set, 1],
    [tag.error, 0, 4],
    [tag.object, 1, 65, 97],
  ]) {
    const deep = new Uint8Array(5 + 1_000_000)
    deep.set(head(segment.values, 1))
    for (let at = 5; at + nesting.length <= deep.length; at += nesting.length) deep.set(nesting, at)
    assert.match(thrownBy(() => new FrameDecoder().decode(deep, 0, deep.length, [])).message, /nested too deeply/)
  }
})

corrupt('are a place outside of the memory', () => {
  for (const [at, length] of [
    [-1, 4],
    [0, 101],
    [90, 20],
    [Number.NaN, 1],
  ]) {
    assert.instance(
      thrownBy(() => new FrameDecoder().decode(new Uint8Array(100), at!, length!, [])),
      CorruptFrame,
    )
  }
})

corrupt('give a long array no room that it does not fill', () => {
  const bytes = head(segment.values, 1, tag.sparse, 0xff, 0xff, 0xff, 0x0f, 0)
  const before = process.memoryUsage().heapUsed
  const out: unknown[] = []
  const decoder = new FrameDecoder()
  for (let i = 0; i < 100; i++) decoder.decode(bytes, 0, bytes.length, out)
  assert.is((out[0] as unknown[]).length, 0x1ffffff)
  assert.ok(process.memoryUsage().heapUsed - before < 50e6)
})

corrupt.run()
