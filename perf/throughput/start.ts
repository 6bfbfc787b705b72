/**
 * How long until the first result: from `run()` of a stage elsewhere, against a bare worker, to its first message.
 *
 *     bare       new Worker ─▶ message
 *     threads    run() ─▶ new Worker ─▶ modules ─▶ setup ─▶ item ─▶ result
 *
 * They take turns, each with workers of its own, which end before the next begins.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { pipeline } from 'millrace'
import type { Settings } from '../harness/contender.ts'
import { table } from '../harness/report.ts'
import { spread } from '../harness/statistics.ts'
import type { Outcome } from '../harness/suite.ts'
import { within } from '../harness/within.ts'
import { doubling } from './doubling.ts'

const bare = new URL('./bare.js', import.meta.url)
const limitMillis = 60_000

type Where = 'threads' | 'processes'

/** Each gives the ms to its first answer, once its workers are gone. */
const contenders: Readonly<Record<string, { readonly baseline?: string; run(): Promise<number> }>> = {
  'bare Worker': { run: bareWorker },
  '1 on threads': { baseline: 'bare Worker', run: () => first('threads', 1) },
  '2 on threads': { baseline: 'bare Worker', run: () => first('threads', 2) },
  'bare process': { run: bareProcess },
  '1 in processes': { baseline: 'bare process', run: () => first('processes', 1) },
  '2 in processes': { baseline: 'bare process', run: () => first('processes', 2) },
}

export async function run(settings: Settings): Promise<Outcome> {
  const rounds = settings.rounds ?? (settings.quick ? 7 : 21)
  const names = Object.keys(contenders)
  const times: Record<string, number[]> = Object.fromEntries(names.map(name => [name, []]))
  // The first round is not counted: it compiles what the main thread runs.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const begun = contenders[name]!.run()
      await within(
        limitMillis,
        begun.then(time => void (round >= 0 && times[name]!.push(time))),
      )
    }
  }
  const measured = names.map(name => {
    const { baseline } = contenders[name]!
    const ratios = baseline === undefined ? undefined : times[name]!.map((time, n) => time / times[baseline]![n]!)
    return { name, times: times[name]!, time: spread(times[name]!), ratio: ratios && spread(ratios) }
  })
  const weights: Record<string, number> = {}
  for (const workers of [2, 8]) {
    weights[`bare Worker × ${workers}`] = await weigh(() => bareWorkers(workers), workers)
    weights[`${workers} on threads`] = await weigh(() => busy(workers), workers)
  }
  const cells = (each: { median: number; min: number; max: number } | undefined) =>
    each ? [each.median, each.min, each.max].map(value => value.toFixed(2)) : ['baseline', '', '']
  const rows = measured.map(({ name, time, ratio }) => [name, ...cells(time), ...cells(ratio)])
  const text = [
    `start: ms to the first result, ${rounds} rounds; × is the median of the ratios within each round`,
    '',
    table([['contender', 'ms', 'min', 'max', '× base', 'min', 'max'], ...rows]),
    '',
    table([
      ['memory', 'MB a worker'],
      ...Object.entries(weights).map(([name, bytes]) => [name, (bytes / 1e6).toFixed(1)]),
    ]),
  ].join('\n')
  return { text, data: { measured, weights } }
}

/* ── the first result ────────────────────────────────────────────────────── */

async function bareWorker(): Promise<number> {
  const started = performance.now()
  const worker = new Worker(bare)
  await once(worker, 'message')
  const time = performance.now() - started
  await worker.terminate()
  return time
}

async function bareProcess(): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, [fileURLToPath(bare)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const time = performance.now() - started
  if (child.exitCode === null) await once(child, 'exit')
  return time
}

async function first(on: Where, workers: number): Promise<number> {
  const started = performance.now()
  const run = pipeline('start').from([1, 2, 3, 4]).stage('doubling', doubling, { on, workers }).run()
  let time: number | undefined
  let sum = 0
  for await (const result of run) {
    time ??= performance.now() - started
    sum += result
  }
  await run.done
  if (sum !== 20) throw new Error(`start: a wrong answer on ${on}: ${sum}`)
  return time!
}

/* ── memory ──────────────────────────────────────────────────────────────── */

/** Bytes by which this process has grown for each worker while all of them were there; the median of some. */
async function weigh(begin: () => Promise<() => Promise<unknown>>, workers: number): Promise<number> {
  const grown: number[] = []
  for (let n = 0; n < 5; n++) {
    const before = process.memoryUsage.rss()
    const end = await begin()
    grown.push((process.memoryUsage.rss() - before) / workers)
    await end()
  }
  return spread(grown).median
}

async function bareWorkers(count: number): Promise<() => Promise<unknown>> {
  // They would end by themselves.
  const options = { eval: true }
  const script = `const port = require('node:worker_threads').parentPort; port.on('message', () => {}); port.postMessage(0)`
  const workers = Array.from({ length: count }, () => new Worker(script, options))
  await Promise.all(workers.map(worker => once(worker, 'message')))
  return () => Promise.all(workers.map(worker => worker.terminate()))
}

async function busy(workers: number): Promise<() => Promise<unknown>> {
  const run = pipeline<number>('memory').stage('doubling', doubling, { on: 'threads', workers }).run()
  await Promise.all(Array.from({ length: workers * 4 }, (_, n) => run.ask(n)))
  return () => run.stop()
}
