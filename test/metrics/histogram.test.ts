import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidOption } from '../../src/errors.ts'
import { Histogram, histogramWords } from '../../src/metrics/histogram.ts'

const histogram = suite('Histogram')

const highest = 2 ** 52 - 1

histogram('tells any percentile of any values within 1 %', () => {
  fc.assert(
    fc.property(
      fc.array(value(), { minLength: 1, maxLength: 300, size: 'max' }),
      fc.array(tenths(), { maxLength: 20, size: 'max' }),
      (values, percentiles) => {
        const sorted = values.toSorted((a, b) => a - b)
        const recorded = of(values)
        for (const p of percentiles) {
          const exact = sorted[Math.max(1, Math.ceil((p * sorted.length) / 1_000)) - 1]!
          assertClose(recorded.percentile(p / 10), exact, exact < 128 ? 0 : 0.01)
        }
      },
    ),
    { numRuns: 300 },
  )
})

histogram('tells values below 128 exactly', () => {
  for (let value = 0; value < 128; value++) assert.is(of([value, highest]).percentile(50), value)
})

histogram('tells apart what lies on either side of a power of two, up to the highest value', () => {
  for (let power = 7; power < 52; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1, 2 ** power * 1.5, 2 ** (power + 1) - 1]) {
      assertClose(of([value, highest]).percentile(50), value, 1 / 128)
    }
    const [below, above] = [2 ** power - 1, 2 ** power].map(value => of([value, highest]).percentile(50))
    assert.ok(below! < above!)
  }
})

histogram('has a percentile that is a rank take the value of that rank, not the next', () => {
  for (const values of [10, 200, 1_000, 7_000, 100_000]) {
    for (let tenth = 1; tenth < 1_000; tenth++) {
      const rank = (tenth * values) / 1_000
      if (!Number.isInteger(rank)) continue
      const recorded = new Histogram()
      recorded.record(1, rank)
      recorded.record(2, values - rank)
      assert.is(recorded.percentile(tenth / 10), 1, `${tenth / 10} % of ${values}`)
      assert.is(recorded.percentile(tenth / 10 + 0.05), 2, `${tenth / 10 + 0.05} % of ${values}`)
    }
  }
})

histogram('has its least value at 0 % and its greatest, exactly, at 100 %', () => {
  const recorded = of([1_234_567, 42, 7_654_321])
  assert.is(recorded.percentile(0), 42)
  assert.is(recorded.percentile(100), 7_654_321)
  assert.is(recorded.max, 7_654_321)
})

histogram('tells no percentile above the greatest value', () => {
  fc.assert(
    fc.property(value(), value => {
      const recorded = of([value, value, value])
      assert.ok(recorded.percentile(50) <= value)
    }),
  )
})

histogram('knows count, mean and greatest value exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 100, size: 'max' }), values => {
      const recorded = of(values)
      assert.is(recorded.count, values.length)
      assert.is(recorded.mean, values.reduce((sum, value) => sum + value, 0) / values.length)
      assert.is(recorded.max, Math.max(...values))
    }),
  )
})

histogram('counts a value many times at once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2 ** 40), fc.integer({ min: 1, max: 20 })), { maxLength: 50, size: 'max' }),
      pairs => {
        const atOnce = new Histogram()
        for (const [value, count] of pairs) atOnce.record(value, count)
        assertSame(atOnce, of(pairs.flatMap(([value, count]) => new Array<number>(count).fill(value))))
      },
    ),
  )
})

histogram('is all zeros when nothing was recorded', () => {
  const { count, mean, max } = new Histogram()
  assert.equal({ count, mean, max }, { count: 0, mean: 0, max: 0 })
  for (const p of [0, 50, 100]) assert.is(new Histogram().percentile(p), 0)
})

histogram('takes what is not above 0 for 0, and what is too high for the highest value', () => {
  const recorded = of([-1, -Infinity, Number.NaN, 2 ** 52, 1e300, Infinity])
  assert.is(recorded.count, 6)
  assert.is(recorded.percentile(50), 0)
  assertClose(recorded.percentile(51), highest, 0.01)
  assert.is(recorded.max, highest)
  assertClose(recorded.mean, highest / 2, 1e-9)
})

histogram('merges into what recording everything in one place would have given', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(2 ** 40), { maxLength: 100, size: 'max' }),
      fc.array(fc.nat(2 ** 40), { maxLength: 100, size: 'max' }),
      (ours, theirs) => {
        const merged = of(ours)
        const other = of(theirs)
        merged.merge(other)
        assertSame(merged, of([...ours, ...theirs]))
        assertSame(other, of(theirs))
      },
    ),
    { numRuns: 50 },
  )
})

histogram('forgets everything when it is reset', () => {
  const recorded = of([1, 1_000, 1e12])
  recorded.reset()
  assertSame(recorded, new Histogram())
  recorded.record(5)
  assertSame(recorded, of([5]))
})

histogram('can be read by others where it lies in shared memory', () => {
  const shared = new SharedArrayBuffer(histogramWords * Float64Array.BYTES_PER_ELEMENT)
  const writer = new Histogram(new Float64Array(shared))
  const reader = new Histogram(new Float64Array(shared))
  for (const value of [3, 300, 3e9]) writer.record(value)
  assertSame(reader, of([3, 300, 3e9]))
})

histogram('takes no storage of another length', () => {
  for (const length of [0, histogramWords - 1, histogramWords + 1]) {
    assert.throws(
      () => new Histogram(new Float64Array(length)),
      (error: unknown) => error instanceof InvalidOption && error.message.includes(`got ${length}`),
    )
  }
})

histogram('needs less than 32 KiB', () => {
  assert.ok(histogramWords * Float64Array.BYTES_PER_ELEMENT < 32 * 1024)
})

histogram.run()

/** Durations of any magnitude, each as likely: from 0 to the highest value. */
function value() {
  return fc
    .tuple(fc.nat(52), fc.double({ min: 0.5, max: 1, maxExcluded: true, noNaN: true }))
    .map(([power, part]) => Math.floor(2 ** power * part))
}

/** Percentiles in tenths, so that the rank can be computed without rounding. */
function tenths() {
  return fc.nat(1_000)
}

function of(values: readonly number[]): Histogram {
  const recorded = new Histogram()
  for (const value of values) recorded.record(value)
  return recorded
}

function assertClose(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * share, `${actual} is not within ${share} of ${expected}`)
}

function assertSame(actual: Histogram, expected: Histogram): void {
  assert.is(actual.count, expected.count)
  assert.is(actual.max, expected.max)
  assert.is(actual.mean, expected.mean)
  for (let p = 0; p <= 100; p += 2.5) assert.is(actual.percentile(p), expected.percentile(p), `at ${p} %`)
}
