/**
 * The work: three functions as trivial as can be, so that what is measured is what stands between them.
 * All results are small integers; with larger ones every contender would measure the boxing of doubles.
 */
import { tally } from '../harness/tally.ts'

export type Step = (item: number) => number
export type AsyncStep = (item: number) => Promise<number>
export type Sink = (result: number) => void

export const f: Step = x => x + 1
export const g: Step = x => x * 2
export const h: Step = x => x - 3

/** Three asynchronous functions: handlers that have their answer at once, and handlers that wait a turn for it. */
export type AsyncSteps = readonly [AsyncStep, AsyncStep, AsyncStep]
export const atOnce: AsyncSteps = [async x => x + 1, async x => x * 2, async x => x - 3]
export const afterATurn: AsyncSteps = [
  async x => {
    await undefined
    return x + 1
  },
  async x => {
    await undefined
    return x * 2
  },
  async x => {
    await undefined
    return x - 3
  },
]

export const input = (items: number): readonly number[] => Array.from({ length: items }, (_, index) => index)
export const model = (input: readonly number[]): number[] => input.map(x => (x + 1) * 2 - 3)
export const results = tally((result: number) => result)
