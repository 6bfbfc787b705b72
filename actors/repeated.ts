/** What comes more than once. */
import { type Actor, checkOptions, defineActor, type Options } from '../src/index.ts'
import { aspectOf, isAspect, mustNotBeBody, wholeOrEndless } from './accepts.ts'

export interface RepeatedOptions<T> {
  /** What two items are the same by: a property name, or a function. @default the item itself */
  by?: string | ((item: T) => unknown)
  /** How many of those it remembers. A whole number from 1, or Infinity. @default 100_000 */
  remember?: number
}

export const repeatedOptions = {
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
 * Passes on the items of which there is another: the opposite of `distinct`.
 *
 *     .stage('same size', repeated({ by: 'size' }))
 *
 * The first of them waits for the second; when that comes both leave, first things first, and so does every one that comes
 * after. So those that are the same keep their order, and nothing waits for the end of the input. What nothing is the same
 * as is left out.
 *
 * Two are the same when what they go by is, as keys of a `Map` are. It remembers the `remember` (100,000) that it met last,
 * with the item that waits, so that its memory is bounded: one whose like comes after that many others may be left out. With
 * Infinity it remembers all. What it remembers survives items that fail and restarts of the worker. An item fails that has no
 * such property. With a `key`, each key remembers for itself. It does not travel, as `distinct` does not.
 *
 * @throws {InvalidOptions}
 */
export function repeated<T>(options?: RepeatedOptions<T>): Actor<T, T>
export function repeated<T>(options: RepeatedOptions<T> = {}, second?: unknown): Actor<T, T> {
  mustNotBeBody(second, repeated, 'repeated()')
  checkOptions(options, repeatedOptions, 'repeated')
  const { by, remember = 100_000 } = options
  const nameOf = aspectOf('repeated', by)
  return defineActor('repeated', {
    start: () => new Map<unknown, Met<T>>(), // the one that was met last is the last
    *receive(item: T, met: Map<unknown, Met<T>>): Generator<T> {
      const name = nameOf(item)
      const before = met.get(name)
      met.delete(name)
      met.set(name, before ? nobodyWaits : { waiting: [item] })
      if (met.size > remember) met.delete(met.keys().next().value)
      if (!before) return
      yield* before.waiting
      yield item
    },
    // No copy: an item that fails leaves it as it was.
    snapshot: met => met,
    restore: (met: Map<unknown, Met<T>>) => met,
  }) as Actor<T, any>
}

/** What was met; `waiting`: the first of its kind, until the second one has come. */
interface Met<T> {
  readonly waiting: readonly T[]
}
const nobodyWaits: Met<never> = { waiting: [] }
