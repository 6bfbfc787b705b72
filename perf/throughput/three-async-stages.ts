/**
 * Three trivial asynchronous functions: what ordered, bounded concurrency adds to awaiting.
 *
 *     input ─▶ [channel] ─▶ f, K in flight ─▶ [channel] ─▶ g, K in flight ─▶ [channel] ─▶ h, K in flight ─▶ in order ─▶ sum
 *
 * Twice: with functions that have their answer at once, and with such that wait a turn for it, as real ones do at least.
 * Aim: ≤ 1.2 × the loop that awaits, in order, for K = 1 and K = 64.
 */
import { pipeline } from '../../src/index.ts'
import { compare } from '../harness/bench.ts'
import type { Comparison, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import * as effect from '../peers/effect.ts'
import * as loops from '../peers/loops.ts'
import * as node from '../peers/node-streams.ts'
import * as pMap from '../peers/p-map.ts'
import * as rxjs from '../peers/rxjs.ts'
import { type AsyncSteps, afterATurn, atOnce, input, model, results, type Sink } from './three-functions.ts'

type Input = readonly number[]

const stages = (input: Input, [f, g, h]: AsyncSteps, concurrency: number) =>
  pipeline('async-stages')
    .from(input)
    .stage('f', f, { concurrency })
    .stage('g', g, { concurrency })
    .stage('h', h, { concurrency })

export const subscribed = (steps: AsyncSteps, concurrency: number) => async (input: Input, sink: Sink) => {
  const run = stages(input, steps, concurrency).run()
  run.output.subscribe(sink)
  await run.done
}
const consumed = (steps: AsyncSteps, concurrency: number) => (input: Input, sink: Sink) =>
  stages(input, steps, concurrency).run().consume(sink)

const buffers = 'no back-pressure: buffers its whole input; from 100,000 items on, each costs 2 to 4 times as much'

const threeAsyncStages = (name: string, title: string, steps: AsyncSteps): Comparison<Input, number> => ({
  name,
  title,
  items: 1_000_000,
  quickItems: 100_000,
  input,
  model,
  tally: results,
  baseline: 'loop that awaits',
  contenders: [
    { name: 'loop that awaits', run: loops.loopThatAwaits(steps) },
    { name: 'millrace concurrency 1, output.subscribe', run: subscribed(steps, 1) },
    { name: 'millrace concurrency 1, consume', run: consumed(steps, 1) },
    { name: 'millrace concurrency 64, output.subscribe', run: subscribed(steps, 64) },
    { name: 'millrace concurrency 64, consume', run: consumed(steps, 64) },
    { name: 'rxjs concatMap × 3', run: rxjs.concatMaps(steps), share: 0.05, remark: buffers },
    {
      name: 'rxjs mergeMap × 3, 64',
      run: rxjs.mergeMaps64(steps),
      share: 0.05,
      ordered: false,
      remark: `unordered, so only count and sum are checked; ${buffers}`,
    },
    { name: 'node Readable.map × 3, 64', run: node.readableMaps64(steps), share: 0.1 },
    { name: 'async generators', run: loops.asyncGeneratorsThatAwait(steps), share: 0.2 },
    { name: 'effect mapEffect × 3, 1', run: effect.mapEffects(1, steps), share: 0.1 },
    { name: 'effect mapEffect × 3, 64', run: effect.mapEffects(64, steps), share: 0.05 },
    {
      name: 'p-map, 64',
      run: pMap.oneMapper64(steps),
      share: 0.2,
      remark: 'one mapper that awaits all three; gives an array at the end',
    },
  ],
})

const both = [
  threeAsyncStages(
    'three-async-stages',
    'async functions that answer at once, each result handed to one callback',
    atOnce,
  ),
  threeAsyncStages('three-async-stages-turn', 'the same that wait a turn of the microtask queue inside', afterATurn),
]

export async function run(settings: Settings): Promise<Outcome> {
  const compared = []
  for (const comparison of both) compared.push(await compare(comparison, settings))
  return { text: compared.map(renderCompared).join('\n\n'), data: compared }
}
