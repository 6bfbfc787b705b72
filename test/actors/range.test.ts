import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { range } from '../../actors/range.ts'
import { InvalidOption, pipeline } from '../../src/index.ts'
import { all, take } from '../support/take.ts'
import { within } from '../support/within.ts'

const numbers = suite('range')

numbers('gives the first, the last, and all between', async () => {
  assert.equal([...range(2, 5)], [2, 3, 4, 5])
  assert.equal([...range(-1, 1)], [-1, 0, 1])
  assert.equal([...range(3, 3)], [3])
  assert.equal([...range(3, 2)], [])
})

numbers('can be run twice', async () => {
  const twice = pipeline('t').from(range(1, 3))
  assert.equal(await all(twice.run()), [1, 2, 3])
  assert.equal(await all(twice.run()), [1, 2, 3])
})

numbers('has no end without a last one, and is asked for no more than is wanted', async () => {
  const run = pipeline('t').from(range(7), { capacity: 4 }).run()
  assert.equal(await take(run[Symbol.asyncIterator](), 3), [7, 8, 9])
  const { received } = await within(5_000, run.stop())
  assert.ok(received < 5_000, `${received}`)
})

numbers('fails where numbers are no longer apart, rather than give one again and again', () => {
  const given: number[] = []
  assert.throws(() => {
    for (const n of range(Number.MAX_SAFE_INTEGER - 1)) if (given.push(n) > 3) break
  }, /cannot be told from their neighbours/)
  assert.equal(given, [Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER])
  assert.equal([...range(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)], [Number.MAX_SAFE_INTEGER])
})

numbers('says how many they are', () => {
  assert.equal(
    [range(1, 3), range(3, 3), range(4, 3), range(-2, 2), range(0)].map(({ size }) => size),
    [3, 1, 0, 5, Infinity],
  )
})

numbers('refuses what is no whole number', () => {
  for (const [first, last] of [
    [0.5],
    [NaN],
    [Infinity],
    ['1'],
    [undefined],
    [1, 2.5],
    [1, '3'],
    [1, NaN],
    [1, -Infinity],
  ]) {
    assert.throws(
      () => range(first as number, last as number),
      (error: unknown) => error instanceof InvalidOption,
    )
  }
})

numbers.run()
