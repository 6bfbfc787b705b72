/**
 * A trivial handler through two workers on threads, in order, from the main thread and back.
 *
 *     here ─▶ [stage × 2 threads] ─▶ in order ─▶ here
 *
 * Aims: a run at least 100 times as fast as a task for each item for numbers and buffers, 30 times for the others; `ask`, with
 * a promise for each item, 30 times. Against arrays of 256 by hand 3 times for numbers and buffers, 5 for flat records of
 * numbers, 1.5 for the others. Of two ways to read, the slower one has to; of the pools, each is compared with.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Actor, type Flow, type Home, pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { piscina } from '../peers/piscina.ts'
import { inOrder, type Pool } from '../peers/pool.ts'
import { type Batches, batches } from '../peers/post-message.ts'
import { tinypool } from '../peers/tinypool.ts'
import { workerPool } from '../peers/workerpool.ts'
import { through } from './actors.ts'
import { type Answers, answersOf, type KindName, kinds, lap } from './kinds.ts'
import type { Aim, Entrant, Row } from './race.ts'
import { type Reading, steady } from './steady.ts'

const workers = 2
const inFlightEach = 64
const inFlight = workers * inFlightEach

const aims: Readonly<Record<KindName, { readonly tasks: number; readonly byHand: number }>> = {
  numbers: { tasks: 100, byHand: 3 },
  buffers: { tasks: 100, byHand: 3 },
  strings: { tasks: 30, byHand: 1.5 },
  flatRecords: { tasks: 30, byHand: 5 },
  records: { tasks: 30, byHand: 1.5 },
}

/** Items timed: of a run, of asks and pools, of arrays by hand. */
export interface Sizes {
  readonly run: number
  readonly tasks: number
  readonly byHand: number
  readonly warmMillis: number
}

export const sizes = ({ quick, items }: Settings): Sizes => ({
  run: items ?? (quick ? 50_000 : 250_000),
  tasks: quick ? 2_000 : 10_000,
  byHand: quick ? 50_000 : 250_000,
  warmMillis: quick ? 100 : 300,
})

export function throughWorkers(kind: KindName, sizes: Sizes): Row {
  const answers = answersOf(kind)
  const actor = through[kind] as Actor<unknown, unknown, Home>
  const { tasks, byHand } = aims[kind]
  const module = new URL('./kinds.js', import.meta.url)
  const pools: Readonly<Record<string, () => Pool>> = {
    piscina: () => piscina(module, kind, workers, inFlightEach),
    'piscina, one task a worker': () => piscina(module, kind, workers, 1),
    tinypool: () => tinypool(module, kind, workers, inFlightEach),
    workerpool: () => workerPool(new URL('./workerpool-worker.js', import.meta.url), kind, workers),
  }
  const slower = (of: (name: string) => number) => Math.max(of('millrace, output.subscribe'), of('millrace, consume'))
  return {
    name: kind === 'flatRecords' ? 'flat-records' : kind,
    title: `a trivial handler through ${workers} workers, in order, there and back`,
    unit: 'ns/item',
    entrants: [
      streamed('subscribe', actor, answers, sizes),
      streamed('consume', actor, answers, sizes),
      asked(actor, answers, sizes),
      ...Object.entries(pools).map(([name, open]) => pooled(name, kind, open, answers, sizes)),
      handmade(kind, answers, sizes),
    ],
    aims: [
      ...Object.keys(pools).map(
        (pool): Aim => ({ says: `a run, against ${pool}`, ratio: of => of(pool) / slower(of), least: tasks }),
      ),
      ...Object.keys(pools).map(
        (pool): Aim => ({ says: `ask, against ${pool}`, ratio: of => of(pool) / of('millrace, ask'), least: 30 }),
      ),
      { says: 'a run, against arrays by hand', ratio: of => of('arrays of 256 by hand') / slower(of), least: byHand },
    ],
  }
}

