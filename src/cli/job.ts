/** What a module gives to `millrace run`: a pipeline, or more than that. */
import type { DeadLetter, Live, Pipeline } from '../pipeline/language.ts'

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
