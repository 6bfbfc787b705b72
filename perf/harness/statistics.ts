/**
 * What is said of repeated measurements: the median, and how far it may be trusted.
 *
 * The median, because noise on a shared machine only ever adds time; minimum and maximum, because a reader
 * should see the noise itself and not a model of it.
 */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** The last `runs` values differ by less than `tolerance` of the smallest of them. */
export function isStable(values: readonly number[], runs: number, tolerance: number): boolean {
  const last = spread(values.slice(-runs))
  return values.length >= runs && last.max - last.min <= tolerance * last.min
}
