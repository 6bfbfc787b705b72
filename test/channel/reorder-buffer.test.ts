import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ReorderBuffer } from '../../src/channel/reorder-buffer.ts'
import { SequenceError } from '../../src/errors.ts'

const reorderBuffer = suite('ReorderBuffer')

/** Where numbers stop being small integers, 32-bit integers, and nearly integers at all. */
const beginnings = [0, 1, 2 ** 30 - 5, 2 ** 31 - 5, 2 ** 32 - 5, 2 ** 53 - 1 - 10_000]

reorderBuffer('gives results back in the order of their inputs', () => {
  const buffer = new ReorderBuffer<string>()
  const left: string[][] = []
  for (const [from, to, result] of [
    [4, 6, 'c'],
    [0, 3, 'a'],
    [6, 7, 'd'],
    [3, 4, 'b'],
  ] as const) {
    buffer.put(from, to, result)
    left.push(drain(buffer))
  }
  assert.equal(left, [[], ['a'], [], ['b', 'c', 'd']])
  assert.is(buffer.next, 7)
  assert.is(buffer.held, 0)
})

reorderBuffer('orders any permutation of any ranges, taken as soon as they can be', () => {
  fc.assert(
    fc.property(puts(), ({ first, ranges, order }) => {
      const buffer = new ReorderBuffer<number>(first)
      const left: number[] = []
      const here = new Set<number>()
      for (const index of order) {
        const { from, to } = ranges[index]!
        buffer.put(from, to, index)
        here.add(index)
        for (; here.has(left.length); here.delete(left.length - 1)) {
          assert.is(buffer.next, ranges[left.length]!.from)
          assert.is(buffer.peek(), left.length)
          left.push(buffer.shift()!)
          assert.is(buffer.next, ranges[left.length - 1]!.to)
        }
        assert.is(buffer.peek(), undefined)
        assert.is(buffer.shift(), undefined)
        assert.is(buffer.held, here.size)
      }
      assert.equal(
        left,
        ranges.map((_, index) => index),
      )
    }),
    { numRuns: 300 },
  )
})

reorderBuffer('orders any permutation, taken only when all are there', () => {
  fc.assert(
    fc.property(puts(), ({ first, ranges, order }) => {
      const buffer = new ReorderBuffer<number>(first)
      for (const index of order) buffer.put(ranges[index]!.from, ranges[index]!.to, index)
      assert.is(buffer.held, ranges.length)
      assert.equal(
        drain(buffer),
        ranges.map((_, index) => index),
      )
      assert.is(buffer.held, 0)
    }),
    { numRuns: 300 },
  )
})

reorderBuffer('refuses a second result for the same inputs, and keeps the first', () => {
  fc.assert(
    fc.property(puts(), fc.nat(), ({ first, ranges, order }, pick) => {
      const buffer = new ReorderBuffer<number>(first)
      const again = pick % ranges.length
      for (const index of order) {
        buffer.put(ranges[index]!.from, ranges[index]!.to, index)
        if (index === again) refuses(buffer, ranges[index]!.from, ranges[index]!.to)
      }
      assert.equal(
        drain(buffer),
        ranges.map((_, index) => index),
      )
    }),
  )
})

reorderBuffer('refuses a result that covers the start of one it holds', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 200 }), fc.nat(2_000), (from, ahead, beyond) => {
      const buffer = new ReorderBuffer<string>()
      buffer.put(from + ahead, from + ahead + 1, 'held')
      refuses(buffer, from, from + ahead + 1 + beyond)
      buffer.put(from, from + ahead, 'fits')
      assert.is(buffer.held, 2)
    }),
  )
})

reorderBuffer('refuses a result that begins before what was taken', () => {
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.integer({ min: 1, max: 500 }), (first, length) => {
      const buffer = new ReorderBuffer<string>(first)
      buffer.put(first, first + length, 'taken')
      assert.is(buffer.shift(), 'taken')
      for (const from of [first, first + length - 1]) refuses(buffer, from, first + length + 1)
      buffer.put(first + length, first + length + 1, 'next')
      assert.equal(drain(buffer), ['next'])
    }),
  )
})

