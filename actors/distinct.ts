/** Each item once. */
import { type Actor, checkOptions, defineActor, type Options } from '../src/index.ts'
import { aspectOf, isAspect, mustNotBeBody, wholeOrEndless } from './accepts.ts'

export interface DistinctOptions<T> {
  /** What two items are the same by: a property name, or a function. @default the item itself */
  by?: string | ((item: T) => unknown)
  /** How many of those it remembers. A whole number from 1, or Infinity. @default 100_000 */
  remember?: number
}

export const distinctOptions = {
  by: {
    expected: 'a property name or a function of the item',
    accepts: isAspect,
    default: 'the item itself',
    doc: 'What two items are the same by.',
  },
  remember: {
    expected: 'a whole number from 1, or Infinity',
    accepts: wholeOrEndless(1),
    value: 100_000,
    doc: 'How many of those it remembers: the ones that it met last.',
  },
} satisfies Options

/**
 * Passes each item on once: those that are the same as one before are left out.
 *
 *     .stage('new', distinct({ by: 'id' }))
 *
 * Two are the same when what they go by is, as keys of a `Map` are: texts and numbers by value, NaN too; objects only if
 * they are one object. It remembers the `remember` (100,000) that it met last, so that its memory is bounded: one that comes
 * again after that many others counts as new. With Infinity it remembers all.
 *
 * What it remembers survives items that fail and restarts of the worker. An item fails that has no such property. With a
 * `key`, each key remembers for itself. It does not travel: objects that have travelled are not the same any more.
 *
 * @throws {InvalidOptions}
 */
export function distinct<T>(options?: DistinctOptions<T>): Actor<T, T>
export function distinct<T>(options: DistinctOptions<T> = {}, second?: unknown): Actor<T, T> {
  mustNotBeBody(second, distinct, 'distinct()')
  checkOptions(options, distinctOptions, 'distinct')
  const { by, remember = 100_000 } = options
  const nameOf = aspectOf('distinct', by)
  return defineActor('distinct', {
    start: () => new Set<unknown>(), // the one that was met last is the last
    receive(item: T, met: Set<unknown>): T | undefined {
      const name = nameOf(item)
      const isNew = !met.delete(name)
      met.add(name)
      if (met.size > remember) met.delete(met.values().next().value)
      return isNew ? item : undefined
    },
    // No copy: an item that fails leaves it as it was.
    snapshot: met => met,
    restore: (met: Set<unknown>) => met,
  }) as Actor<T, any>
}
