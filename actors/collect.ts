/** Everything, in an array. */
import { type Actor, checkOptions, defineActor, InvalidOption, type Options } from '../src/index.ts'
import { mustNotBeBody, wholeOrEndless } from './accepts.ts'

export interface CollectOptions {
  /** Items that it takes; one more fails. A whole number from 1, or Infinity. @default 1_000_000 */
  most?: number
}

export const collectOptions = {
  most: {
    expected: 'a whole number from 1, or Infinity',
    accepts: wholeOrEndless(1),
    value: 1_000_000,
    doc: 'Items that it takes; one more fails.',
  },
} satisfies Options

/**
 * A sink: puts every item into your array, and emits nothing.
 *
 *     const users: User[] = []
 *     await pipeline('users').from(csv('users.csv')).stage('parse', parse).stage('collect', collect(users)).run().done
 *
 * The array can be read at any time; it is whole when `done` has resolved, and has what came before the failure when that
 * rejects. A second run adds to it. Its memory is yours, so it is bounded: past `most` items the next one fails. It does not
 * travel: the array is here.
 *
 * @throws {InvalidOption} when `into` is no array.
 * @throws {InvalidOptions}
 */
export function collect<T>(into: T[], options: CollectOptions = {}): Actor<T, never, undefined> {
  mustNotBeBody(options, collect, 'collect(array)')
  if (!Array.isArray(into)) throw new InvalidOption('into', 'an array', into, 'collect')
  checkOptions(options, collectOptions, 'collect')
  const { most = 1_000_000 } = options
  let taken = 0
  return defineActor('collect', (item: T): void => {
    if (taken === most) throw new RangeError(`collect has taken ${most} items: raise \`most\``)
    taken++
    into.push(item)
  })
}