function streamed(reading: Reading, actor: Actor<unknown, unknown, Home>, answers: Answers, sizes: Sizes): Entrant {
  const { items, values, value } = answers
  const behind = (source: () => Iterable<unknown>): Flow<unknown> =>
    pipeline('through').from(source).stage('handle', actor, { workers, on: 'threads' })
  return {
    name: reading === 'subscribe' ? 'millrace, output.subscribe' : 'millrace, consume',
    figure: async () => {
      const millis = await steady({
        behind,
        item: place => items[place % lap],
        isRight: (result, place) => value(result) === values[place % lap],
        count: sizes.run,
        warmMillis: sizes.warmMillis,
        reading,
      })
      return (millis * 1e6) / sizes.run
    },
  }
}

/** The run lives as long as the pools do. */
function asked(actor: Actor<unknown, unknown, Home>, answers: Answers, sizes: Sizes): Entrant {
  const open = () => pipeline<unknown>('asked').stage('handle', actor, { workers, on: 'threads' }).run()
  let run: ReturnType<typeof open>
  const ask = (item: unknown) => run.ask(item)
  return {
    name: 'millrace, ask',
    open: async () => {
      run = open()
      await inOrder(answers.items, 20_000, inFlight, ask, () => {})
    },
    figure: () => timed(answers, sizes.tasks * 5, ([result]: any, sink) => sink(result), ask),
    close: () => {
      run.end()
      return run.done
    },
  }
}

function pooled(name: string, kind: KindName, open: () => Pool, answers: Answers, sizes: Sizes): Entrant {
  let pool: Pool
  return {
    name,
    open: async () => {
      pool = open()
      await inOrder(answers.items, 256, inFlight, pool.run, prove(kind, answers))
    },
    figure: () => timed(answers, sizes.tasks, (result, sink) => sink(result), pool.run),
    close: () => pool.close(),
  }
}

/** So many in flight, and the time of all of them. */
async function timed(
  answers: Answers,
  count: number,
  open: (result: unknown, sink: (result: unknown) => void) => void,
  run: (item: unknown) => PromiseLike<unknown>,
): Promise<number> {
  const { sink, end } = checked(answers, count)
  const started = performance.now()
  await inOrder(answers.items, count, inFlight, run, result => open(result, sink))
  const millis = performance.now() - started
  end()
  return (millis * 1e6) / count
}

function handmade(kind: KindName, answers: Answers, sizes: Sizes): Entrant {
  let made: Batches
  return {
    name: 'arrays of 256 by hand',
    open: () => {
      made = batches(new URL('./batch-worker.js', import.meta.url), kind, workers, answers.items)
      return made.run(256, prove(kind, answers))
    },
    figure: async () => {
      const { sink, end } = checked(answers, sizes.byHand)
      const started = performance.now()
      await made.run(sizes.byHand, sink)
      const millis = performance.now() - started
      end()
      return (millis * 1e6) / sizes.byHand
    },
    close: () => made.close(),
  }
}

/** Holds each result against its answer. */
export function checked({ values, value }: Answers, count: number) {
  let seen = 0
  let wrong = -1
  return {
    sink: (result: unknown) => {
      if (value(result) !== values[seen % lap] && wrong < 0) wrong = seen
      seen++
    },
    end: () => {
      if (wrong >= 0) throw new Error(`result ${wrong} is wrong, or in the wrong place`)
      if (seen !== count) throw new Error(`${seen} results instead of ${count}`)
    },
  }
}

/** Compares whole results: what a peer brings is the very same. */
function prove(kind: KindName, { items }: Answers): (result: unknown) => void {
  const { handle } = kinds[kind] as { handle: (item: unknown) => unknown }
  let seen = 0
  return result => {
    const expected = handle(structuredClone(items[seen % lap]))
    // Ports and pools give a Uint8Array for a Buffer.
    const given = result instanceof Uint8Array ? new Uint8Array(result) : result
    if (!isDeepStrictEqual(given, expected)) throw new Error(`result ${seen} is not what it has to be`)
    seen++
  }
}
