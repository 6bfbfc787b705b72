/** Findings as lines: for programs, and for people. The same findings give the same lines, byte for byte. */
import { toLine, toText } from './name.ts'
import { type Findings, type Group, type Unread, waste } from './pipeline.ts'

/** One line of JSON for each group. */
export function* jsonLines({ groups }: Findings): Generator<string> {
  for (const { bytes, sha256, files } of groups) yield JSON.stringify({ bytes, sha256, files: files.map(toText) })
}

/** The groups that waste most, and the totals. */
export function* report({ groups, unread, files, hashed }: Findings, { most = 20, names = 5 } = {}): Generator<string> {
  const [shown, hidden] = cut(groups, most)
  for (const group of shown) {
    yield `${size(waste(group))} wasted by ${count(group.files.length, 'file')} of ${size(group.bytes)} (sha256 ${group.sha256.slice(0, 12)}…)`
    const [named, unnamed] = cut(group.files, names)
    for (const file of named) yield `    ${toLine(file)}`
    if (unnamed.length > 0) yield `    … and ${count(unnamed.length, 'file')} more`
    yield ''
  }
  if (hidden.length > 0) {
    yield `… and ${count(hidden.length, 'group')} more, ${size(total(hidden))} wasted: --json has all of them`
    yield ''
  }
  const excess = groups.reduce((sum, group) => sum + group.files.length - 1, 0)
  yield groups.length === 0
    ? 'No two files are the same.'
    : `${size(total(groups))} wasted: ${count(excess, 'file')} too many, in ${count(groups.length, 'group')}.`
  yield `${count(files, 'file')} looked at, without empty ones; ${number(hashed)} of them share their size with another.`
  if (unread.length > 0) yield `${number(unread.length)} could not be read.`
}

/** What could not be read, and why: one line each. */
export function* unreadLines({ unread }: Findings): Generator<string> {
  for (const each of unread) yield unreadLine(each)
}

export function unreadLine({ path, why }: Unread): string {
  return `not read: ${toLine(path)}: ${why}`
}

/** The first `most`; all of them, if only one would be left: its line says as much as “one more”. */
function cut<T>(items: readonly T[], most: number): [shown: readonly T[], hidden: readonly T[]] {
  const end = items.length === most + 1 ? items.length : most
  return [items.slice(0, end), items.slice(end)]
}

function total(groups: readonly Group[]): number {
  return groups.reduce((sum, group) => sum + waste(group), 0)
}

// The language is fixed: a report must not depend on whose machine it is.
const number = new Intl.NumberFormat('en').format

function count(n: number, noun: string): string {
  return `${number(n)} ${noun}${n === 1 ? '' : 's'}`
}

/** Three digits that matter: `17 B`, `1.05 MB`. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let [value, unit] = [bytes, 0]
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}
