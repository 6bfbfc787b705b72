/** Numbers in a row. */
import type { Options } from '../src/index.ts'
import { checkArguments, mustNotBeSource, wholeOrEndless } from './accepts.ts'

export const rangeArguments = {
  first: {
    expected: 'a whole number',
    accepts: Number.isSafeInteger,
    required: true,
    doc: 'Where it begins.',
  },
  last: {
    expected: 'a whole number or Infinity',
    accepts: wholeOrEndless(-Infinity),
    value: Infinity,
    doc: 'Where it ends: this number is given too.',
  },
} satisfies Options

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
  checkArguments({ first, last }, rangeArguments, 'range')
  return {
    size: Math.max(0, last - first + 1),
    *[Symbol.iterator]() {
      for (let n = first; n <= last; n++) {
        if (n > Number.MAX_SAFE_INTEGER)
          throw new RangeError('beyond this, numbers cannot be told from their neighbours')
        yield n
      }
    },
  }
}
