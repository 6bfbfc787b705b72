/** `millrace graph FILE`: what was written beside what runs, as Mermaid, SVG or JSON on stdout. */
import { isMistake, lineOf, mistakesOf } from './check.ts'
import { drawingOf } from './drawing.ts'
import type { Command } from './flags.ts'
import { load } from './load.ts'
import { mermaid } from './mermaid.ts'
import type { Output } from './output.ts'
import { svg } from './svg.ts'

export async function graph(command: Command, output: Output): Promise<number> {
  const loaded = await load(command, output)
  const mistakes = (await mistakesOf(loaded)).filter(isMistake)
  for (const mistake of mistakes) output.say(lineOf(mistake, command.flags.has('json')))
  if (mistakes.length > 0) return 2
  const drawing = drawingOf(loaded.blueprint)
  const { flags } = command
  const text = flags.has('json')
    ? JSON.stringify(drawing)
    : flags.has('svg')
      ? svg(drawing)
      : mermaid(drawing).join('\n')
  await output.print(text)
  await output.flush()
  return 0
}
