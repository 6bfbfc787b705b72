/** Where two rows of results differ, and how that is shown. */
import { inspect, isDeepStrictEqual } from 'node:util'
import { withArticle } from '../messages.ts'

const most = 110

/** Two values, each on a line of its own, long ones around the place where they differ. */
export function shownApart(wanted: unknown, got: unknown): { wanted: string; got: string } {
  const texts = [wanted, got].map(text) as [string, string]
  if (texts[0] === texts[1]) return { wanted: `${texts[0]} (${kindOf(wanted)})`, got: `${texts[1]} (${kindOf(got)})` }
  let same = 0
  while (texts[0][same] === texts[1][same]) same++
  const from = Math.max(...texts.map(({ length }) => length)) > most ? Math.max(0, same - 40) : 0
  const cut = (text: string) => {
    const rest = text.slice(from)
    return `${from > 0 ? '…' : ''}${rest.length > most ? `${rest.slice(0, most)}…` : rest}`
  }
  return { wanted: cut(texts[0]), got: cut(texts[1]) }
}

function text(value: unknown): string {
  try {
    return inspect(value, { depth: 8, breakLength: Infinity, compact: true, maxArrayLength: 1_000 }).replace(
      /\s*\n\s*/g,
      ' ',
    )
  } catch {
    return `${withArticle(typeof value)} that cannot be shown`
  }
}

function kindOf(value: unknown): string {
  const name = (value as { constructor?: { name?: string } } | null)?.constructor?.name
  return typeof value === 'object' && name ? `a ${name} that differs in what is not shown` : typeof value
}

/** The first index at which two rows differ; -1 if they are equal. */
export function firstDifference(wanted: readonly unknown[], got: readonly unknown[]): number {
  const length = Math.max(wanted.length, got.length)
  for (let index = 0; index < length; index++) {
    if (index >= wanted.length || index >= got.length || !isDeepStrictEqual(wanted[index], got[index])) return index
  }
  return -1
}

/** Numbers for values: equal values have the same number. */
export class Numbers {
  /** By their text, which equal values share; values of one text need not be equal. */
  readonly #known = new Map<string, { value: unknown; number: number }[]>()
  #next = 0

  of(value: unknown): number {
    const text = keyOf(value)
    const known = this.#known.get(text) ?? []
    this.#known.set(text, known)
    const found = known.find(each => isDeepStrictEqual(each.value, value))
    if (found) return found.number
    known.push({ value, number: this.#next })
    return this.#next++
  }
}

/** Equal values have equal texts. It looks at the surface only: to compare all the way down is for those that agree there. */
function keyOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  try {
    const fields = Object.entries(value).map(
      ([name, field]) => `${name} ${typeof field === 'object' ? '' : String(field)}`,
    )
    return fields.sort().join()
  } catch {
    return 'what cannot be read'
  }
}
