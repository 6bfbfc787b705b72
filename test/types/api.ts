/**
 * What is inferred, and what must not compile.
 *
 * A user annotates the input of their own actor and nothing else. Nothing here ever runs: `tsc -p .` is the test. The
 * programs of which it began are in `programs/`, word by word.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  type Actor,
  defineActor,
  type Emitted,
  exponential,
  type Flow,
  type Home,
  type Pipeline,
  pipeline,
  type Running,
  type Unstarted,
} from 'millrace'
import { batch } from 'millrace/actors'
import { type ManualClock, manualClock } from 'millrace/testing'
import { map, type Observable, of, Subject, scan } from 'rxjs'
import { type Equal, expect } from './expect.ts'
import { charge, orders, type Receipt } from './programs/shop.ts'
import { thumbnail } from './programs/thumbnail.ts'

type Out<P> = P extends { run(): { output: Observable<infer T> } } ? T : never

const numbers = pipeline('t').from([1, 2])

/* ── The assertions themselves ───────────────────────────────────────────── */

expect<Equal<Equal<number, any>, false>>()
expect<Equal<Equal<any, number>, false>>()
expect<Equal<Equal<never, number>, false>>()
expect<Equal<Equal<{ a: 1 }, { a?: 1 }>, false>>()
// @ts-expect-error what is false does not compile
expect<Equal<1, 2>>()

/* ── Return emits one, yield emits many, nothing emits none ──────────────── */

expect<Equal<Emitted<string>, string>>()
expect<Equal<Emitted<string | undefined>, string>>()
expect<Equal<Emitted<string | null>, string | null>>() // null is a value
expect<Equal<Emitted<void>, never>>()
expect<Equal<Emitted<number[]>, number[]>>() // an array is one item
expect<Equal<Emitted<Promise<number | undefined>>, number>>()
expect<Equal<Emitted<Generator<number>>, number>>()
expect<Equal<Emitted<Generator<number | undefined, string, unknown>>, number>>()
expect<Equal<Emitted<AsyncGenerator<'a' | 'b'>>, 'a' | 'b'>>()
expect<Equal<Emitted<Observable<Date>>, Date>>()

/* ── Sources ─────────────────────────────────────────────────────────────── */

expect<Equal<Out<ReturnType<typeof sources>[number]>, number>>()
function sources() {
  return [
    pipeline('t').from([1, 2]),
    pipeline('t').from(new Set([1, 2])),
    pipeline('t').from([1, undefined]), // undefined is not an item
    pipeline('t').from(of(1, 2)),
    pipeline('t').from(new Subject<number>(), { overflow: 'drop-oldest' }),
    pipeline('t').from(Promise.resolve(1)),
    pipeline('t').from(function* () {
      yield 1
    }),
    pipeline('t').from(async function* () {
      yield 1
    }),
    pipeline('t').from(
      (async function* () {
        yield 1
      })(),
    ),
  ] as const
}
const lines = pipeline('t').from(Readable.from(['a']))
expect<Equal<typeof lines, Flow<any>>>()
declare const web: ReadableStream<Uint8Array>
const pieces = pipeline('t').from(web)
expect<Equal<Out<typeof pieces>, Uint8Array>>()
// @ts-expect-error a number is no source
pipeline('t').from(3)
// @ts-expect-error there is no such option
pipeline('t').from([1], { overfow: 'wait' })
// @ts-expect-error a pipeline has one source
pipeline('t').from([1]).from([2])

/* ── 01 · map and filter ─────────────────────────────────────────────────── */

const hello = pipeline('hello')
  .from(['mill', 'race'])
  .map(word => word.toUpperCase())
  .map(word => word.length)
expect<Equal<Out<typeof hello>, number>>()
// @ts-expect-error a number has no toUpperCase
hello.map(n => n.toUpperCase())

const waited = hello.map(async n => (n > 3 ? { n } : undefined))
expect<Equal<Out<typeof waited>, { n: number }>>()
const isText = (value: string | number): value is string => typeof value === 'string'
const texts = pipeline('t').from([1, 'a']).filter(isText)
expect<Equal<Out<typeof texts>, string>>()
const high = hello.filter(n => n > 3)
expect<Equal<Out<typeof high>, number>>()
// @ts-expect-error a filter answers yes or no
hello.filter(n => n)

/* ── 02 · Where a stage runs ─────────────────────────────────────────────── */

