/**
 * `millrace check FILE`: all that is wrong with a pipeline, and what is worth a warning or a note, a line for each; then
 * where each stage runs, whether it could run elsewhere, and what of it would pass the main thread.
 */
import type { Mistake } from '../errors.ts'
import { lossesOf } from '../pipeline/losses.ts'
import { exportMistakes } from '../pipeline/travel.ts'
import type { Command } from './flags.ts'
import { type Journey, journeysOf } from './journeys.ts'
import { type Loaded, load } from './load.ts'
import type { Output } from './output.ts'
import { oneLine } from './refused.ts'

export async function check(command: Command, output: Output): Promise<number> {
  const loaded = await load(command, output)
  const found = await mistakesOf(loaded)
  const journeys = journeysOf(loaded.blueprint)
  for (const line of command.flags.has('json') ? jsonLines(found, journeys) : lines(loaded, found, journeys)) {
    await output.print(line)
  }
  await output.flush()
  return found.some(isMistake) ? 2 : 0
}

function jsonLines(found: readonly Mistake[], journeys: readonly Journey[]): string[] {
  return [
    ...found.map(each => lineOf(each, true)),
    ...journeys.map(journey => JSON.stringify({ type: 'stage', ...journey })),
  ]
}

function lines({ pipeline }: Loaded, found: readonly Mistake[], journeys: readonly Journey[]): string[] {
  return [
    ...(found.length > 0 ? found.map(each => lineOf(each)) : [`pipeline ${pipeline.name}: nothing is wrong`]),
    ...(found.some(isMistake) ? [] : journeys.map(journeyLine)),
  ].map(oneLine)
}

function journeyLine({ place, on, travels, why, mainThread }: Journey): string {
  const passes = mainThread.length > 0 ? `; by the main thread: ${mainThread.join(', ')}` : ''
  return `${place}: runs ${on}, ${travels ? 'travels' : 'stays'} (${why})${passes}`
}

/** What `validate` finds, what can be known only when all modules have loaded, and what is lost on the way. */
export async function mistakesOf({ pipeline, blueprint }: Loaded): Promise<Mistake[]> {
  return [...pipeline.validate(), ...(await exportMistakes(blueprint)), ...lossesOf(blueprint)]
}

/** Whether nothing may be run for it. */
export function isMistake({ level }: Mistake): boolean {
  return level === 'mistake'
}

export function lineOf({ code, level, place, message }: Mistake, isJson = false): string {
  if (isJson) return JSON.stringify({ type: level, code, place, message })
  return oneLine(`${place}: ${message} (${level === 'mistake' ? code : `${level} ${code}`})`)
}
