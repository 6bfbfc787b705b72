import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { interleavedUpTo } from '../../src/testing/interleaving.ts'

const interleaving = suite('interleavedUpTo')

interleaving('takes a mix of rows that keeps the order of each', () => {
  assert.is(
    interleavedUpTo(
      [1, 8, 2, 9, 3],
      [
        [1, 2, 3],
        [8, 9],
      ],
    ),
    5,
  )
  assert.is(interleavedUpTo([], []), 0)
})

interleaving('says where a row was not kept', () => {
  assert.is(interleavedUpTo([1, 3, 2], [[1, 2, 3]]), 1)
  assert.is(interleavedUpTo([8, 1, 7], [[1, 2], [8]]), 2)
})

interleaving('takes back a choice between equals that was wrong', () => {
  // The first 1 must be that of the second row.
  assert.is(
    interleavedUpTo(
      [1, 9, 1, 2],
      [
        [1, 2],
        [1, 9],
      ],
    ),
    4,
  )
  assert.is(
    interleavedUpTo(
      [1, 9, 2, 1],
      [
        [1, 2],
        [1, 9],
      ],
    ),
    2,
  )
})

interleaving('takes every mix, whatever is equal in it', () => {
  const rows = fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 6 }), { maxLength: 6 })
  fc.assert(
    fc.property(rows, fc.infiniteStream(fc.nat()), (rows, choices) => {
      const rest = rows.map(row => [...row])
      const mixed: number[] = []
      while (rest.some(row => row.length > 0)) {
        const left = rest.filter(row => row.length > 0)
        mixed.push(left[choices.next().value! % left.length]!.shift()!)
      }
      assert.is(interleavedUpTo(mixed, rows), mixed.length)
    }),
  )
})

interleaving('takes no mix that there is not: it agrees with trying all', () => {
  const isMix = (mixed: number[], rows: number[][]): boolean =>
    mixed.length === 0 ||
    rows.some((row, i) => row[0] === mixed[0] && isMix(mixed.slice(1), rows.with(i, row.slice(1))))
  const few = fc.array(fc.array(fc.nat({ max: 2 }), { maxLength: 3 }), { maxLength: 3 })
  fc.assert(
    fc.property(few, fc.infiniteStream(fc.nat()), (rows, choices) => {
      const mixed = rows.flat()
      for (let i = mixed.length - 1; i > 0; i--) {
        const j = choices.next().value! % (i + 1)
        ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
      }
      assert.is(interleavedUpTo(mixed, rows) === mixed.length, isMix(mixed, rows))
    }),
    { numRuns: 500 },
  )
})

interleaving('is done soon with many equal rows', () => {
  const rows = Array.from({ length: 500 }, () => [1, 2, 1])
  const mixed = [...rows.map(() => 1), ...rows.map(() => 2), ...rows.map(() => 1)]
  assert.is(interleavedUpTo(mixed, rows), 1500)
})

interleaving.run()
