/** What the options of the shelf may be, and what its parts say where somebody forgot to call them. */
import { InvalidOption, type Options } from '../src/index.ts'

/** Whether something is a whole number from `least` to `most`. */
export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most

/** The same, or Infinity. */
export const wholeOrEndless = (least: number) => (value: unknown) => value === Infinity || whole(least)(value)

export function isSpan(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0
}

/** A property name, or a function of the item. */
export function isAspect(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'string' && value !== '')
}

/** What items are told apart by: themselves, a property, or what a function gives. */
export function aspectOf<T>(part: string, by: string | ((item: T) => unknown) | undefined): (item: T) => unknown {
  if (typeof by === 'function') return by
  if (by === undefined) return item => item
  return item => {
    if (typeof item === 'object' && item !== null && by in item) return (item as Record<string, unknown>)[by]
    throw new TypeError(`${part} goes by \`${by}\`, and an item has none`)
  }
}

export const oneOf =
  (...words: readonly unknown[]) =>
  (value: unknown): boolean =>
    words.includes(value)

export const isFlag = oneOf(true, false)

/** What stands between the parentheses of a part, by rows as options have them. @throws {InvalidOption} */
export function checkArguments(given: Readonly<Record<string, unknown>>, rows: Options, place: string): void {
  for (const [name, { expected, accepts }] of Object.entries(rows)) {
    if (!accepts(given[name])) throw new InvalidOption(name, expected, given[name], place)
  }
}

/** @throws {InvalidOption} */
export function checkPath(path: unknown, place: string): asserts path is string {
  if (typeof path === 'string' && path !== '') return
  throw new InvalidOption('path', 'a path: a string that is not empty', path, place)
}

/**
 * A part that was given as it is, `.stage('batch', batch)`, is taken for a function of the item: it is called with the
 * context behind it.
 *
 * @throws {InvalidOption}
 */
export function mustNotBeBody(second: unknown, part: (...args: any[]) => unknown, call: string): void {
  if (isOfRun(second)) throw new InvalidOption('body', `what \`${call}\` gives`, part, 'a stage')
}

/** The same of a source, `.from(lines)`: it is called with the context of the run. @throws {InvalidOption} */
export function mustNotBeSource(first: unknown, part: (...args: any[]) => unknown, call: string): void {
  if (isOfRun(first)) throw new InvalidOption('source', `what \`${call}\` gives`, part, '`from`')
}

/** Whether it is what a run gives to handlers and sources. */
function isOfRun(value: unknown): boolean {
  return typeof (value as { clock?: { now?: unknown } } | null | undefined)?.clock?.now === 'function'
}
