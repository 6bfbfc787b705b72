/**
 * Where the boxes of a drawing stand: side by side, or, where that would be too wide, one below the other.
 *
 *     a, as written               a, as written          what runs
 *     source ─▶ map ─▶ hash        source                 source
 *               ┊      ┊             ▼                      ▼
 *     what runs ┊      ┊           map  ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄   map@1
 *     source ─▶ map@1 ─▶ hash        ▼                      ▼
 *                                  hash ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄   hash
 *
 * All is text in a monospaced font, so that the size of a box is known without drawing it. What is in a box that is a
 * pipeline always stands side by side.
 */
import type { Box, Drawing, Row } from './drawing.ts'
import { widthOf } from './visible.ts'

export const lineHeight = 18
export const padding = 12
const letter = 8 // px, of 13 px monospace, with some to spare
const [gap, fall, margin, between] = [44, 34, 20, 3 * lineHeight]
const widest = 1_200 // px: beyond that a picture is not read but scrolled

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly from: Point
  readonly to: Point
}

export interface Arrow extends Line {
  readonly label: (Point & { readonly text: string; readonly anchor: 'middle' | 'start' }) | undefined
}

export interface Placed extends Point {
  readonly box: Box
  readonly width: number
  readonly height: number
  readonly inner: Part | undefined
}

export interface Part {
  readonly boxes: readonly Placed[]
  readonly arrows: readonly Arrow[]
}

export interface Text extends Point {
  readonly text: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly titles: readonly Text[]
  readonly note: Text
  readonly parts: readonly Part[]
  /** From each step to the stage that it runs in. */
  readonly links: readonly Line[]
}

export function layoutOf(drawing: Drawing): Layout {
  const wide = across(drawing)
  return wide.width <= widest ? wide : down(drawing)
}

const titlesOf = ({ pipeline }: Drawing) => [`${pipeline}, as written`, 'what runs'] as const
const legend = 'on the arrows: how many items may wait there'

/* ── Side by side ───────────────────────────────────────────────────────── */

function across(drawing: Drawing): Layout {
  const [above, below] = [rowSize(drawing.written), rowSize(drawing.runs)]
  const top = margin + 2 * lineHeight
  const bottom = top + above.height + between
  const [writtenTitle, runsTitle] = titlesOf(drawing)
  const titles = [
    { text: writtenTitle, x: margin, y: margin + lineHeight / 2 },
    { text: runsTitle, x: margin, y: bottom - lineHeight * 1.4 },
  ]
  // Below, as dashed lines come down from above.
  const note = { text: legend, x: margin, y: bottom + below.height + lineHeight }
  const written = rowAcross(drawing.written, { x: margin, y: top }, above.height)
  const runs = rowAcross(drawing.runs, { x: margin, y: bottom }, below.height)
  const links = linked(written, runs, (step, stage) => ({
    from: { x: step.x + step.width / 2, y: step.y + step.height },
    to: { x: stage.x + stage.width / 2, y: stage.y },
  }))
  const width = Math.max(above.width, below.width, ...[...titles, note].map(({ text }) => textWidth(text))) + 2 * margin
  return { width, height: note.y + margin, titles, note, parts: [written, runs], links }
}

function rowAcross({ boxes, channels }: Row, at: Point, height: number): Part {
  const placed: Placed[] = []
  const arrows: Arrow[] = []
  const middle = at.y + height / 2
  let { x } = at
  for (const [index, box] of boxes.entries()) {
    const size = boxSize(box)
    if (index > 0) {
      const text = channels[index]
      const end = x + gapBefore(text)
      const label =
        text === undefined ? undefined : { text, x: (x + end) / 2 - 3, y: middle - 9, anchor: 'middle' as const }
      arrows.push({ from: { x, y: middle }, to: { x: end, y: middle }, label })
      x = end
    }
    placed.push(boxAt(box, { x, y: middle - size.height / 2 }))
    x += size.width
  }
  return { boxes: placed, arrows }
}

/* ── One below the other ────────────────────────────────────────────────── */

