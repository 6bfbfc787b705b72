/**
 * What each promise of an asynchronous stage costs: three stages as a bare ring, then with one promise after the other.
 *
 *     bare ring       in order, K in flight, bounded in items; results go on when nothing else can
 *     + prompt        results go on when the reader has nothing left, and at the latest when no promise is about to come true
 *     + counters      received, settled, emitted, in hand
 *     + slices        the event loop turns every 10 ms
 *     + metering      one item in 64 to 512 is timed
 *     + anything      a handler may throw, or give whatever it likes; what is no number has a weight
 *     millrace        and the rest: workers that are restarted, windows in bytes, retries, dead letters, readers, teardown
 *
 * The bare ring is the floor: with nothing promised but the order it is as fast as we know how.
 */
import { compare } from '../harness/bench.ts'
import type { Contender, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import { loopThatAwaits } from '../peers/loops.ts'
import { subscribed } from '../throughput/three-async-stages.ts'
import { type AsyncSteps, afterATurn, atOnce, input, model, results } from '../throughput/three-functions.ts'

type Input = readonly number[]
type Rung = typeof import('./rung.ts')

const promises = ['prompt', 'counters', 'slices', 'metering', 'anything']

/** A copy of the module for each rung and each number of items in flight. */
async function rung(steps: AsyncSteps, kept: number, concurrency: number): Promise<Contender<Input, number>> {
  const address = `./rung.js?${promises.slice(0, kept).join('&')}&in-flight=${concurrency}&${steps === atOnce}`
  const { threeStages }: Rung = await import(address)
  const name = kept === 0 ? 'bare ring' : `+ ${promises[kept - 1]}`
  return {
    name: `${concurrency} in flight: ${name}`,
    run: (input, sink) => threeStages(input, steps, concurrency, sink),
  }
}

async function ladder(title: string, steps: AsyncSteps, settings: Settings) {
  const contenders: Contender<Input, number>[] = [{ name: 'loop that awaits', run: loopThatAwaits(steps) }]
  for (const concurrency of [1, 64]) {
    for (let kept = 0; kept <= promises.length; kept++) contenders.push(await rung(steps, kept, concurrency))
    contenders.push({ name: `${concurrency} in flight: millrace`, run: subscribed(steps, concurrency) })
  }
  const name = 'async-ladder'
  const sizes = { items: 1_000_000, quickItems: 100_000 }
  return compare(
    { name, title, ...sizes, input, model, tally: results, baseline: 'loop that awaits', contenders },
    settings,
  )
}

export async function run(settings: Settings): Promise<Outcome> {
  const compared = [
    await ladder('three asynchronous stages, handlers that answer at once', atOnce, settings),
    await ladder('three asynchronous stages, handlers that wait a turn inside', afterATurn, settings),
  ]
  return { text: compared.map(renderCompared).join('\n\n'), data: compared }
}