const hash = defineActor('hash', import.meta, async (path: string) => {
  return { path, digest: createHash('sha256').update(path).digest('hex') }
})
expect<Equal<typeof hash, Actor<string, { path: string; digest: string }, Home>>>()
const hashed = pipeline('t').from(['a']).stage('hash', hash, { workers: 8, on: 'threads' })
const limited = {
  heapMB: 64,
  maxMessageBytes: 1 << 20,
  startTimeout: 5_000,
  env: { A: '1' },
  execArgv: ['--no-warnings'],
}
pipeline('t').from(['a']).stage('hash', hash, { on: 'processes', resources: limited })
const paths = pipeline('t').from(['a'])
// @ts-expect-error it has no such resource
paths.stage('hash', hash, { on: 'processes', resources: { heapMb: 64 } })
expect<Equal<Out<typeof hashed>, { path: string; digest: string }>>()
pipeline('t')
  .from(['a'])
  .stage('hash', hash, { on: 'processes', workers: { threads: 2, processes: 2 } })
  .stage('print', ({ digest, path }) => console.log(digest, path))
const stayAtHome = defineActor('double', (n: number) => n * 2)
expect<Equal<typeof stayAtHome, Actor<number, number, undefined>>>()
// @ts-expect-error a closure cannot travel to a thread
numbers.stage('double', n => n * 2, { on: 'threads' })
// @ts-expect-error what a worker elsewhere gets is nothing for a closure
numbers.stage('double', n => n * 2, { resources: { heapMB: 64 } })
// @ts-expect-error a closure has nobody on threads
numbers.stage('double', n => n * 2, { workers: { threads: 2 } })
// @ts-expect-error nor has an actor without a home
numbers.stage('double', stayAtHome, { on: 'threads' })
// @ts-expect-error nor a behaviour that is written in place
numbers.stage('double', { receive: n => n * 2 }, { on: 'threads' })
// @ts-expect-error hash takes paths, not numbers
numbers.stage('hash', hash)
// @ts-expect-error there is no such place
pipeline('t').from(['a']).stage('hash', hash, { on: 'thread' })
// @ts-expect-error there is no such option
pipeline('t').from(['a']).stage('hash', hash, { worker: 2 })

/* ── Handlers ────────────────────────────────────────────────────────────── */

const synchronous = numbers.stage('s', n => (n > 1 ? `${n}` : undefined))
expect<Equal<Out<typeof synchronous>, string>>()
const asynchronous = numbers.stage('s', async n => `${n}`)
expect<Equal<Out<typeof asynchronous>, string>>()
const expanded = numbers.stage('s', function* (n) {
  yield `${n}`
})
expect<Equal<Out<typeof expanded>, string>>()
const streamed = numbers.stage('s', async function* (n) {
  yield `${n}`
})
expect<Equal<Out<typeof streamed>, string>>()
const observed = numbers.stage('s', n => of(`${n}`))
expect<Equal<Out<typeof observed>, string>>()
const silent = numbers.stage('s', () => {})
expect<Equal<Out<typeof silent>, never>>()
const folded = numbers.stage('s', {
  start: () => ({ sum: 0 }),
  receive(n, state) {
    state.sum += n
  },
  flush: ({ sum }) => sum,
})
expect<Equal<Out<typeof folded>, number>>()
const operated = numbers.pipe(
  scan((sum, n) => sum + n, 0),
  map(sum => `${sum}`),
)
expect<Equal<Out<typeof operated>, string>>()
numbers.stage('s', (_, { sequence, attempt, key, signal, resources }) => {
  expect<Equal<typeof sequence, number>>()
  expect<Equal<typeof attempt, number>>()
  expect<Equal<typeof key, string | number | undefined>>()
  expect<Equal<typeof signal, AbortSignal>>()
  expect<Equal<typeof resources, undefined>>()
})

/* ── 03 · Keys, state, resources, whole streams ──────────────────────────── */

interface Payment {
  account: string
  cents: number
}
const payments = new Subject<Payment>()

const ledger = defineActor('ledger', import.meta, {
  start: () => ({ balance: 0 }),
  receive({ account, cents }: Payment, state) {
    state.balance += cents
    return { account, balance: state.balance }
  },
})
const paid = pipeline('bank').from(payments)
const posted = paid.stage('post', ledger, { workers: 16, key: 'account', on: 'threads' })
expect<Equal<Out<typeof posted>, { account: string; balance: number }>>()
pipeline('t')
  .from(payments)
  .stage('post', ledger, { key: ({ account }) => account })
// @ts-expect-error there is no such property to be the key
paid.stage('post', ledger, { key: 'acount' })
// @ts-expect-error a key is a string or a number
paid.stage('post', ledger, { key: payment => payment })

// a fold that speaks only at the end
const total = defineActor('total', import.meta, {
  start: () => ({ cents: 0 }),
  receive({ cents }: Payment, sum) {
    sum.cents += cents
  },
  flush: sum => sum,
})
const totals = pipeline('t').from(payments).stage('total', total)
expect<Equal<Out<typeof totals>, { cents: number }>>()

