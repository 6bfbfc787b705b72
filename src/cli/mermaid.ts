/** A drawing as Mermaid, which GitHub and most editors show. */
import type { Box, Drawing, Row } from './drawing.ts'

const mostAcross = 8 // boxes; more of them side by side are too small to read

export function mermaid({ pipeline, written, runs }: Drawing): string[] {
  const [outer, inner] = runs.boxes.length > mostAcross ? ['LR', 'TB'] : ['TB', 'LR']
  return [
    `flowchart ${outer}`,
    ...part('written', `${pipeline}, as written`, inner!, written),
    ...part('runs', 'what runs, and on the arrows how many items may wait', inner!, runs),
    '  written ~~~ runs',
  ]
}

function part(id: string, title: string, direction: string, row: Row): string[] {
  return [`  subgraph ${id}["${escaped(title)}"]`, `    direction ${direction}`, ...rowLines(row, '    '), '  end']
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
  if (inner) {
    const title = escaped(lines.join(' · ')) // Mermaid keeps room for one line above what is inside
    return [
      `${indent}subgraph ${id}["${title}"]`,
      `${indent}  direction LR`,
      ...rowLines(inner, `${indent}  `),
      `${indent}end`,
    ]
  }
  const label = lines.map(escaped).join('<br/>')
  return [kind === 'end' ? `${indent}${id}(["${label}"])` : `${indent}${id}["${label}"]`]
}

/** Letters, digits and what means nothing to Mermaid as they are, all else by its number. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} _.,·×@-]/gu, character => `#${character.codePointAt(0)};`)
}
