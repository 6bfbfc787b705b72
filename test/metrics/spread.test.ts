import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Histogram } from '../../src/metrics/histogram.ts'
import { spreadOf } from '../../src/metrics/spread.ts'

const spread = suite('spreadOf')

spread('says in milliseconds what was recorded in nanoseconds', () => {
  const histogram = new Histogram()
  histogram.record(2_000_000)
  histogram.record(4_000_000)
  const { mean, p50, p99, max } = spreadOf(histogram)
  assert.equal([mean, max], [3, 4])
  for (const [told, truth] of [
    [p50, 2],
    [p99, 4],
  ] as const)
    assert.ok(Math.abs(told - truth) <= truth / 100, `${told}`)
})

spread('is all zeros when nothing was recorded', () => {
  assert.equal(spreadOf(new Histogram()), { mean: 0, p50: 0, p99: 0, max: 0 })
})

spread('tells what takes less than a microsecond, to ten nanoseconds', () => {
  const histogram = new Histogram()
  for (const nanos of [100, 260, 304]) histogram.record(nanos)
  const { p50, max } = spreadOf(histogram)
  assert.equal([p50, max], [0.00026, 0.0003])
})

spread('is plain data', () => {
  const histogram = new Histogram()
  histogram.record(1_234_567)
  const said = spreadOf(histogram)
  assert.equal(JSON.parse(JSON.stringify(said)), said)
})

spread.run()
