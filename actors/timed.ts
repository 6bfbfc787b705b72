/** How long each item took. */
import { map, type Observable } from 'rxjs'
import { type Actor, type Context, defineActor, type Emitted, type Options } from '../src/index.ts'
import { checkArguments, mustNotBeBody } from './accepts.ts'

export const timedArguments = {
  handler: {
    expected: 'a function of the item',
    accepts: handler => typeof handler === 'function',
    required: true,
    doc: 'What is timed: a function of the item and its context, of any kind.',
  },
} satisfies Options

/** A result, and how long it took. */
export interface Timed<T> {
  readonly value: T
  /** From when the handler was called until it gave this, by the clock of the run. */
  readonly millis: number
}

/**
 * The same handler, whose results say how long they took: `{ value, millis }`.
 *
 *     .stage('fetch', timed(fetchPage), { concurrency: 8 })
 *     .stage('slow', ({ value, millis }) => (millis > 1_000 ? value : undefined))
 *
 * The handler is a function of the item and its context, of any kind: of several results each has the time until it came.
 * Nothing emits nothing. It is the time of that attempt, with all that the handler waited for, and without what the item
 * waited in channels: for that, and for averages, there is `run.snapshot()`. It does not travel: it is a closure.
 *
 * @throws {InvalidOption}
 */
export function timed<In, R>(handler: (item: In, context: Context<In>) => R): Actor<In, Timed<Emitted<R>>, undefined>
export function timed<In>(
  handler: (item: In, context: Context<In>) => unknown,
  second?: unknown,
): Actor<In, any, undefined> {
  mustNotBeBody(second, timed, 'timed(handler)')
  checkArguments({ handler }, timedArguments, 'timed')
  return defineActor('timed', (item: In, context: Context<In>) => {
    const { clock } = context
    const start = clock.now()
    const stamp = (value: unknown) => (value === undefined ? undefined : { value, millis: clock.now() - start })
    return stamped(handler(item, context), stamp)
  }) as Actor<In, any, undefined>
}

type Stamp = (value: unknown) => Timed<unknown> | undefined

function stamped(given: unknown, stamp: Stamp): unknown {
  if (typeof given !== 'object' || given === null) return stamp(given)
  const { then, next, throw: fail, pipe, subscribe } = given as Record<string, unknown>
  if (typeof then === 'function') return (given as Promise<unknown>).then(value => stamped(value, stamp))
  if (typeof next === 'function' && typeof fail === 'function') {
    return Symbol.asyncIterator in given
      ? eachLater(given as AsyncIterable<unknown>, stamp)
      : each(given as Iterable<unknown>, stamp)
  }
  const isObservable = typeof pipe === 'function' && typeof subscribe === 'function'
  return isObservable ? (given as Observable<unknown>).pipe(map(stamp)) : stamp(given)
}

function* each(values: Iterable<unknown>, stamp: Stamp) {
  for (const value of values) yield stamp(value)
}

async function* eachLater(values: AsyncIterable<unknown>, stamp: Stamp) {
  for await (const value of values) yield stamp(value)
}
