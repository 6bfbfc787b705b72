/**
 * `millrace run FILE`: runs a pipeline to its end, and prints each result as a line of JSON.
 *
 * A reader that is slow slows the pipeline, one that goes away ends it. The first SIGINT or SIGTERM asks it to stop: it
 * finishes what it has in hand, for as long as its grace period lasts; the second ends the process.
 */
import { described } from '../errors.ts'
import { counted } from '../messages.ts'
import { isMistake, lineOf, mistakesOf } from './check.ts'
import { oneLine, print, ReaderGone, Refused, warn } from './lines.ts'
import { load } from './load.ts'

export async function run(file: string): Promise<number> {
  const loaded = await load(file)
  const { pipeline, blueprint } = loaded
  const found = (await mistakesOf(loaded)).filter(({ level }) => level !== 'note')
  for (const mistake of found) warn(lineOf(mistake))
  if (found.some(isMistake)) return 2
  if (!blueprint.source) throw new Refused(`pipeline ${pipeline.name} has no source: give it one with \`.from\``)

  const running = pipeline.run()
  running.deadLetters.subscribe(({ stage, sequence, error }) => {
    warn(oneLine(`${pipeline.name}/${stage} gave up item ${sequence}: ${described(error)}`))
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => running.stop().catch(() => {}))
  try {
    let results = 0
    for await (const result of running) await print(json(result, results++))
    const { dropped, unfinished } = await running.done
    if (dropped > 0) warn(`${pipeline.name} dropped ${counted(dropped, 'item')}`)
    if (unfinished > 0) warn(`${pipeline.name} left ${counted(unfinished, 'item')} unfinished`)
    return unfinished > 0 ? 1 : 0
  } catch (error) {
    await running.done.catch(() => {})
    if (error instanceof ReaderGone) throw error
    warn(oneLine(described(error)))
    return 1
  }
}

function json(result: unknown, index: number): string {
  let why = `it is a ${typeof result}`
  try {
    const text = JSON.stringify(result)
    if (text !== undefined) return text
  } catch (error) {
    why = described(error)
  }
  throw new TypeError(`result ${index} cannot be written as JSON: ${why}`)
}