reorderBuffer('refuses a range without inputs', () => {
  const buffer = new ReorderBuffer<string>()
  for (const [from, to] of [
    [0, 0],
    [5, 5],
    [5, 4],
    [Number.NaN, 1],
    [0, Number.NaN],
  ] as const)
    refuses(buffer, from, to)
})

reorderBuffer('says what does not fit, and why', () => {
  const buffer = new ReorderBuffer<string>(4)
  buffer.put(6, 8, 'held')
  throwsSequenceError(() => buffer.put(3, 5, ''), 'result 3 to 5 is late: everything before 4 was taken')
  throwsSequenceError(() => buffer.put(5, 7, ''), 'result 5 to 7 covers one that already waits; 4 is to come next')
  throwsSequenceError(() => buffer.put(5, 5, ''), 'a result must end after it begins, got 5 to 5')
})

reorderBuffer('begins at 0 unless told otherwise', () => {
  const buffer = new ReorderBuffer<string>()
  assert.is(buffer.next, 0)
  buffer.put(0, 1, 'first')
  assert.is(buffer.shift(), 'first')
})

reorderBuffer('keeps what it holds, wherever in the ring it lies, when the ring grows', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.integer({ min: 17, max: 5_000 }), (taken, ahead) => {
      const buffer = new ReorderBuffer<number>()
      for (let from = 0; from < taken; from++) {
        buffer.put(from, from + 1, from)
        buffer.shift()
      }
      for (let from = taken + 1; from < taken + 16; from++) buffer.put(from, from + 1, from)
      buffer.put(taken + ahead, taken + ahead + 1, taken + ahead)
      buffer.put(taken, taken + 1, taken)
      assert.equal(
        drain(buffer),
        Array.from({ length: 16 }, (_, index) => taken + index),
      )
      assert.is(buffer.held, 1)
    }),
  )
})

reorderBuffer('does not hold on to a result that was taken', async () => {
  const buffer = new ReorderBuffer<object>()
  const taken = passThrough(buffer, 40)
  assert.is(await collected(taken), 40)
  assert.is(buffer.next, 40) // the buffer itself is still here
})

reorderBuffer.run()

/** Ranges without gaps from `first`, and an order in which their results come in. */
function puts() {
  return fc
    .record({
      first: fc.constantFrom(...beginnings),
      lengths: fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })), {
        minLength: 1,
        maxLength: 60,
        size: 'max',
      }),
    })
    .chain(({ first, lengths }) => {
      let end = first
      const ranges = lengths.map(length => ({ from: end, to: (end += length) }))
      const indexes = ranges.map((_, index) => index)
      return fc.record({
        first: fc.constant(first),
        ranges: fc.constant(ranges),
        order: fc.shuffledSubarray(indexes, { minLength: indexes.length }),
      })
    })
}

function drain<T>(buffer: ReorderBuffer<T>): T[] {
  const taken: T[] = []
  for (let result = buffer.shift(); result !== undefined; result = buffer.shift()) taken.push(result)
  return taken
}

/** The put throws, and nothing changes. */
function refuses(
  buffer: ReorderBuffer<never> | ReorderBuffer<string> | ReorderBuffer<number>,
  from: number,
  to: number,
) {
  const { next, held } = buffer
  const first = buffer.peek()
  assert.throws(
    () => (buffer as ReorderBuffer<unknown>).put(from, to, 'refused'),
    (error: unknown) => error instanceof SequenceError,
  )
  assert.equal([buffer.next, buffer.held, buffer.peek()], [next, held, first])
}

function throwsSequenceError(act: () => void, message: string): void {
  assert.throws(act, (error: unknown) => error instanceof SequenceError && error.message === message)
}

/** Puts results in pairs, the later one first, and takes them all. */
function passThrough(buffer: ReorderBuffer<object>, count: number): WeakRef<object>[] {
  const refs: WeakRef<object>[] = []
  for (let from = 0; from < count; from += 2) {
    for (const position of [from + 1, from]) {
      const result = { position }
      refs.push(new WeakRef(result))
      buffer.put(position, position + 1, result)
    }
    buffer.shift()
    buffer.shift()
  }
  return refs
}

/** How many of them nobody holds any more. */
async function collected(refs: WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  await setImmediate() // a WeakRef keeps its target for the turn that made it
  gc()
  return refs.filter(ref => ref.deref() === undefined).length
}
