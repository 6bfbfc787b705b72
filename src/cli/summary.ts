/** How a run went, in one line. */
import type { Snapshot } from '../metrics/snapshot.ts'
import type { Summary } from '../pipeline/language.ts'
import { duration, whole } from './units.ts'

type Losses = Pick<Summary, 'deadLetters' | 'dropped' | 'restarts'>

export function summaryLine(pipeline: string, summary: Summary): string {
  const { received, emitted, unfinished, millis } = summary
  const said = [
    `${counted(received, 'item')} in`,
    `${counted(emitted, 'result')} out`,
    ...lossesOf(summary),
    ...(unfinished > 0 ? [`${whole(unfinished)} left unfinished`] : []),
    duration(millis),
  ]
  return `${pipeline}: ${said.join(', ')}`
}

/** What was lost, and what had to be begun anew: only where something was. */
export function lossesOf({ deadLetters, dropped, restarts }: Losses): string[] {
  return [
    ...(deadLetters > 0 ? [`${whole(deadLetters)} given up`] : []),
    ...(dropped > 0 ? [`${whole(dropped)} dropped`] : []),
    ...(restarts > 0 ? [counted(restarts, 'restart')] : []),
  ]
}

/** The same of a run that failed, as far as it can be seen from outside. */
export function summaryOf({ stages }: Snapshot, millis: number): Omit<Summary, 'unfinished'> {
  const sum = (what: 'deadLetters' | 'dropped' | 'restarts') => stages.reduce((sum, stage) => sum + stage[what], 0)
  return {
    received: stages[0]?.received ?? 0,
    emitted: stages.at(-1)?.emitted ?? 0,
    deadLetters: sum('deadLetters'),
    dropped: sum('dropped'),
    restarts: sum('restarts'),
    millis,
  }
}

export function counted(count: number, thing: string): string {
  return `${whole(count)} ${thing}${count === 1 ? '' : 's'}`
}
