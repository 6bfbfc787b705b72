/**
 * Figures of several entrants, round by round, and what was aimed at.
 *
 *     open all ─▶ one figure each that does not count ─▶ rounds: shuffle, gc, figure ─▶ medians ─▶ aims
 *
 * `harness/bench.ts` times a function that gets its input at the start. Here what is timed begins in the middle of a run: a
 * pipeline on threads has to start and to warm up before its speed means anything, so an entrant says its figure itself.
 * An aim is a ratio taken within each round, as there. An entrant that gave a wrong answer throws, and has no figure.
 */
import type { Settings } from '../harness/contender.ts'
import { table } from '../harness/report.ts'
import { shuffler } from '../harness/shuffle.ts'
import { type Spread, spread } from '../harness/statistics.ts'
import { within } from '../harness/within.ts'

export interface Entrant {
  readonly name: string
  readonly open?: () => Promise<void>
  /** One measurement, in the unit of the row. Throws when an answer was wrong. */
  readonly figure: () => Promise<number>
  readonly close?: () => Promise<unknown>
  /** What a reader of the table has to know. */
  readonly remark?: string
}

/** The figure of an entrant in one round. */
export type Figures = (entrant: string) => number

export interface Aim {
  readonly says: string
  readonly ratio: (figures: Figures) => number
  /** One of the two; none: for information. */
  readonly least?: number
  readonly most?: number
}

export interface Row {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly entrants: readonly Entrant[]
  readonly aims: readonly Aim[]
  /** How many rounds it takes where nobody says. @default 5; 1 when quick */
  readonly rounds?: number
  /** No figure that does not count before those that do. */
  readonly isCold?: boolean
  readonly remarks?: readonly string[]
}

export interface Judged {
  readonly says: string
  readonly ratios: readonly number[]
  readonly ratio: Spread
  readonly aim: string
  /** Undefined where nothing was aimed at. */
  readonly isMet: boolean | undefined
}

export interface Raced {
  readonly row: string
  readonly title: string
  readonly unit: string
  readonly rounds: number
  readonly seed: number
  readonly entrants: readonly { name: string; figures: readonly number[]; figure: Spread }[]
  readonly aims: readonly Judged[]
  readonly remarks: readonly string[]
}

const limitMillis = 120_000

export async function race(row: Row, settings: Settings): Promise<Raced> {
  const rounds = settings.rounds ?? (settings.quick ? 1 : (row.rounds ?? 5))
  const series = new Map(row.entrants.map(({ name }) => [name, [] as number[]]))
  const measure = async (entrant: Entrant) => {
    globalThis.gc?.({ type: 'minor' } as never)
    try {
      return await within(limitMillis, entrant.figure())
    } catch (error) {
      throw new Error(`${row.name}: "${entrant.name}" failed: ${(error as Error).message}`, { cause: error })
    }
  }
  const opened: Entrant[] = []
  try {
    for (const entrant of row.entrants) {
      opened.push(entrant)
      await entrant.open?.()
      if (!row.isCold) await measure(entrant)
    }
    const shuffle = shuffler(settings.seed)
    for (let round = 0; round < rounds; round++) {
      for (const entrant of shuffle(row.entrants)) series.get(entrant.name)!.push(await measure(entrant))
    }
  } finally {
    for (const entrant of opened) await entrant.close?.()
  }
  const entrants = row.entrants.map(({ name }) => {
    const figures = series.get(name)!
    return { name, figures, figure: spread(figures) }
  })
  const figuresOf = (round: number): Figures => {
    return name => series.get(name)![round]!
  }
  const aims = row.aims.map(aim =>
    judge(
      aim,
      Array.from({ length: rounds }, (_, round) => aim.ratio(figuresOf(round))),
    ),
  )
  const remarks = [
    ...(row.remarks ?? []),
    ...row.entrants.flatMap(({ name, remark }) => (remark ? [`${name}: ${remark}`] : [])),
  ]
  return { row: row.name, title: row.title, unit: row.unit, rounds, seed: settings.seed, entrants, aims, remarks }
}

export function judge({ says, least, most }: Aim, ratios: readonly number[]): Judged {
  const ratio = spread(ratios)
  const aim = least !== undefined ? `≥ ${least}` : most !== undefined ? `≤ ${most}` : ''
  const isMet = least !== undefined ? ratio.median >= least : most !== undefined ? ratio.median <= most : undefined
  return { says, ratios, ratio, aim, isMet }
}

export function renderRaced({ row, title, unit, rounds, seed, entrants, aims, remarks }: Raced): string {
  const heads = ['', unit, 'min', 'max']
  const rows = entrants.map(({ name, figure }) => [name, ...cells(figure)])
  return [
    `threads, ${row}: ${title}`,
    `${rounds} rounds, seed ${seed}; medians; ratios are taken within each round`,
    '',
    table([heads, ...rows]),
    '',
    renderAims(aims.map(aim => ['', aim])),
    ...remarks.map((remark, at) => `${at === 0 ? '\n' : ''}  ${remark}`),
  ].join('\n')
}

export function renderAims(aims: readonly (readonly [row: string, aim: Judged])[]): string {
  const heads = ['', 'ratio', 'min', 'max', 'aim', 'met']
  const rows = aims.map(([row, { says, ratio, aim, isMet }]) => [
    row ? `${row}: ${says}` : says,
    ...cells(ratio),
    aim,
    isMet === undefined ? '' : isMet ? 'yes' : 'no',
  ])
  return table([heads, ...rows])
}

function cells({ median, min, max }: Spread): string[] {
  return [median, min, max].map(significant)
}

function significant(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  if (value >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}
