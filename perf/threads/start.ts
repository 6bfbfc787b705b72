/**
 * From `run()` to the first result of a stage on a thread, against a bare `new Worker` to its first message. Aim: at most 1.5 times.
 *
 * The main thread has loaded everything before; the module of the actors is loaded by the worker, as that of the bare one is.
 */
import { Worker } from 'node:worker_threads'
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { spread } from '../harness/statistics.ts'
import type { Row } from './race.ts'
import { first } from './start-actor.ts'

export interface Sizes {
  readonly starts: number
}
export const sizes = ({ quick }: Settings): Sizes => ({ starts: quick ? 3 : 10 })

export function start({ starts }: Sizes): Row {
  const figure = async (once: () => Promise<number>) => {
    const millis: number[] = []
    for (let n = 0; n < starts; n++) millis.push(await once())
    return spread(millis).median
  }
  return {
    name: 'start',
    title: `to the first result, of a thread that is started for it`,
    unit: 'ms',
    entrants: [
      { name: 'millrace', figure: () => figure(started) },
      { name: 'new Worker', figure: () => figure(bare) },
    ],
    aims: [{ says: 'millrace, times new Worker', ratio: of => of('millrace') / of('new Worker'), most: 1.5 }],
    remarks: [`a figure is the median of ${starts} starts`],
  }
}

async function started(): Promise<number> {
  const began = performance.now()
  const run = pipeline('start').from([1]).stage('first', first, { on: 'threads' }).run()
  let millis = 0
  let seen: number | undefined
  run.output.subscribe(result => {
    millis = performance.now() - began
    seen = result
  })
  await run.done
  if (seen !== 2) throw new Error(`${seen} instead of 2`)
  return millis
}

async function bare(): Promise<number> {
  const began = performance.now()
  const worker = new Worker(new URL('./start-bare.js', import.meta.url))
  const seen = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const millis = performance.now() - began
  await worker.terminate()
  if (seen !== 2) throw new Error(`${seen} instead of 2`)
  return millis
}
