/** Numbers in a row. */
import { InvalidOption } from '../src/index.ts'
import { mustNotBeSource, wholeOrEndless } from './accepts.ts'

/**
 * A source: `first`, `first` + 1 … up to and including `last`; without one, without end. None if `last` is below `first`.
 *
 *     pipeline('numbers').from(range(1, 10))
 *
 * Both are whole numbers that can be told from their neighbours (`Number.isSafeInteger`); `last` may be Infinity. It is an
 * iterable: nothing is read ahead, and it begins anew each time. Its `size` is how many they are.
 *
 * @throws {InvalidOption}
 */
export function range(first: number, last = Infinity): Iterable<number> & { readonly size: number } {
  mustNotBeSource(first, range, 'range(first, last)')
  if (!Number.isSafeInteger(first)) throw new InvalidOption('first', 'a whole number', first, 'range')
  if (!wholeOrEndless(-Infinity)(last)) {
    throw new InvalidOption('last', 'a whole number or Infinity', last, 'range')
  }
  return {
    size: Math.max(0, last - first + 1),
    *[Symbol.iterator]() {
      for (let n = first; n <= last; n++) yield n
    },
  }
}
