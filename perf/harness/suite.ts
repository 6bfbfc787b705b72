/**
 * The benches by name, each run in a process of its own.
 *
 * What a bench leaves behind (compiled code, type feedback, a grown heap) would otherwise speed up or slow down the next:
 * a library that has just been driven with promises is not the library that a program of plain maps meets.
 */
import { fork } from 'node:child_process'
import type { Settings } from './contender.ts'

export interface Outcome {
  /** For people. */
  readonly text: string
  /** For `--json`: everything that was measured. */
  readonly data: unknown
  /** What was found to be wrong although all answers were right. */
  readonly failure?: string
}

/** Loads a bench; only then its libraries. */
export type Suite = Readonly<Record<string, () => Promise<{ run(settings: Settings): Promise<Outcome> }>>>

/** Runs one bench here, prints it, and tells the process that forked this one, if any, what was measured. */
export async function runHere(suite: Suite, name: string, settings: Settings): Promise<unknown> {
  const { text, data, failure } = await (await suite[name]!()).run(settings)
  process.stdout.write(`\n${text}\n`)
  process.send?.(data)
  if (failure) throw new Error(failure)
  return data
}

/** Runs `main` again for one bench. `undefined` when that failed: it has said why on stderr. */
export async function runApart(main: string, name: string, flags: readonly string[]): Promise<unknown> {
  const child = fork(main, [name, '--part', ...flags], { execArgv: process.execArgv })
  let data: unknown
  child.on('message', message => {
    data = message
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  if (code !== 0) process.exitCode = 1
  return data
}
