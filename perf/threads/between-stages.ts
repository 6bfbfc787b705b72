/**
 * From one stage on a thread to the next on another: how many items the step takes, against the bare ring.
 *
 *     here ─ seeds ─▶ [make, thread] ─ 256 of each ─▶ [sum, thread] ─ one of 4,096 ─▶ here
 *     bare ring       thread ─▶ [one writer, one reader] ─▶ thread, published in 256s
 *
 * Aim: at least half of the ring. Included is what the ring does not do: a generator that yields, a function called for each
 * item, values written to bytes and read again.
 */
import { type Flow, pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { makeBuffers, makeNumbers, sumBuffers, sumNumbers } from './actors.ts'
import { BareThread, ringOf } from './bare.ts'
import { bufferOf, numberOf, perSeed, perSum, sums } from './blocks.ts'
import type { Row } from './race.ts'
import { steady } from './steady.ts'

export interface Sizes {
  readonly run: number
  readonly ring: number
  readonly warmMillis: number
}
export const sizes = ({ quick, items }: Settings): Sizes => ({
  run: items ?? (quick ? 65_536 : 655_360),
  ring: quick ? 1_000_000 : 5_000_000,
  warmMillis: quick ? 100 : 500,
})

type Kind = 'numbers' | 'buffers'
const of = {
  numbers: {
    bytes: 8,
    stages: (seeds: () => Iterable<number>): Flow<number> =>
      pipeline('step')
        .from(seeds)
        .stage('make', makeNumbers, { on: 'threads' })
        .stage('sum', sumNumbers, { on: 'threads' }),
    value: numberOf,
  },
  buffers: {
    bytes: 100,
    stages: (seeds: () => Iterable<number>): Flow<number> =>
      pipeline('step')
        .from(seeds)
        .stage('make', makeBuffers, { on: 'threads' })
        .stage('sum', sumBuffers, { on: 'threads' }),
    value: (i: number) => {
      const buffer = bufferOf(i)
      return buffer[0]! | (buffer[1]! << 8) | buffer[99]!
    },
  },
}

export function betweenStages(kind: Kind, sizes: Sizes): Row {
  const { bytes, stages, value } = of[kind]
  // Both go round: numbers after 60,000 items, buffers after 4,096; the sums of 4,096 of them after 60,000 blocks at most.
  const known = new Map<number, number>()
  const answer = (block: number) => {
    let sum = known.get(block)
    if (sum === undefined) known.set(block, (sum = sums(perSum, i => value(block * perSum + i))[0]!))
    return sum
  }
  for (let block = 0; block < (sizes.run * 4) / perSum; block++) answer(block)
  let writer: BareThread
  let reader: BareThread
  const ring = ringOf(1 << 13, bytes >> 2)
  return {
    name: `step-${kind}`,
    title: `${bytes} bytes from a stage on a thread to the next`,
    unit: 'ns/item',
    entrants: [
      {
        name: 'millrace',
        figure: async () => {
          const seeds = sizes.run / perSeed
          const millis = await steady({
            behind: stages,
            item: seed => seed,
            isRight: (result, block) => result === answer(block),
            count: seeds,
            warmMillis: sizes.warmMillis,
            reading: 'subscribe',
            perResult: perSum / perSeed,
          })
          return (millis * 1e6) / sizes.run
        },
      },
      {
        name: 'bare ring, 256',
        open: async () => {
          writer = new BareThread()
          reader = new BareThread()
        },
        figure: async () => {
          const items = sizes.ring
          const [, { sum, startedAt, endedAt }] = await Promise.all([
            writer.do({ does: 'write', ring, items, batch: 256 }),
            reader.do({ does: 'read', ring, items }),
          ])
          let expected = 0
          for (let i = 0; i < items; i++) expected = (expected + i) | 0
          if (sum !== expected) throw new Error(`a sum of ${sum} instead of ${expected}`)
          return ((endedAt - startedAt) * 1e3) / items
        },
        close: () => Promise.all([writer.close(), reader.close()]),
      },
    ],
    aims: [
      { says: 'the step, as a share of the ring', ratio: of => of('bare ring, 256') / of('millrace'), least: 0.5 },
    ],
  }
}
