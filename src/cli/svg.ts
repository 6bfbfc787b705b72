/**
 * A drawing as SVG: the pipeline as written above what runs, from left to right, and which step became which stage.
 *
 * All is text in a monospaced font, so that the size of a box is known without drawing it.
 */
import type { Box, Drawing, Row } from './drawing.ts'
import { widthOf } from './visible.ts'

const letter = 8 // px, of 13 px monospace, with some to spare
const lineHeight = 18
const [padding, gap, margin] = [12, 44, 20]

interface Size {
  readonly width: number
  readonly height: number
}

interface Point {
  readonly x: number
  readonly y: number
}

export function svg({ pipeline, written, runs }: Drawing): string {
  const [above, below] = [rowSize(written), rowSize(runs)]
  const titles = [`${pipeline}, as written`, 'what runs']
  const width = Math.max(above.width, below.width, ...titles.map(textWidth)) + 2 * margin
  const top = margin + 2 * lineHeight
  const between = 3 * lineHeight
  const bottom = top + above.height + between
  const height = bottom + below.height + margin
  const places = new Map<string, Point & Size>()
  const shapes = [
    text(margin, margin + lineHeight / 2, titles[0]!, 'class="title"'),
    ...rowShapes(written, { x: margin, y: top }, above.height, places),
    text(margin, bottom - lineHeight, titles[1]!, 'class="title"'),
    ...rowShapes(runs, { x: margin, y: bottom }, below.height, places),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(pipeline)}</title>`,
    style,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#52606d"/></marker></defs>',
    ...becoming(written, places),
    ...shapes,
    '</svg>',
  ].join('\n')
}

const style = `<style>
text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933 }
.title { font-weight: bold } .note { fill: #52606d }
rect { fill: #fff; stroke: #52606d } .end { fill: #e4e7eb } .stage { fill: #e3f2fd } .nest { fill: #f5f7fa }
.channel { stroke: #52606d; fill: none; marker-end: url(#arrow) } .becomes { stroke: #9aa5b1; stroke-dasharray: 3 4 }
@media (prefers-color-scheme: dark) { svg { background: #fff } }
</style>`

function textWidth(line: string): number {
  return widthOf(line) * letter
}

function boxSize({ lines, inner }: Box): Size {
  const own = {
    width: Math.max(...lines.map(textWidth)) + 2 * padding,
    height: lines.length * lineHeight + padding,
  }
  if (!inner) return own
  const nest = rowSize(inner)
  return { width: Math.max(own.width, nest.width + 2 * padding), height: own.height + nest.height + padding }
}

function rowSize({ boxes, channels }: Row): Size {
  const sizes = boxes.map(boxSize)
  return {
    width: sizes.reduce((sum, { width }, i) => sum + width + (i > 0 ? gapBefore(channels[i]) : 0), 0),
    height: Math.max(0, ...sizes.map(({ height }) => height)),
  }
}

function gapBefore(channel: string | undefined): number {
  return channel === undefined ? gap : Math.max(gap, textWidth(channel) + 20)
}

function rowShapes({ boxes, channels }: Row, at: Point, height: number, places: Map<string, Point & Size>): string[] {
  const shapes: string[] = []
  let x = at.x
  const middle = at.y + height / 2
  for (const [index, box] of boxes.entries()) {
    const size = boxSize(box)
    if (index > 0) {
      const channel = channels[index]
      const from = x
      x += gapBefore(channel)
      shapes.push(`<path class="channel" d="M${from} ${middle}H${x}"/>`)
      if (channel !== undefined)
        shapes.push(text((from + x) / 2 - 3, middle - 9, channel, 'class="note" text-anchor="middle"'))
    }
    const place = { x, y: middle - size.height / 2, ...size }
    places.set(box.id, place)
    shapes.push(...boxShapes(box, place, places))
    x += size.width
  }
  return shapes
}

function boxShapes(
  { kind, lines, inner }: Box,
  { x, y, width, height }: Point & Size,
  places: Map<string, Point & Size>,
): string[] {
  const radius = kind === 'end' ? 14 : 4
  const shapes = [
    `<rect class="${inner ? 'nest' : kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`,
  ]
  for (const [index, line] of lines.entries()) {
    const anchor = index > 0 ? 'class="note" text-anchor="middle"' : 'text-anchor="middle"'
    shapes.push(text(x + width / 2, y + padding / 2 + (index + 0.5) * lineHeight, line, anchor))
  }
  if (!inner) return shapes
  const size = rowSize(inner)
  const start = { x: x + (width - size.width) / 2, y: y + lines.length * lineHeight + padding }
  return [...shapes, ...rowShapes(inner, start, size.height, places)]
}

/** From each step to the stage that it runs in. */
function becoming({ boxes }: Row, places: ReadonlyMap<string, Point & Size>): string[] {
  return boxes.flatMap(({ id, becomes }) => {
    const [step, stage] = [places.get(id), becomes && places.get(becomes)]
    if (!step || !stage) return []
    const [from, to] = [step.x + step.width / 2, stage.x + stage.width / 2]
    return [`<path class="becomes" d="M${from} ${step.y + step.height}L${to} ${stage.y}"/>`]
  })
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