// resources of a worker
const query = defineActor('query', import.meta, {
  setup: async () => ({ find: (id: number) => `row ${id}` }),
  receive: (id: number, _state, { resources }) => resources.find(id),
  stop: ({ find }) => void find(0),
})
const rows = pipeline('t').from([1, 2]).stage('query', query, { workers: 4, on: 'threads' })
expect<Equal<Out<typeof rows>, string>>()

// a body over the whole stream
const pairs = defineActor('pairs', import.meta, {
  stream: async function* (items: AsyncIterable<number>) {
    let last: number | undefined
    for await (const n of items) {
      if (last !== undefined) yield [last, n] as const
      last = n
    }
  },
})
const paired = pipeline('t').from([1, 2, 3]).stage('pairs', pairs)
expect<Equal<Out<typeof paired>, readonly [number, number]>>()

// an argument, which `start`, `setup` or `stream` asks for
const above = defineActor('above', import.meta, {
  start: (least: number) => ({ least }),
  receive: (n: number, { least }) => (n > least ? n : undefined),
})
expect<Equal<typeof above, Unstarted<number, number, number, Home>>>()
const aboveFive = numbers.stage('above', above.with(5), { on: 'threads' })
expect<Equal<Out<typeof aboveFive>, number>>()
// @ts-expect-error it wants its argument
numbers.stage('above', above)
// @ts-expect-error which is a number
above.with('five')

/* ── 04 · Nesting ────────────────────────────────────────────────────────── */

type Jpeg = { name: string; bytes: Uint8Array }
expect<Equal<typeof thumbnail, Pipeline<Jpeg, Jpeg, Home>>>()
const pictures: AsyncIterable<Jpeg> = (async function* () {})()
const gallery = pipeline('gallery')
  .from(pictures)
  .stage('thumbnails', thumbnail, { workers: 4, on: 'threads' })
  .stage('batch', batch({ size: 100, within: 1_000 }))
  .stage('save', async (_jpegs: Jpeg[]) => {})
expect<Equal<Out<typeof gallery>, never>>()
const batched = numbers.stage('batch', batch({ size: 3 }), { on: 'threads' })
expect<Equal<Out<typeof batched>, number[]>>()
// @ts-expect-error thumbnail takes pictures
numbers.stage('thumbnails', thumbnail)
// @ts-expect-error its input is already connected
numbers.stage('inner', pipeline('inner').from([1]))
// @ts-expect-error an open pipeline without a home stays in this process
numbers.stage('inner', pipeline<number>('inner'), { on: 'threads' })

/* ── 05 · Failures ───────────────────────────────────────────────────────── */

const checkout = pipeline('checkout')
  .from(orders)
  .stage('charge', charge, {
    workers: 8,
    timeout: 5_000,
    retry: { attempts: 3, backoff: exponential({ from: 100, to: 2_000 }) },
    onFailure: ({ error, item, sequence }) =>
      error instanceof RangeError && sequence > item.cents ? 'skip' : 'restart',
  })
  .supervise({ strategy: 'one-for-one', maxRestarts: 5, within: 10_000, grace: 15_000 })
expect<Equal<Out<typeof checkout>, Receipt>>()
// @ts-expect-error there is no such policy
pipeline('t').from(orders).stage('charge', charge, { onFailure: 'ignore' })
// @ts-expect-error nor such a strategy
checkout.supervise({ strategy: 'all-for-one' })
// @ts-expect-error nor such an option
checkout.supervise({ maxRestart: 3 })

/* ── Running ─────────────────────────────────────────────────────────────── */

export async function runs() {
  const run = hello.run()
  expect<Equal<typeof run, Running<never, number>>>()
  expect<Equal<typeof run.output, Observable<number>>>()
  // @ts-expect-error its input is already connected
  await run.send(3)
  for await (const n of run) expect<Equal<typeof n, number>>()
  await run.consume(async n => void expect<Equal<typeof n, number>>(), { concurrency: 4 })
  const { received, unfinished } = await run.done
  expect<Equal<typeof received | typeof unfinished, number>>()

  const one = thumbnail.run({ clock: manualClock(), signal: AbortSignal.timeout(1_000) })
  await one.send({ name: 'a', bytes: new Uint8Array() })
  // @ts-expect-error an open pipeline still takes only what it says
  await one.send(3)
  const answers = await one.ask({ name: 'a', bytes: new Uint8Array() }, { timeout: 100 })
  expect<Equal<typeof answers, Jpeg[]>>()
  // @ts-expect-error there is no such option
  thumbnail.run({ inflight: 3 })
  expect<Equal<ReturnType<typeof manualClock>, ManualClock>>()
}
