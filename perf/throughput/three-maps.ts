/**
 * Three trivial synchronous functions: what it costs to stand between them.
 *
 *     you write    input ─▶ x + 1 ─▶ x * 2 ─▶ x - 3 ─▶ sum
 *     maps         input ─▶ [one loop over all three] ─▶ sum
 *     stages       input ─▶ [channel] ─▶ f ─▶ [channel] ─▶ g ─▶ [channel] ─▶ h ─▶ sum
 *
 * Aim: maps ≤ 1.2 × the baseline; stages ≤ 2.5 ×, and ahead of every library here.
 */
import { pipeline } from '../../src/index.ts'
import { compare } from '../harness/bench.ts'
import type { Comparison, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import * as effect from '../peers/effect.ts'
import * as loops from '../peers/loops.ts'
import * as node from '../peers/node-streams.ts'
import * as rxjs from '../peers/rxjs.ts'
import { f, g, h, input, model, results, type Sink } from './three-functions.ts'

type Input = readonly number[]

const maps = (input: Input) => pipeline('maps').from(input).map(f).map(g).map(h)
const stages = (input: Input) => pipeline('stages').from(input).stage('f', f).stage('g', g).stage('h', h)
type Blueprint = ReturnType<typeof maps>

const subscribed = (blueprint: (input: Input) => Blueprint) => async (input: Input, sink: Sink) => {
  const run = blueprint(input).run()
  run.output.subscribe(sink)
  await run.done
}
const consumed = (blueprint: (input: Input) => Blueprint) => (input: Input, sink: Sink) =>
  blueprint(input).run().consume(sink)
const iterated = (blueprint: (input: Input) => Blueprint) => async (input: Input, sink: Sink) => {
  for await (const result of blueprint(input).run()) sink(result)
}

const threeMaps: Comparison<Input, number> = {
  name: 'three-maps',
  title: 'three trivial synchronous functions, each result handed to one callback',
  items: 1_000_000,
  quickItems: 200_000,
  input,
  model,
  tally: results,
  baseline: 'loop over an array of functions',
  contenders: [
    { name: 'loop over an array of functions', run: loops.loopOverArray },
    { name: 'loop, written inline', run: loops.loopInline, remark: 'for information: no fair baseline' },
    { name: 'millrace maps, output.subscribe', run: subscribed(maps) },
    { name: 'millrace maps, consume', run: consumed(maps) },
    { name: 'millrace stages, output.subscribe', run: subscribed(stages) },
    { name: 'millrace stages, consume', run: consumed(stages) },
    { name: 'millrace stages, for await', run: iterated(stages) },
    { name: 'rxjs map × 3', run: rxjs.maps, remark: 'no back-pressure' },
    { name: 'rxjs, a Subject a stage', run: rxjs.subjectAStage, remark: 'no back-pressure' },
    { name: 'generators', run: loops.generators },
    { name: 'async generators', run: loops.asyncGenerators, share: 0.2 },
    { name: 'node Transform × 3, objectMode', run: node.transforms, share: 0.5 },
    { name: 'effect map × 3, chunks of 4096', run: effect.mapsByChunk, remark: 'read by chunk' },
    { name: 'effect map × 3, runForEach', run: effect.mapsForEach, share: 0.5, remark: 'chunks of 4096, read by item' },
    { name: 'effect map × 3, by item', run: effect.mapsByItem, share: 0.2, remark: 'chunks of 1, read by a fold' },
  ],
}

export async function run(settings: Settings): Promise<Outcome> {
  const compared = await compare(threeMaps, settings)
  return { text: renderCompared(compared), data: compared }
}
