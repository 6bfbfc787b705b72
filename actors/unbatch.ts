/** Takes arrays apart again. */
import { type Actor, defineActor, type Home } from '../src/index.ts'
import { mustNotBeBody } from './accepts.ts'

/**
 * Gives each element of every item, in order: what `batch` put together, or any other iterable (a `Set`, a generator …).
 *
 *     .stage('unbatch', unbatch())
 *
 * The elements of one item leave together, so there may be 1,000,000 of them, or 64 MiB, unless the stage says
 * `emit: 'streaming'`. An `undefined` among them is nothing. An item fails that is no iterable, and so does a text: nobody
 * means its characters. It travels.
 */
export function unbatch<T>(): Actor<Iterable<T>, Exclude<T, undefined>, Home>
export function unbatch(_?: unknown, second?: unknown): Actor<any, any, Home> {
  mustNotBeBody(second, unbatch, 'unbatch()')
  return unbatching
}

const unbatching = defineActor('unbatch', import.meta, function* (items: Iterable<unknown>) {
  if (typeof items !== 'object' || typeof items?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`unbatch takes arrays and other iterables, got ${items === null ? 'null' : typeof items}`)
  }
  yield* items
})
