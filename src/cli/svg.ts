/** A drawing as SVG: the pipeline as written beside what runs, and which step became which stage; light or dark, as the reader is. */
import type { Drawing } from './drawing.ts'
import { type Arrow, type Line, layoutOf, lineHeight, type Part, type Placed, padding } from './layout.ts'

export function svg(drawing: Drawing): string {
  const { width, height, titles, note, parts, links } = layoutOf(drawing)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(drawing.pipeline)}</title>`,
    style,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...links.map(linkShape),
    ...titles.map(({ x, y, text: title }) => text(x, y, title, 'class="title"')),
    text(note.x, note.y, note.text, 'class="note"'),
    ...parts.flatMap(partShapes),
    '</svg>',
  ].join('\n')
}

// Rules without variables come first: what knows no dark scheme, such as an editor of pictures, knows no variables either.
const style = `<style>
svg { background: #fff }
text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933 }
.title { font-weight: bold } .note { fill: #52606d } .head { fill: #52606d }
rect { fill: #fff; stroke: #52606d } .end { fill: #e4e7eb } .stage { fill: #e3f2fd } .nest { fill: #f5f7fa }
.channel { stroke: #52606d; fill: none; marker-end: url(#arrow) } .becomes { stroke: #9aa5b1; stroke-dasharray: 3 4 }
@media (prefers-color-scheme: dark) {
svg { background: #161b22 }
text { fill: #e4e7eb } .note { fill: #9aa5b1 } .head { fill: #9aa5b1 }
rect { fill: #161b22; stroke: #7b8794 } .end { fill: #323f4b } .stage { fill: #12395c } .nest { fill: #1f262e }
.channel { stroke: #9aa5b1 } .becomes { stroke: #616e7c }
}
</style>`

function partShapes({ boxes, arrows }: Part): string[] {
  return [...arrows.flatMap(arrowShapes), ...boxes.flatMap(boxShapes)]
}

function arrowShapes({ from, to, label }: Arrow): string[] {
  const path = `<path class="channel" d="M${from.x} ${from.y}L${to.x} ${to.y}"/>`
  return label ? [path, text(label.x, label.y, label.text, `class="note" text-anchor="${label.anchor}"`)] : [path]
}

function linkShape({ from, to }: Line): string {
  return `<path class="becomes" d="M${from.x} ${from.y}L${to.x} ${to.y}"/>`
}

function boxShapes({ box: { kind, lines }, x, y, width, height, inner }: Placed): string[] {
  const radius = kind === 'end' ? 14 : 4
  return [
    `<rect class="${inner ? 'nest' : kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`,
    ...lines.map((line, index) => {
      const anchor = index > 0 ? 'class="note" text-anchor="middle"' : 'text-anchor="middle"'
      return text(x + width / 2, y + padding / 2 + (index + 0.5) * lineHeight, line, anchor)
    }),
    ...(inner ? partShapes(inner) : []),
  ]
}

function text(x: number, y: number, line: string, attributes: string): string {
  return `<text x="${x}" y="${y}" dominant-baseline="central" ${attributes}>${escaped(line)}</text>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Names have lost what XML cannot carry (visible.ts). */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character]!).replace(/[\ufffe\uffff]/g, '\ufffd')
}
