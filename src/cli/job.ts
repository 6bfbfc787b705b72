/** What a module gives to `millrace run`: a pipeline, or more than that. */
import type { DeadLetter, Live, Pipeline } from '../pipeline/language.ts'

/**
 * How far a source is: what its `progress()` gives, if it has one, and `undefined` while it does not know.
 *
 * It is for sources that know how much there is, but not how many items that makes, as a file does: the display of `millrace
 * run` says by it how much is done. What has a `length` or a `size` needs none.
 */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: 'items' | 'bytes'
}

/** A pipeline, and how a person is told what came of it. */
export interface Job<Out = any> {
  readonly pipeline: Pipeline<never, Out, any>
  /**
   * Lines for stdout, in place of the results as JSON. When the results have ended, `run.done` and `run.snapshot()` say
   * how it went. `millrace run --json` does without.
   */
  readonly report?: (results: AsyncIterable<Out>, run: Live) => Iterable<string> | AsyncIterable<string>
  /** What stderr is told of an item that was given up: a line, or nothing. @default its place and its error */
  readonly deadLetter?: (letter: DeadLetter<any>) => string | undefined
}

/** What the default export of a module may be. The arguments are those after `--`; what it throws is said in one line. */
export type JobModule<Out = any> =
  | Pipeline<never, Out, any>
  | Job<Out>
  | ((args: string[]) => Pipeline<never, Out, any> | Job<Out> | Promise<Pipeline<never, Out, any> | Job<Out>>)
