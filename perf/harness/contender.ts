/** The words of a bench: what is run, on what, and what comes out. */
import type { Spread } from './statistics.ts'
import type { Tally } from './tally.ts'

export interface Settings {
  readonly quick: boolean
  readonly items?: number
  readonly rounds?: number
  readonly seed: number
  /** Only contenders whose name contains this, and the baseline. */
  readonly only?: string
}

export interface Contender<Input, Result> {
  readonly name: string
  /** Takes the input to its end and hands every result to `sink`. */
  readonly run: (input: Input, sink: (result: Result) => void) => void | Promise<void>
  /** The part of the items that it gets, where all of them would take minutes. @default 1 */
  readonly share?: number
  /** Its results come in the order of the input. @default true */
  readonly ordered?: boolean
  /** What a reader of the table has to know. */
  readonly remark?: string
}

export interface Comparison<Input, Result> {
  readonly name: string
  readonly title: string
  readonly items: number
  readonly quickItems: number
  readonly input: (items: number) => Input
  /** The values of all results, in order, by the plainest code there is. */
  readonly model: (input: Input) => number[]
  readonly tally: Tally<Result>
  /** The name of the contender that the others are compared with. */
  readonly baseline: string
  readonly contenders: readonly Contender<Input, Result>[]
}

export interface Measured {
  readonly contender: string
  readonly items: number
  readonly remark: string | undefined
  readonly warmups: number
  /** Nanoseconds an item, one for each round. */
  readonly times: readonly number[]
  /** Times the baseline, one for each round. */
  readonly ratios: readonly number[]
  readonly time: Spread
  readonly ratio: Spread
}

export interface Compared {
  readonly name: string
  readonly title: string
  readonly items: number
  readonly rounds: number
  readonly seed: number
  readonly baseline: string
  readonly measured: readonly Measured[]
}
