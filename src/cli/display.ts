/**
 * What a run looks like on a terminal: moments in, lines out. The columns that a person can miss first go first, as the
 * terminal gets narrower, and numbers become shorter.
 *
 *     duplicates · 12.3 s · 8,499 in · 393 out · 812/s
 *     stage         done  queued  service  busy
 *     measure      8,499       0   210 µs  12 %  █░░░░░░░░░
 *     hash ×4      3,200   1,024  1.30 ms  98 %  ██████████
 */
import { inspect, stripVTControlCharacters } from 'node:util'
import type { StageSnapshot } from '../metrics/snapshot.ts'
import { type Reached, remainingOf, shareOf } from './progress.ts'
import { lossesOf } from './summary.ts'
import { bytes, compact, duration, elapsed, percent, rate, roughly, whole } from './units.ts'
import { fitted, padded, visible, widthOf } from './visible.ts'

export interface View {
  /** One at least, the latest last; what is said of the last seconds is said from the first of them on. */
  readonly moments: readonly Reached[]
  /** What is being ended does not come to all there is. */
  readonly isEnding?: boolean | undefined
  /** What else there is to say, e.g. that the run is being drained. */
  readonly note?: string | undefined
}

export interface Shape {
  readonly columns: number
  readonly rows: number
  readonly hasColours: boolean
  readonly isUnicode: boolean
}

type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow', text: string) => string

export function display(view: View, shape: Shape): string[] {
  const columns = Math.max(1, shape.columns - 1) // some terminals wrap a line that is just full
  const paint = painter(shape.hasColours)
  const sign = signs(shape.isUnicode)
  const above = [header(view, columns, paint, sign), ...progress(view, columns, paint, sign)]
  const below = [...troubles(view, paint, sign), ...(view.note ? [paint('yellow', visible(view.note))] : [])]
  const room = Math.max(1, shape.rows - 1)
  const stages = table(view, columns, Math.max(3, room - above.length - below.length), paint, sign)
  return cut([...above, ...stages, ...below], room, sign).map(line => fittedLine(line, columns, sign))
}

/** Items that the first stage took in a second. */
export function rateOf(moments: readonly Reached[]): number | undefined {
  const [first, last] = [moments[0], moments.at(-1)]
  if (!first || !last || last.elapsed <= first.elapsed) return undefined
  return ((takenBy(last) - takenBy(first)) / (last.elapsed - first.elapsed)) * 1000
}

/** Share of the time that the workers of a stage were busy between the first moment and the last. */
export function busyOf(moments: readonly Reached[], stage: number): number {
  const [first, last] = [moments[0]!, moments.at(-1)!]
  const now = last.snapshot.stages[stage]?.occupancy ?? 0
  const before = first.snapshot.stages[stage]?.occupancy ?? 0
  if (last.elapsed <= first.elapsed) return now
  const spent = now * last.elapsed - before * first.elapsed
  return Math.min(1, Math.max(0, spent / (last.elapsed - first.elapsed)))
}

function takenBy({ snapshot }: Reached): number {
  return snapshot.stages[0]?.received ?? 0
}

/* ── The head ───────────────────────────────────────────────────────────── */

function header({ moments }: View, columns: number, paint: Paint, sign: Signs): string {
  const now = moments.at(-1)!
  const { snapshot } = now
  const perSecond = rateOf(moments)
  // Those with the lowest rank are the first to go.
  const parts: { rank: number; text: string }[] = [
    { rank: 9, text: visible(snapshot.pipeline) },
    { rank: 3, text: elapsed(now.elapsed) },
    { rank: 2, text: `${whole(takenBy(now))} in` },
    { rank: 1, text: `${whole(snapshot.stages.at(-1)?.emitted ?? 0)} out` },
    ...(perSecond === undefined ? [] : [{ rank: 4, text: rate(perSecond) }]),
  ]
  const between = ` ${sign.dot} `
  while (parts.length > 1 && parts.map(({ text }) => text).join(between).length > columns) {
    const least = Math.min(...parts.map(({ rank }) => rank))
    parts.splice(
      parts.findIndex(({ rank }) => rank === least),
      1,
    )
  }
  const [name, ...others] = parts.map(({ text }) => text)
  return [paint('bold', fitted(name!, columns, sign.ellipsis)), ...others].join(between)
}

function progress({ moments, isEnding }: View, columns: number, paint: Paint, sign: Signs): string[] {
  const [first, last] = [moments.find(({ source }) => source) ?? moments[0]!, moments.at(-1)!]
  const share = shareOf(last)
  if (share === undefined || !last.source?.total || isEnding) return []
  const { total, unit } = last.source
  const remaining = share < 1 ? remainingOf(first, last) : undefined
  const all = unit === 'bytes' ? bytes(total) : whole(total)
  const done = ` ${percent(Math.floor(share * 100) / 100)}`
  const words = [
    `${done} of ${all}${remaining === undefined ? '' : `, ${roughly(remaining)} left`}`,
    remaining === undefined ? done : ` ${roughly(remaining)} left`,
    done,
  ]
  const fitting = words.find(text => text.length + 8 <= columns) ?? done
  const room = Math.min(40, columns - fitting.length)
  return [room < 5 ? fitting.trim() : paint('green', bar(share, room, sign)) + fitting]
}

function bar(share: number, columns: number, { full, empty }: Signs): string {
  const filled = Math.round(share * columns)
  return full.repeat(filled) + empty.repeat(columns - filled)
}

/* ── The stages ─────────────────────────────────────────────────────────── */

interface Row {
  readonly stage: StageSnapshot
  readonly busy: number
}

interface Column {
  readonly title: string
  readonly least: number
  readonly cell: (row: Row) => string
}

