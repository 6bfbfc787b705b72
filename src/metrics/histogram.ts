/**
 * How often each duration occurred, within 1 %, in at most 24 KB.
 *
 * Log-linear buckets: every doubling of the value is cut into 64 of equal width, so that a bucket is as wide as 1/64 of
 * where it begins, and its middle is less than 1/128 away from all that is in it.
 *
 *     value      0 … 63    64 … 127    128 … 255    256 … 511         2^51 … 2^52 - 1
 *     buckets    64        64          64           64          …     64
 *     each holds 1         1           2            4                 2^45
 *
 *     storage    │ count │ sum │ max │ bucket 0 │ bucket 1 │ … │ bucket 3007 │     float64 each
 *
 * The counts are float64 (exact to 2^53) so that they can lie in memory that threads share: one writer, any reader. A
 * reader may look while a value is half recorded; what it is told is off by that one value.
 *
 * Source: Gil Tene's HdrHistogram; the word log-linear from `llquantize` of DTrace.
 */
import { InvalidOption } from '../errors.ts'

/** Buckets in each doubling, as a power of two: 64. */
const fine = 6
/** The highest value is 2^52 - 1, about 52 days of nanoseconds: what fits any float64 with a bit to spare. */
const highest = 2 ** 52 - 1
const buckets = (52 - fine + 1) << fine

const countAt = 0
const sumAt = 1
const maxAt = 2
const header = 3

/** Length of the storage of a histogram, in float64. */
export const histogramWords: number = header + buckets

/** Storage of its own begins with the buckets up to 511 ns, and doubles as longer durations come. */
const shortest = header + 256

export class Histogram {
  #words: Float64Array

  /** `storage`: `histogramWords` long, zeros or what another histogram has recorded into it; by default, its own. */
  constructor(storage?: Float64Array) {
    if (storage && storage.length !== histogramWords) {
      throw new InvalidOption('storage', `a Float64Array of ${histogramWords}`, storage.length)
    }
    this.#words = storage ?? new Float64Array(shortest)
  }

  #grow(length: number): void {
    const words = new Float64Array(Math.min(histogramWords, Math.max(length, 2 * this.#words.length)))
    words.set(this.#words)
    this.#words = words
  }

  /**
   * Counts a value in ns, `count` times. What is not above 0 counts as 0, what is above 2^52 - 1 as that. A fraction of a
   * nanosecond is lost to percentiles, but not to `mean` and `max`.
   */
  record(value: number, count = 1): void {
    // The first comparison is false for NaN too, which must not reach the sum: no later value could heal it.
    const exact = value > 0 ? Math.min(value, highest) : 0
    const at = header + bucketOf(exact)
    if (at >= this.#words.length) this.#grow(at + 1)
    const words = this.#words
    words[at]! += count
    words[countAt]! += count
    words[sumAt]! += exact * count
    if (exact > words[maxAt]!) words[maxAt] = exact
  }

  /** Values recorded. */
  get count(): number {
    return this.#words[countAt]!
  }

  /** Their mean, from the values themselves and not from the buckets; 0 when there are none. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#words[sumAt]! / this.count
  }

  /** The greatest value recorded, exactly; 0 when there are none. */
  get max(): number {
    return this.#words[maxAt]!
  }

  /**
   * The least value that at least `p` percent (0 to 100) of the values do not exceed, within 1 %; 0 when there are none.
   * `percentile(100)` is `max`.
   */
  percentile(p: number): number {
    // A rank that is whole must not become the next one because p has no exact float64: 99.9 % of 1,000 is the 999th.
    const rank = Math.max(1, Math.ceil(((p * this.count) / 100) * (1 - Number.EPSILON)))
    if (rank >= this.count) return this.max
    let below = 0
    for (let bucket = 0; bucket < this.#words.length - header; bucket++) {
      below += this.#words[header + bucket]!
      if (below >= rank) return Math.min(middleOf(bucket), this.max)
    }
    return this.max
  }

  /** Adds all that `other` has recorded. */
  merge(other: Histogram): void {
    if (other.#words.length > this.#words.length) this.#grow(other.#words.length)
    const words = this.#words
    const max = Math.max(this.max, other.max)
    for (let index = 0; index < other.#words.length; index++) words[index]! += other.#words[index]!
    words[maxAt] = max
  }

  /** Forgets everything. For the writer only. */
  reset(): void {
    this.#words.fill(0)
  }
}

/**
 * Below 64 the value itself. From there on, for a value of e + 7 bits, its highest 7 bits (64 to 127) behind e blocks of
 * 64: shifting drops what the width of the bucket does not tell apart.
 */
function bucketOf(value: number): number {
  if (value < 2 ** 31) {
    const shift = Math.max(0, 31 - fine - Math.clz32(value))
    return (shift << fine) + (value >>> shift)
  }
  // Too long for the bit operations: its upper 31 of 52 bits are enough, as the lower 21 make no difference up here.
  const upper = Math.floor(value / 2 ** 21)
  const shift = 31 - fine - Math.clz32(upper)
  return ((shift + 21) << fine) + (upper >>> shift)
}

function middleOf(bucket: number): number {
  const shift = Math.max(0, (bucket >>> fine) - 1)
  const width = 2 ** shift
  return (bucket - (shift << fine)) * width + (width - 1) / 2
}
