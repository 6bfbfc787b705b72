/** `millrace check FILE`: all that is wrong with a pipeline, and what is worth a warning or a note, a line for each. */
import type { Mistake } from '../errors.ts'
import { exportMistakes } from '../pipeline/travel.ts'
import { oneLine, print } from './lines.ts'
import { type Loaded, load } from './load.ts'

export async function check(file: string): Promise<number> {
  const loaded = await load(file)
  const found = await mistakesOf(loaded)
  if (found.length === 0) await print(`pipeline ${loaded.pipeline.name}: nothing is wrong`)
  for (const mistake of found) await print(lineOf(mistake))
  return found.some(isMistake) ? 2 : 0
}

/** What `validate` finds, and what can be known only when all modules have loaded. */
export async function mistakesOf({ pipeline, blueprint }: Loaded): Promise<Mistake[]> {
  return [...pipeline.validate(), ...(await exportMistakes(blueprint))]
}

/** Whether nothing may be run for it. */
export function isMistake({ level }: Mistake): boolean {
  return level === 'mistake'
}

export function lineOf({ code, level, place, message }: Mistake): string {
  return oneLine(`${place}: ${message} (${level === 'mistake' ? code : `${level} ${code}`})`)
}
