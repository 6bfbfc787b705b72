/**
 * Three trivial asynchronous functions: what ordered, bounded concurrency adds to awaiting.
 *
 *     input ─▶ [channel] ─▶ f, K in flight ─▶ [channel] ─▶ g, K in flight ─▶ [channel] ─▶ h, K in flight ─▶ in order ─▶ sum
 *
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
import { fAsync, gAsync, hAsync, input, model, results, type Sink } from './three-functions.ts'

type Input = readonly number[]

const stages = (input: Input, concurrency: number) =>
  pipeline('async-stages')
    .from(input)
    .stage('f', fAsync, { concurrency })
    .stage('g', gAsync, { concurrency })
    .stage('h', hAsync, { concurrency })

const subscribed = (concurrency: number) => async (input: Input, sink: Sink) => {
  const run = stages(input, concurrency).run()
  run.output.subscribe(sink)
  await run.done
}
const consumed = (concurrency: number) => (input: Input, sink: Sink) => stages(input, concurrency).run().consume(sink)

const buffers = 'no back-pressure: buffers its whole input; from 100,000 items on, each costs 2 to 4 times as much'

const threeAsyncStages: Comparison<Input, number> = {
  name: 'three-async-stages',
  title: 'three trivial async functions, each result handed to one callback',
  items: 1_000_000,
  quickItems: 100_000,
  input,
  model,
  tally: results,
  baseline: 'loop that awaits',
  contenders: [
    { name: 'loop that awaits', run: loops.loopThatAwaits },
    { name: 'millrace concurrency 1, output.subscribe', run: subscribed(1) },
    { name: 'millrace concurrency 1, consume', run: consumed(1) },
    { name: 'millrace concurrency 64, output.subscribe', run: subscribed(64) },
    { name: 'millrace concurrency 64, consume', run: consumed(64) },
    { name: 'rxjs concatMap × 3', run: rxjs.concatMaps, share: 0.05, remark: buffers },
    {
      name: 'rxjs mergeMap × 3, 64',
      run: rxjs.mergeMaps64,
      share: 0.05,
      ordered: false,
      remark: `unordered, so only count and sum are checked; ${buffers}`,
    },
    { name: 'node Readable.map × 3, 64', run: node.readableMaps64, share: 0.1 },
    { name: 'async generators', run: loops.asyncGeneratorsThatAwait, share: 0.2 },
    { name: 'effect mapEffect × 3, 1', run: effect.mapEffects(1), share: 0.1 },
    { name: 'effect mapEffect × 3, 64', run: effect.mapEffects(64), share: 0.05 },
    {
      name: 'p-map, 64',
      run: pMap.oneMapper64,
      share: 0.2,
      remark: 'one mapper that awaits all three; gives an array at the end',
    },
  ],
}

export async function run(settings: Settings): Promise<Outcome> {
  const compared = await compare(threeAsyncStages, settings)
  return { text: renderCompared(compared), data: compared }
}
