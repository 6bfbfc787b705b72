/** Gathers items into arrays. */
import { type Actor, type Clock, checkOptions, defineActor, type Home, type Options } from '../src/index.ts'
import { isAspect, mustNotBeBody, oneOf, wholeOrEndless } from './accepts.ts'

export interface BatchOptions<T = any> {
  /** Items a batch holds. A whole number from 1, or Infinity: all there are. It may be left out where `weight` is given. */
  size?: number
  /** What a batch weighs at most. A number above 0. @default no limit */
  weight?: number
  /** What an item weighs: a property that is a number from 0, or a function that gives one. @default 1 */
  weigh?: string | ((item: T) => number)
  /** Milliseconds after its first item when a batch goes out though it is not full. @default no limit */
  within?: number
  /** What becomes of a batch that is not full when the input ends: it goes out, or is dropped. @default 'flush' */
  partial?: 'flush' | 'drop'
}

/** The rows from which come the check, its messages and the reference. */
export const batchOptions = {
  size: {
    expected: 'a whole number from 1, or Infinity',
    accepts: wholeOrEndless(1),
    required: true,
    doc: 'Items a batch holds; with Infinity all there are. It may be left out where `weight` is given.',
  },
  weight: {
    expected: 'a number above 0',
    accepts: weight => typeof weight === 'number' && weight > 0,
    default: 'no limit',
    doc: 'What a batch weighs at most. An item that is heavier goes alone.',
  },
  weigh: {
    expected: 'a property name or a function of the item',
    accepts: isAspect,
    default: 'every item weighs 1',
    doc: 'What an item weighs: a property that is a number from 0, or a function that gives one.',
  },
  within: {
    expected: 'a number of milliseconds above 0',
    accepts: within => typeof within === 'number' && within > 0,
    default: 'no limit',
    doc: 'Milliseconds after its first item when a batch goes out though it is not full.',
  },
  partial: {
    expected: "'flush' or 'drop'",
    accepts: oneOf('flush', 'drop'),
    value: 'flush',
    doc: 'What becomes of a batch that is not full when the input ends: it goes out, or is dropped.',
  },
} satisfies Options

/**
 * Gathers items into arrays, in order: up to `size` of them, up to a `weight`, or for so long (`within`).
 *
 *     .stage('batch', batch({ size: 100, within: 1_000 }))
 *     .stage('batch', batch({ weight: 1_000_000, weigh: 'bytes' }))
 *
 * A batch goes out as soon as it is full; before the item with which it would weigh more than `weight`; or when `within` ms,
 * by the clock of the run, have gone by since its first item. None is empty. What is left at the end goes out as it is, or
 * is dropped. With a `key`, each key has batches of its own (but not with `within`); so with a `key` and `size: Infinity` it
 * groups: an array for each key, at the end, in memory until then.
 *
 * An item fails whose weight is no number from 0. What was gathered survives that, and a restart of the worker; but not with
 * `within`, where the body holds the whole stream: let weights that may be wrong fail in a stage before.
 *
 * It travels, unless `weigh` is a function.
 *
 * @throws {InvalidOptions}
 */
export function batch<T>(options: BatchOptions<T> & { weigh: (item: T) => number }): Actor<T, T[], undefined>
export function batch<T>(options: BatchOptions<T> & { weigh?: string }): Actor<T, T[], Home>
export function batch(options: BatchOptions, second?: unknown): Actor<any, any[]> {
  mustNotBeBody(second, batch, 'batch({ size: 100 })')
  const { size, ...others } = batchOptions
  const isWeighed = options?.weight !== undefined
  checkOptions(options, { size: { ...size, required: !isWeighed }, ...others }, 'batch')
  const stays = typeof options.weigh === 'function'
  if (options.within !== undefined && options.within !== Infinity) {
    return (stays ? defineActor('batch', gatheringInTime) : timedBatches).with(options)
  }
  return (stays ? defineActor('batch', gathering) : batches).with(options)
}

/** A batch under way. */
class Gathered {
  items: unknown[] = []
  #weight = 0
  readonly #options: BatchOptions

  constructor(options: BatchOptions) {
    this.#options = options
  }

  /** Takes one item more, and gives the batches that are full with it. Throws before it has changed anything. */
  take(item: unknown): unknown[][] {
    const { size = Infinity, weight = Infinity } = this.#options
    const heavy = this.#weigh(item)
    const full: unknown[][] = []
    if (this.items.length > 0 && this.#weight + heavy > weight) full.push(this.leave())
    this.items.push(item)
    this.#weight += heavy
    if (this.items.length === size || this.#weight >= weight) full.push(this.leave())
    return full
  }

  /** What it holds goes out. */
  leave(): unknown[] {
    const { items } = this
    this.items = []
    this.#weight = 0
    return items
  }

  /** What is left at the end. */
  rest(): unknown[][] {
    return this.items.length > 0 && this.#options.partial !== 'drop' ? [this.leave()] : []
  }

  #weigh(item: unknown): number {
    const { weigh, weight } = this.#options
    if (weight === undefined) return 0
    if (weigh === undefined) return 1
    const heavy: unknown = typeof weigh === 'function' ? weigh(item) : (item as Record<string, unknown>)[weigh]
    if (typeof heavy === 'number' && heavy >= 0) return heavy
    throw new RangeError(`an item of a batch must weigh a number from 0, got ${String(heavy)} (${typeof heavy})`)
  }
}

const gathering = {
  start: (options: BatchOptions) => new Gathered(options),
  *receive(item: unknown, gathered: Gathered) {
    yield* gathered.take(item)
  },
  *flush(gathered: Gathered) {
    yield* gathered.rest()
  },
  // No copy: an item that fails leaves it as it was.
  snapshot: (gathered: Gathered) => gathered,
  restore: (gathered: Gathered) => gathered,
}

const late = Symbol('late')

const gatheringInTime = {
  async *stream(
    items: AsyncIterable<unknown>,
    { clock }: { clock: Clock },
    options: BatchOptions,
  ): AsyncGenerator<unknown[]> {
    const iterator = items[Symbol.asyncIterator]()
    const gathered = new Gathered(options)
    let timer: unknown
    let timeIsUp: Promise<typeof late> | undefined
    const stopTimer = () => {
      clock.clearTimeout(timer)
      timeIsUp = undefined
    }
    const startTimer = () => {
      timeIsUp = new Promise(resolve => {
        timer = clock.setTimeout(() => resolve(late), options.within!)
      })
    }
    try {
      for (let next = iterator.next(); ; ) {
        const came = await (timeIsUp ? Promise.race([next, timeIsUp]) : next)
        if (came === late) {
          stopTimer()
          yield gathered.leave()
          continue
        }
        if (came.done) return yield* gathered.rest()
        const full = gathered.take(came.value)
        if (full.length > 0) stopTimer()
        yield* full
        if (gathered.items.length > 0 && !timeIsUp) startTimer()
        next = iterator.next()
      }
    } finally {
      clock.clearTimeout(timer)
    }
  },
}

const batches = defineActor('batch', import.meta, gathering)
const timedBatches = defineActor('batch-within', import.meta, gatheringInTime)
