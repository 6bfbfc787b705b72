/**
 * The sink of every contender: counts the results and sums them up, so that neither dead code nor a lost item looks fast.
 *
 * It is one closure for all runs of all contenders. Were it a new one each time, or another one for the proof, the engine
 * would stop inlining it in some contenders and not in others, and the table would show that instead of the pipelines.
 * The sum wraps at 32 bits: it stays a small integer, and adding to it allocates nothing.
 */
export interface Tally<Result> {
  /** The callback that contenders hand each result to. */
  readonly add: (result: Result) => void
  /** Forgets everything; keeps each value from now on when `tracing`, to prove the order. */
  start(tracing: boolean): void
  readonly count: number
  readonly sum: number
  readonly trace: readonly number[] | undefined
}

/** `value`: the whole number by which a result is known. */
export function tally<Result>(value: (result: Result) => number): Tally<Result> {
  let count = 0
  let sum = 0
  let trace: number[] | undefined
  return {
    add: result => {
      const known = value(result)
      count++
      sum = (sum + known) | 0
      if (trace !== undefined) trace.push(known)
    },
    start: tracing => {
      count = 0
      sum = 0
      trace = tracing ? [] : undefined
    },
    get count() {
      return count
    },
    get sum() {
      return sum
    },
    get trace() {
      return trace
    },
  }
}
