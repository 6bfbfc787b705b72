/** What a bench says, for people: plain text, every column with its unit. Nothing is left out that was measured. */
import type { Compared, Measured } from './contender.ts'
import type { Machine } from './machine.ts'
import type { Spread } from './statistics.ts'

export function renderMachine(machine: Machine): string {
  const { node, v8, platform, cpu, cores, memoryGiB, load, commit, gcExposed } = machine
  const collector = gcExposed
    ? 'young generation collected between runs'
    : 'no gc between runs (start with --expose-gc)'
  return [
    `node ${node} (v8 ${v8}), ${platform}, ${cpu}, ${cores} cores, ${memoryGiB} GiB`,
    `load ${load.toFixed(2)}, commit ${commit ?? 'none'}, ${collector}, ${machine.at}`,
  ].join('\n')
}

export function renderCompared({ name, title, items, rounds, seed, baseline, measured }: Compared): string {
  const rows = measured.map(each => [
    each.contender,
    ...spreadCells(each.time),
    ...(each.contender === baseline ? ['baseline', '', ''] : spreadCells(each.ratio)),
    milliseconds(each),
    each.items.toLocaleString('en'),
  ])
  const heads = ['contender', 'ns/item', 'min', 'max', '× base', 'min', 'max', 'ms/run', 'items']
  return [
    `${name}: ${title}`,
    `${items.toLocaleString('en')} items, ${rounds} rounds, seed ${seed}; medians; × is the median of the ratios within each round`,
    '',
    table([heads, ...rows]),
    ...remarks(measured),
  ].join('\n')
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')
  return rows.map(line).join('\n')
}

/** Below the table, each once: what a reader has to know of some contenders. */
function remarks(measured: readonly Measured[]): string[] {
  const said = [...new Set(measured.flatMap(({ remark }) => remark ?? []))]
  const who = (remark: string) => measured.filter(each => each.remark === remark).map(each => each.contender)
  return said.map((remark, index) => `${index === 0 ? '\n' : ''}  ${who(remark).join('; ')}: ${remark}`)
}

function spreadCells({ median, min, max }: Spread): string[] {
  return [median, min, max].map(significant)
}

function milliseconds({ time, items }: Measured): string {
  return significant((time.median * items) / 1e6)
}

/** Three digits that mean something; more would be noise. */
function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : 2)
}
