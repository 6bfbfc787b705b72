/**
 * Work of a millisecond on two workers, in order: against one worker, and against two bare threads that coordinate nothing.
 *
 * And work that takes a hundred times as long for one item in a hundred, against a greedy schedule: each item, in order, to the
 * thread that is free first. Two bare threads do what it gives them, so that it is measured and not computed.
 *
 * The work is a loop of so many steps. How many are a millisecond is found out once, on a bare thread.
 */
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { shuffler } from '../harness/shuffle.ts'
import { spin } from './actors.ts'
import { BareThread } from './bare.ts'
import { busy } from './kinds.ts'
import type { Entrant, Row } from './race.ts'
import { steady } from './steady.ts'

export interface Sizes {
  readonly items: number
  readonly warmMillis: number
  /** Milliseconds of the work in `parallel`; of a short item in `uneven`. */
  readonly work: number
  readonly short: number
}
export const sizes = ({ quick }: Settings): Sizes => ({
  items: quick ? 100 : 600,
  warmMillis: quick ? 100 : 300,
  work: 1,
  short: 0.05,
})

const threads = 2

export function parallel(sizes: Sizes): Row {
  const bare = new BareThreads()
  const counts = (total: number) => new Array<number>(total).fill(bare.steps(sizes.work))
  return {
    name: 'parallel',
    title: `${sizes.work} ms of CPU an item, in order`,
    unit: 'ms/item',
    entrants: [
      bare.entrant('two bare threads', async () => {
        const half = counts(sizes.items / threads)
        return (await bare.spin([half, half])) / sizes.items
      }),
      worked('millrace, 1 worker', 1, bare, sizes.items, sizes.warmMillis, sizes.work, counts),
      worked('millrace, 2 workers', 2, bare, sizes.items, sizes.warmMillis, sizes.work, counts),
    ],
    aims: [
      {
        says: '2 workers, times 1 worker',
        ratio: of => of('millrace, 1 worker') / of('millrace, 2 workers'),
        least: 1.95,
      },
      {
        says: '2 workers, as a share of two bare threads',
        ratio: of => of('two bare threads') / of('millrace, 2 workers'),
        least: 0.98,
      },
    ],
    remarks: ['either aim will do'],
  }
}

/** Of each hundred one takes a hundred times as long, at places that are the same in every run. */
export function uneven(sizes: Sizes): Row {
  const bare = new BareThreads()
  const slots = Array.from({ length: 100 }, (_, i) => i)
  const counts = (total: number) => {
    const shuffle = shuffler(7)
    const steps = bare.steps(sizes.short)
    return Array.from({ length: Math.ceil(total / 100) }, () => {
      const slow = shuffle(slots)[0]
      return slots.map(i => (i === slow ? steps * 100 : steps))
    }).flat()
  }
  const total = sizes.items * 10
  return {
    name: 'uneven',
    title: `${sizes.short} ms of CPU an item, one in a hundred ${sizes.short * 100} ms, in order`,
    unit: 'ms/item',
    entrants: [
      bare.entrant('greedy schedule, bare threads', async () => (await bare.spin(greedy(counts(total)))) / total),
      worked('millrace, 2 workers', 2, bare, total, sizes.warmMillis, sizes.short, counts),
    ],
    aims: [
      {
        says: '2 workers, as a share of the schedule',
        ratio: of => of('greedy schedule, bare threads') / of('millrace, 2 workers'),
        least: 0.95,
      },
    ],
  }
}

/** Each to whoever is free first. */
export function greedy(counts: readonly number[]): number[][] {
  const shares = Array.from({ length: threads }, () => ({ until: 0, counts: [] as number[] }))
  for (const count of counts) {
    const first = shares.reduce((a, b) => (b.until < a.until ? b : a))
    first.until += count
    first.counts.push(count)
  }
  return shares.map(({ counts }) => counts)
}

class BareThreads {
  #threads: BareThread[] = []
  #stepsAMilli = 0

  steps(millis: number): number {
    return Math.round(this.#stepsAMilli * millis)
  }

  entrant(name: string, figure: () => Promise<number>): Entrant {
    return {
      name,
      open: async () => {
        this.#threads = Array.from({ length: threads }, () => new BareThread())
        const steps = 5_000_000
        for (let tries = 0; tries < 8; tries++) {
          const { startedAt, endedAt } = await this.#threads[0]!.do({ does: 'spin', counts: [steps] })
          this.#stepsAMilli = Math.max(this.#stepsAMilli, (steps / (endedAt - startedAt)) * 1e3)
        }
      },
      figure,
      close: () => Promise.all(this.#threads.map(thread => thread.close())),
    }
  }

  /** Milliseconds from the first start to the last end. */
  async spin(shares: readonly (readonly number[])[]): Promise<number> {
    const done = await Promise.all(shares.map((counts, i) => this.#threads[i]!.do({ does: 'spin', counts })))
    for (const [i, { sum }] of done.entries()) {
      if (sum !== sumOf(shares[i]!)) throw new Error(`a sum of ${sum} instead of ${sumOf(shares[i]!)}`)
    }
    const startedAt = Math.min(...done.map(({ startedAt }) => startedAt))
    const endedAt = Math.max(...done.map(({ endedAt }) => endedAt))
    return (endedAt - startedAt) / 1e3
  }
}

const known = new Map<number, number>()
function answer(count: number): number {
  let result = known.get(count)
  if (result === undefined) known.set(count, (result = busy(count)))
  return result
}
function sumOf(counts: readonly number[]): number {
  let sum = 0
  for (const count of counts) sum = (sum + answer(count)) | 0
  return sum
}

function worked(
  name: string,
  workers: number,
  bare: BareThreads,
  items: number,
  warmMillis: number,
  /** Of an item of the warm-up: even, so that what is done ahead of the clock is next to nothing. */
  evenMillis: number,
  counts: (total: number) => number[],
): Entrant {
  return {
    name,
    figure: async () => {
      const timed = counts(items)
      const warm = bare.steps(evenMillis)
      let from = Number.MAX_SAFE_INTEGER
      const millis = await steady({
        behind: source => pipeline('work').from(source).stage('spin', spin, { workers, on: 'threads' }),
        item: (place, turn) => {
          from = turn
          return place < turn ? warm : timed[place - turn]
        },
        isRight: (result, place) => result === answer(place < from ? warm : timed[place - from]!),
        count: items,
        warmMillis,
        reading: 'subscribe',
      })
      return millis / items
    },
  }
}