function down(drawing: Drawing): Layout {
  const { written, runs } = drawing
  const [left, right] = [written, runs].map(({ boxes }) => Math.max(...boxes.map(box => boxSize(box).width)))
  const [writtenTitle, runsTitle] = titlesOf(drawing)
  const second = margin + Math.max(left!, textWidth(writtenTitle)) + 2 * gap
  const titles = [
    { text: writtenTitle, x: margin, y: margin + lineHeight / 2 },
    { text: runsTitle, x: second, y: margin + lineHeight / 2 },
  ]
  const note = { text: legend, x: second + textWidth(runsTitle) + 2 * padding, y: margin + lineHeight / 2 }
  const steps: Placed[] = []
  const stages: Placed[] = []
  let y = margin + 2 * lineHeight
  for (const [index, stage] of runs.boxes.entries()) {
    const own = stepsOf(written.boxes, stage, index, runs.boxes.length)
    const heights = own.map(box => boxSize(box).height)
    const total = heights.reduce((sum, height) => sum + height + fall, -fall)
    const { width, height } = boxSize(stage)
    const most = Math.max(height, total)
    let at = y + (most - total) / 2
    for (const [i, box] of own.entries()) {
      steps.push(boxAt(box, { x: margin + (left! - boxSize(box).width) / 2, y: at }))
      at += heights[i]! + fall
    }
    stages.push(boxAt(stage, { x: second + (right! - width) / 2, y: y + (most - height) / 2 }))
    y += most + fall
  }
  const parts = [
    { boxes: steps, arrows: arrowsDown(steps, []) },
    { boxes: stages, arrows: arrowsDown(stages, runs.channels) },
  ] as const
  const links = linked(...parts, (step, stage) => ({
    from: { x: step.x + step.width, y: step.y + step.height / 2 },
    to: { x: stage.x, y: stage.y + stage.height / 2 },
  }))
  const width = Math.max(second + right!, note.x + textWidth(legend)) + margin
  return { width, height: y - fall + margin, titles, note, parts, links }
}

/** The steps that stand beside a stage; what begins and ends stands beside what begins and ends. */
function stepsOf(boxes: readonly Box[], stage: Box, index: number, count: number): readonly Box[] {
  if (stage.kind === 'end')
    return boxes.filter(({ kind }) => kind === 'end').slice(index === count - 1 ? -1 : 0, index === 0 ? 1 : undefined)
  return boxes.filter(({ becomes }) => becomes === stage.id)
}

function arrowsDown(boxes: readonly Placed[], channels: Row['channels']): Arrow[] {
  return boxes.slice(1).map((box, i) => {
    const above = boxes[i]!
    const [from, to] = [
      { x: above.x + above.width / 2, y: above.y + above.height },
      { x: box.x + box.width / 2, y: box.y },
    ]
    const text = channels[i + 1]
    const label =
      text === undefined ? undefined : { text, x: to.x + 9, y: (from.y + to.y) / 2, anchor: 'start' as const }
    return { from, to, label }
  })
}

/* ── Sizes ──────────────────────────────────────────────────────────────── */

function boxAt(box: Box, { x, y }: Point): Placed {
  const size = boxSize(box)
  if (!box.inner) return { box, x, y, ...size, inner: undefined }
  const { width, height } = rowSize(box.inner)
  const start = { x: x + (size.width - width) / 2, y: y + box.lines.length * lineHeight + padding }
  return { box, x, y, ...size, inner: rowAcross(box.inner, start, height) }
}

function boxSize({ lines, inner }: Box): { width: number; height: number } {
  const width = Math.max(...lines.map(textWidth)) + 2 * padding
  const height = lines.length * lineHeight + padding
  if (!inner) return { width, height }
  const nest = rowSize(inner)
  return { width: Math.max(width, nest.width + 2 * padding), height: height + nest.height + padding }
}

function rowSize({ boxes, channels }: Row): { width: number; height: number } {
  const sizes = boxes.map(boxSize)
  return {
    width: sizes.reduce((sum, { width }, i) => sum + width + (i > 0 ? gapBefore(channels[i]) : 0), 0),
    height: Math.max(0, ...sizes.map(({ height }) => height)),
  }
}

function gapBefore(channel: string | undefined): number {
  return channel === undefined ? gap : Math.max(gap, textWidth(channel) + 20)
}

function textWidth(line: string): number {
  return widthOf(line) * letter
}

function linked(steps: Part, stages: Part, line: (step: Placed, stage: Placed) => Line): Line[] {
  return steps.boxes.flatMap(step => {
    const stage = stages.boxes.find(({ box }) => box.id === step.box.becomes)
    return stage ? [line(step, stage)] : []
  })
}
