import type { Histogram } from './histogram.ts'
import type { Spread } from './snapshot.ts'

/** What a histogram of nanoseconds says, in milliseconds. */
export function spreadOf(histogram: Histogram): Spread {
  const millis = (nanos: number) => Math.round(nanos / 10) / 1e5
  return {
    mean: millis(histogram.mean),
    p50: millis(histogram.percentile(50)),
    p99: millis(histogram.percentile(99)),
    max: millis(histogram.max),
  }
}
