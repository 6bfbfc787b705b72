/**
 * Runs a pipeline under a clock that moves only when nothing else can: delays of minutes take no time, and a run that
 * waits for nothing is found out at once.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { blueprintOf } from '../../src/pipeline/blueprint.ts'
import type { Running, RunOptions, Summary } from '../../src/pipeline/language.ts'
import { type Internals, startRun } from '../../src/pipeline/run/run.ts'
import type { DeadLetter } from '../../src/supervisor/dead-letters.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'
import { within } from './within.ts'

export type Reading = 'subscribe' | 'for await' | 'consume' | 'consume slowly'

export interface Executed {
  readonly results: unknown[]
  readonly deadLetters: DeadLetter[]
  readonly error: unknown
  readonly summary: Summary | undefined
  readonly clock: ManualClock
}

export interface How {
  readonly reading?: Reading
  readonly options?: Omit<RunOptions, 'clock'>
  readonly internals?: Internals
  readonly clock?: ManualClock
  /** Time is real, as it is for workers on other threads: whoever waits, waits. */
  readonly isReal?: boolean
}

/** What a pipeline leads to, whatever its delays. Throws when it is stuck. */
export async function execute(pipeline: unknown, how: How = {}): Promise<Executed> {
  const { reading = 'subscribe', options = {}, internals = {}, clock = manualClock(), isReal = false } = how
  const run = startRun(blueprintOf(pipeline)!, { ...options, ...(!isReal && { clock }) }, internals)
  const results: unknown[] = []
  const deadLetters: DeadLetter[] = []
  run.deadLetters.subscribe(letter => deadLetters.push(letter))
  const pause = isReal ? turn : () => new Promise<void>(resolve => clock.setTimeout(resolve, 3))
  const read = readBy(run, reading, results, pause)
  let outcome: { summary?: Summary; error?: unknown } | undefined
  const ended = Promise.all([run.done, read.catch(() => {})]).then(
    ([summary]) => {
      outcome = { summary }
    },
    async error => {
      await read.catch(() => {})
      outcome = { error }
    },
  )
  const shown = () => JSON.stringify(run.snapshot().stages)
  if (isReal)
    await within(60_000, ended, 'a run').catch(error => Promise.reject(new Error(`${error.message}: ${shown()}`)))
  else await settled(() => outcome !== undefined, clock, shown)
  await ended
  return { results, deadLetters, error: outcome?.error, summary: outcome?.summary, clock }
}

/** Turns the event loop, and the clock when that leads to nothing more, until `isOver`. */
export async function settled(isOver: () => boolean, clock: ManualClock, shown: () => string): Promise<void> {
  for (let idle = 0; !isOver(); ) {
    await turn()
    if (isOver()) return
    await turn()
    if (isOver()) return
    if (clock.next()) idle = 0
    else if (++idle > 20) throw new Error(`stuck: nothing is due, and nothing moves: ${shown()}`)
  }
}

async function readBy(
  run: Running<any, any>,
  reading: Reading,
  results: unknown[],
  pause: () => Promise<void>,
): Promise<void> {
  if (reading === 'subscribe') run.output.subscribe({ next: result => results.push(result), error: () => {} })
  else if (reading === 'consume') await run.consume(result => void results.push(result))
  else if (reading === 'for await') for await (const result of run) results.push(result)
  else {
    await run.consume(async result => {
      results.push(result)
      await pause()
    })
  }
}