const stageColumns = (number: (n: number) => string, least: number): Record<string, Column> => ({
  done: { title: 'done', least, cell: ({ stage }) => number(stage.received) },
  queued: { title: 'queued', least: 6, cell: ({ stage }) => number(stage.queued) },
  service: {
    title: 'service',
    least: 7,
    cell: ({ stage }) => (stage.received === 0 ? '' : stage.service.mean > 0 ? duration(stage.service.mean) : '0 ns'),
  },
  busy: { title: 'busy', least: 5, cell: ({ busy }) => percent(busy) },
})

/** From wide to narrow. */
const choices = [
  { columns: stageColumns(whole, 9), shows: ['done', 'queued', 'service', 'busy'], bars: 10, leastName: 16 },
  { columns: stageColumns(whole, 6), shows: ['done', 'queued', 'service', 'busy'], bars: 0, leastName: 12 },
  { columns: stageColumns(compact, 5), shows: ['done', 'queued', 'service', 'busy'], bars: 0, leastName: 8 },
  { columns: stageColumns(compact, 5), shows: ['done', 'queued', 'busy'], bars: 0, leastName: 8 },
  { columns: stageColumns(compact, 5), shows: ['done', 'busy'], bars: 0, leastName: 6 },
  { columns: stageColumns(compact, 5), shows: ['done'], bars: 0, leastName: 4 },
  { columns: stageColumns(compact, 5), shows: [], bars: 0, leastName: 4 },
]

/** Lines of the table: where there are too many stages, the busiest of them, in their order. */
function table({ moments }: View, columns: number, most: number, paint: Paint, sign: Signs): string[] {
  const { stages } = moments.at(-1)!.snapshot
  const all = stages.map((stage, index) => ({ stage, busy: busyOf(moments, index) }))
  const rows = all.length < most ? all : busiestOf(all, most - 2)
  const hidden = all.length - rows.length
  const names = rows.map(({ stage: { stage, workers } }) => ({
    name: visible(stage),
    crew: workers === 1 ? '' : ` ${sign.times}${workers}`,
  }))
  const longest = Math.max(5, ...names.map(({ name, crew }) => widthOf(name + crew)))
  for (const { columns: known, shows, bars, leastName } of choices) {
    const shown = shows.map(name => known[name]!)
    const widths = shown.map(({ title, least, cell }) =>
      Math.max(least, title.length, ...rows.map(row => cell(row).length)),
    )
    const beside = widths.reduce((sum, width) => sum + width + 1, 0) + (bars > 0 ? bars + 2 : 0)
    const room = columns - beside
    if (room < Math.min(longest, leastName)) continue
    const nameWidth = Math.min(longest, room)
    const busiest = Math.max(...rows.map(({ busy }) => busy))
    const line = (name: string, cells: string[], end = '') =>
      padded(name, nameWidth, 'left') + cells.map((cell, i) => ` ${padded(cell, widths[i]!, 'right')}`).join('') + end
    const titles = paint(
      'dim',
      line(
        'stage',
        shown.map(({ title }) => title),
      ).trimEnd(),
    )
    return [
      titles,
      ...rows.map((row, i) => {
        const { name, crew } = names[i]!
        const fittedName = fitted(name, Math.max(1, nameWidth - crew.length), sign.ellipsis) + crew
        const gauge = bars > 0 ? `  ${bar(row.busy, bars, sign)}` : ''
        const text = line(
          fittedName,
          shown.map(({ cell }) => cell(row)),
        )
        const isBottleneck = row.busy >= 0.5 && row.busy === busiest
        return isBottleneck ? paint('yellow', text + gauge) : text + (gauge && paint('green', gauge))
      }),
      ...(hidden > 0 ? [paint('dim', `${sign.ellipsis} ${whole(hidden)} more, less busy`)] : []),
    ]
  }
  return []
}

function busiestOf(rows: readonly Row[], most: number): Row[] {
  const percentOf = (row: Row) => Math.round(row.busy * 100) // finer, and rows would come and go all the time
  const ranked = rows.toSorted((a, b) => percentOf(b) - percentOf(a) || b.stage.queued - a.stage.queued)
  const shown = new Set(ranked.slice(0, most))
  return rows.filter(row => shown.has(row))
}

function troubles({ moments }: View, paint: Paint, sign: Signs): string[] {
  return moments.at(-1)!.snapshot.stages.flatMap(stage => {
    const losses = lossesOf(stage)
    return losses.length > 0 ? [paint('yellow', `${visible(stage.stage)}: ${losses.join(` ${sign.dot} `)}`)] : []
  })
}

/* ── Signs, colours, edges ──────────────────────────────────────────────── */

interface Signs {
  readonly full: string
  readonly empty: string
  readonly dot: string
  readonly times: string
  readonly ellipsis: string
}

function signs(isUnicode: boolean): Signs {
  return isUnicode
    ? { full: '█', empty: '░', dot: '·', times: '×', ellipsis: '…' }
    : { full: '#', empty: '.', dot: '-', times: 'x', ellipsis: '~' }
}

function painter(hasColours: boolean): Paint {
  if (!hasColours) return (_, text) => text
  return (style, text) => {
    const [on, off] = inspect.colors[style]!
    return `\x1b[${on}m${text}\x1b[${off}m`
  }
}

function cut(lines: string[], rows: number, { ellipsis }: Signs): string[] {
  if (lines.length <= rows) return lines
  return [...lines.slice(0, rows - 1), `${ellipsis} ${whole(lines.length - rows + 1)} more`]
}

/** A last look: what is too wide after all loses its colours and its end. */
function fittedLine(line: string, columns: number, { ellipsis }: Signs): string {
  return widthOf(line) <= columns ? line : fitted(stripVTControlCharacters(line), columns, ellipsis)
}
