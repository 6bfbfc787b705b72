/** `millrace check FILE`: all that is wrong with a pipeline, a line for each. */
import type { Mistake } from '../errors.ts'
import { oneLine, print } from './lines.ts'
import { load } from './load.ts'

export async function check(file: string): Promise<number> {
  const { pipeline } = await load(file)
  const mistakes = pipeline.validate()
  if (mistakes.length === 0) await print(`pipeline ${pipeline.name}: nothing is wrong`)
  for (const mistake of mistakes) await print(lineOf(mistake))
  return mistakes.length === 0 ? 0 : 2
}

export function lineOf({ code, place, message }: Mistake): string {
  return oneLine(`${place}: ${message} (${code})`)
}
