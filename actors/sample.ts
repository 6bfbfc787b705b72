/** Some items of many. */
import { type Actor, checkOptions, defineActor, type Home, InvalidOption, type Options } from '../src/index.ts'
import { isSpan, mustNotBeBody, whole } from './accepts.ts'

export interface SampleOptions {
  /** One of so many: the first, and then every so-manieth. A whole number from 1. */
  every?: number
  /** One in so many milliseconds, the first that comes. A number above 0. */
  per?: number
}

export const sampleOptions = {
  every: {
    expected: 'a whole number from 1',
    accepts: whole(1),
    default: 'left out where `per` is given',
    doc: 'One of so many: the first, and then every so-manieth.',
  },
  per: {
    expected: 'a number of milliseconds above 0',
    accepts: isSpan,
    default: 'left out where `every` is given',
    doc: 'One in so many milliseconds: the first that comes, and none until they have gone by.',
  },
} satisfies Options

/**
 * Passes on one item of `every` so many, or one `per` so many milliseconds, and leaves out the others.
 *
 *     .stage('some', sample({ every: 1_000 }))              // items 0, 1000, 2000 …
 *     .stage('now and then', sample({ per: 1_000 }))        // at most one a second, by the clock of the run
 *
 * Either `every` or `per`. The first item passes at once; it waits for nothing, and holds nothing back. With a `key`, each
 * key is sampled for itself. Where it is survives a restart of the worker. It travels.
 *
 * @throws {InvalidOptions}
 * @throws {InvalidOption} without either, or with both.
 */
export function sample<T>(options: SampleOptions): Actor<T, T, Home>
export function sample(options: SampleOptions, second?: unknown): Actor<any, any, Home> {
  mustNotBeBody(second, sample, 'sample({ every: 100 })')
  checkOptions(options, sampleOptions, 'sample')
  if ((options?.every === undefined) === (options?.per === undefined)) {
    throw new InvalidOption('sample', 'given either `every` or `per`', options)
  }
  return sampling.with(options)
}

interface Place {
  readonly options: SampleOptions
  /** Items that have come. */
  count: number
  /** ms; before that, none passes. */
  until: number
}

const sampling = defineActor('sample', import.meta, {
  start: (options: SampleOptions): Place => ({ options, count: 0, until: -Infinity }),
  receive(item: unknown, place, { clock }) {
    const { every, per } = place.options
    if (every !== undefined) return place.count++ % every === 0 ? item : undefined
    const now = clock.now()
    if (now < place.until) return undefined
    place.until = now + per!
    return item
  },
  snapshot: place => ({ ...place }),
  restore: (place: Place) => ({ ...place }),
})
