/** A drawing as Mermaid, which GitHub and most editors show. */
import type { Box, Drawing, Row } from './drawing.ts'

export function mermaid({ pipeline, written, runs }: Drawing): string[] {
  return [
    'flowchart TB',
    ...part('written', `${pipeline}, as written`, written),
    ...part('runs', 'what runs', runs),
    '  written ~~~ runs',
  ]
}

function part(id: string, title: string, row: Row): string[] {
  return [`  subgraph ${id}["${escaped(title)}"]`, '    direction LR', ...rowLines(row, '    '), '  end']
}

function rowLines({ boxes, channels }: Row, indent: string): string[] {
  const lines = boxes.flatMap(box => boxLines(box, indent))
  for (let i = 1; i < boxes.length; i++) {
    const channel = channels[i]
    const arrow = channel === undefined ? '-->' : `-->|${escaped(channel)}|`
    lines.push(`${indent}${boxes[i - 1]!.id} ${arrow} ${boxes[i]!.id}`)
  }
  return lines
}

function boxLines({ id, kind, lines, inner }: Box, indent: string): string[] {
  const label = lines.map(escaped).join('<br/>')
  if (inner)
    return [
      `${indent}subgraph ${id}["${label}"]`,
      `${indent}  direction LR`,
      ...rowLines(inner, `${indent}  `),
      `${indent}end`,
    ]
  return [kind === 'end' ? `${indent}${id}(["${label}"])` : `${indent}${id}["${label}"]`]
}

/** Letters, digits and what means nothing to Mermaid as they are, all else by its number. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} _.,·×@-]/gu, character => `#${character.codePointAt(0)};`)
}
