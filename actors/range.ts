/** Numbers in a row. */
import { InvalidOption } from '../src/index.ts'

/**
 * A source: `first`, `first` + 1 … up to and including `last`; without one, without end. None if `last` is below `first`.
 *
 *     pipeline('numbers').from(range(1, 10))
 *
 * Both are whole numbers that can be told from their neighbours (`Number.isSafeInteger`); `last` may be Infinity. It is an
 * iterable: nothing is read ahead, and it begins anew each time.
 *
 * @throws {InvalidOption}
 */
export function range(first: number, last = Infinity): Iterable<number> {
  if (!Number.isSafeInteger(first)) throw new InvalidOption('first', 'a whole number', first, 'range')
  if (!Number.isSafeInteger(last) && last !== Infinity) {
    throw new InvalidOption('last', 'a whole number or Infinity', last, 'range')
  }
  return {
    *[Symbol.iterator]() {
      for (let n = first; n <= last; n++) yield n
    },
  }
}
