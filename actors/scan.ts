/** A fold that shows every step. */
import { type Actor, defineActor, type Options } from '../src/index.ts'
import { checkArguments, mustNotBeBody } from './accepts.ts'

export const scanArguments = {
  fold: {
    expected: 'a function of the state and the item',
    accepts: fold => typeof fold === 'function',
    required: true,
    doc: 'Gives the next state, at once.',
  },
  initial: {
    expected: 'the state before the first item, or a function that makes it',
    accepts: () => true,
    required: true,
    doc: 'What the state is before the first item, or a function that makes it, once for each key.',
  },
} satisfies Options

/**
 * Folds the items into a state, and emits the state after each: running totals, counts, averages.
 *
 *     .stage('total', scan((sum, { cents }: Payment) => sum + cents, 0))
 *     .stage('balance', scan((sum, { cents }: Payment) => sum + cents, 0), { key: 'account' })
 *
 * `initial` is the state before the first item, or a function that makes it, once for each key. `fold` gives the next state
 * at once (no promise). Let it give a new one rather than change the one it got, which has been emitted. A state that is
 * `undefined` is kept, and emits nothing. An item for which it throws leaves the state as it was; so does a restart of the
 * worker. It does not travel: it is a closure.
 *
 * @throws {InvalidOption}
 */
export function scan<T, S>(
  fold: (state: S, item: T) => S,
  initial: S | (() => S),
): Actor<T, Exclude<S, undefined>, undefined> {
  mustNotBeBody(initial, scan, 'scan(fold, initial)')
  checkArguments({ fold, initial }, scanArguments, 'scan')
  return defineActor('scan', {
    start: () => ({ state: typeof initial === 'function' ? (initial as () => S)() : initial }),
    receive(item: T, kept: { state: S }): S {
      kept.state = fold(kept.state, item)
      return kept.state
    },
    snapshot: ({ state }) => state,
    restore: (state: S) => ({ state }),
  }) as Actor<T, any, undefined>
}
