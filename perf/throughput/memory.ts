/**
 * Memory does not grow with the length of the stream: three named stages over a generator, short and ten times as long.
 *
 * The heap is looked at after a forced collection, from inside the sink and at equal distances, so a peak is what is
 * really held. Flat: the long run holds at most `slackMiB` more at its worst than the short one at its worst.
 * RSS also has garbage, code and whatever the allocator keeps: it is for information.
 */
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { table } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import { within } from '../harness/within.ts'
import { f, g, h, type Sink } from './three-functions.ts'

const sampleEvery = 25_000
const slackMiB = 4
const limitMillis = 120_000

function* numbers(count: number): Generator<number> {
  for (let made = 0; made < count; made++) yield made
}
const stages = (count: number) =>
  pipeline('memory')
    .from(() => numbers(count))
    .stage('f', f)
    .stage('g', g)
    .stage('h', h)

const readers: Readonly<Record<string, (count: number, sink: Sink) => Promise<void>>> = {
  'output.subscribe': async (count, sink) => {
    const run = stages(count).run()
    run.output.subscribe(sink)
    await run.done
  },
  consume: (count, sink) => stages(count).run().consume(sink),
  'for await': async (count, sink) => {
    for await (const result of stages(count).run()) sink(result)
  },
}

export async function run({ quick, items, only }: Settings): Promise<Outcome> {
  const collect = globalThis.gc
  if (!collect) throw new Error('memory: needs --expose-gc, or a peak would be a peak of garbage')
  const short = items ?? (quick ? 200_000 : 1_000_000)
  const data: { reader: string; count: number; samples: number; startMiB: number; heapMiB: number; rssMiB: number }[] =
    []
  const failures: string[] = []
  const chosen = Object.entries(readers).filter(([name]) => name.includes(only ?? ''))
  if (chosen.length === 0) return { text: `memory: no reader is called "${only}"`, data }
  for (const [reader, read] of chosen) {
    await peaks(reader, read, short, collect) // compiles what the counted runs need
    const [once, tenfold] = [await peaks(reader, read, short, collect), await peaks(reader, read, short * 10, collect)]
    data.push(once, tenfold)
    const growth = tenfold.heapMiB - once.heapMiB
    if (growth > slackMiB) failures.push(`memory: with ${reader} the heap grew by ${growth.toFixed(1)} MiB`)
  }
  const mebibytes = (value: number) => value.toFixed(2)
  const rows = data.map(({ reader, count, samples, startMiB, heapMiB, rssMiB }) => [
    reader,
    count.toLocaleString('en'),
    String(samples),
    ...[startMiB, heapMiB, rssMiB].map(mebibytes),
  ])
  const heads = ['reader', 'items', 'samples', 'heap before', 'heap peak', 'rss peak']
  const verdict = failures.length > 0 ? failures.join('\n') : `flat: no peak of the heap grew by ${slackMiB} MiB`
  return {
    text: [
      'memory: three named stages, MiB, heap after forced collections',
      '',
      table([heads, ...rows]),
      '',
      verdict,
    ].join('\n'),
    data,
    ...(failures.length > 0 && { failure: failures.join('; ') }),
  }
}

async function peaks(
  reader: string,
  read: (count: number, sink: Sink) => Promise<void>,
  count: number,
  collect: () => void,
) {
  let seen = 0
  let sum = 0
  let expected = 0
  let heap = 0
  let rss = 0
  for (let item = 0; item < count; item++) expected = (expected + (item + 1) * 2 - 3) | 0
  collect()
  const start = process.memoryUsage().heapUsed
  const reading = read(count, result => {
    sum = (sum + result) | 0
    if (++seen % sampleEvery !== 0) return
    rss = Math.max(rss, process.memoryUsage.rss())
    collect()
    heap = Math.max(heap, process.memoryUsage().heapUsed)
  })
  await within(limitMillis, reading)
  if (seen !== count || sum !== expected) {
    throw new Error(`memory: ${reader} gave a wrong answer: ${seen} of ${count} results, sum ${sum} of ${expected}`)
  }
  const toMiB = (bytes: number) => bytes / 2 ** 20
  const samples = Math.floor(count / sampleEvery)
  return { reader, count, samples, startMiB: toMiB(start), heapMiB: toMiB(heap), rssMiB: toMiB(rss) }
}
