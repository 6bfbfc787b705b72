/**
 * The answer, computed before anything runs, and the check of every run against it.
 *
 * The first run of a contender is its proof: each value is compared, in order. The timed runs are held to count and sum.
 */
import type { Tally } from './tally.ts'

export interface Answer {
  readonly values: readonly number[]
  readonly sum: number
}

export function answerOf(values: readonly number[]): Answer {
  let sum = 0
  for (const value of values) sum = (sum + value) | 0
  return { values, sum }
}

/** What is wrong with a run, or nothing. */
export function fault(tally: Tally<never>, answer: Answer, ordered: boolean): string | undefined {
  if (tally.count !== answer.values.length) return `${tally.count} results instead of ${answer.values.length}`
  if (tally.sum !== answer.sum) return `a sum of ${tally.sum} instead of ${answer.sum}`
  if (tally.trace === undefined || !ordered) return undefined
  const place = answer.values.findIndex((value, index) => value !== tally.trace![index])
  return place < 0 ? undefined : `result ${place} is ${tally.trace[place]} instead of ${answer.values[place]}`
}
