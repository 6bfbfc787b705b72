/** Gathers items into arrays. */
import { type Actor, checkOptions, defineActor, type Home, type Options } from '../src/index.ts'

export interface BatchOptions {
  /** Items a batch holds. A whole number from 1. */
  size: number
  /** Milliseconds after its first item when a batch goes out though it is not full. @default no limit */
  within?: number
}

/** The rows from which come the check, its messages and the reference. */
export const batchOptions = {
  size: {
    expected: 'a whole number from 1',
    accepts: size => Number.isSafeInteger(size) && (size as number) >= 1,
    required: true,
    doc: 'Items a batch holds.',
  },
  within: {
    expected: 'a number of milliseconds above 0',
    accepts: within => typeof within === 'number' && within > 0,
    default: 'no limit',
    doc: 'Milliseconds after its first item when a batch goes out though it is not full.',
  },
} satisfies Options

/**
 * Gathers `size` items into an array; what is left at the end goes out as it is.
 *
 * With `within` a batch does not wait longer than that for its last item.
 *
 *     .stage('batch', batch({ size: 100, within: 1_000 }))
 *
 * @throws {InvalidOptions}
 */
export function batch<T>(options: BatchOptions): Actor<T, T[], Home> {
  checkOptions(options, batchOptions, 'batch')
  return batching.with(options) as Actor<unknown, unknown, Home> as Actor<T, T[], Home>
}

const late = Symbol('late')

const batching = defineActor('batch', import.meta, {
  async *stream(items: AsyncIterable<unknown>, { clock }, { size, within = Infinity }: BatchOptions) {
    const iterator = items[Symbol.asyncIterator]()
    let gathered: unknown[] = []
    let timer: unknown
    let timeIsUp: Promise<typeof late> | undefined
    const startTimer = () => {
      timeIsUp = new Promise(resolve => {
        timer = clock.setTimeout(() => resolve(late), within)
      })
    }
    try {
      for (let next = iterator.next(); ; ) {
        const came = await (timeIsUp ? Promise.race([next, timeIsUp]) : next)
        const isLate = came === late
        if (!isLate && !came.done) gathered.push(came.value)
        if (gathered.length > 0 && (isLate || came.done || gathered.length === size)) {
          clock.clearTimeout(timer)
          timeIsUp = undefined
          yield gathered
          gathered = []
        } else if (within !== Infinity && !timeIsUp) startTimer()
        if (isLate) continue
        if (came.done) return
        next = iterator.next()
      }
    } finally {
      clock.clearTimeout(timer)
    }
  },
})
