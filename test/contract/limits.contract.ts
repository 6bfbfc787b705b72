/**
 * What a worker elsewhere gets, and what becomes of one that needs more: memory, messages, time to start and to end.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allocate,
  defineActor,
  GraceExceeded,
  Inactive,
  ItemTooLarge,
  pipeline,
  StageFailed,
  WorkerDied,
  WorkerNotReady,
} from '../../src/index.ts'
import { failureOf } from '../support/failure.ts'
import { until } from '../support/turns.ts'
import { patiently, within } from '../support/within.ts'
import * as burdens from './burdens.ts'
import { times } from './deadly.ts'
import { alive, led } from './isolation.contract.ts'

const moduleOf = (name: string) => new URL(`./modules/${name}.js`, import.meta.url).href
/** An actor of a module that this process has not loaded. */
const actorIn = (name: string, on: string) =>
  defineActor(`actor in ${name} on ${on}`, { url: moduleOf(name) }, (n: number) => n)

export function limits(on: 'threads' | 'processes'): void {
  const workers = suite(`a worker on ${on}, with its limits,`)
  const before = alive()
  let log = ''
  let folder = ''
  workers.before.each(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace '))
    log = join(folder, 'log')
    writeFileSync(log, '')
  })
  workers.after.each(() => rmSync(folder, { recursive: true }))

  /* ── what it gets ──────────────────────────────────────────────────────── */

  workers('has the heap, the environment and the flags that its stage says', async () => {
    const env = { MILLRACE_TEST: 'said' }
    const resources = { heapMB: 64, env, execArgv: ['--no-warnings'] }
    const { results } = await led(on, ['MILLRACE_TEST'], burdens.quarters, { resources })
    const [{ heapMB, variable, path, flags }] = results
    // V8 adds its young generation.
    assert.ok(heapMB >= 64 && heapMB < 200, `heap of ${heapMB} MB`)
    assert.equal([variable, path], ['said', process.env.PATH])
    assert.ok(flags.includes('--no-warnings'))
    const [plain] = (await led(on, ['MILLRACE_TEST'], burdens.quarters)).results
    assert.ok(plain.heapMB > 200)
    assert.is(plain.variable, undefined)
  })

  workers('dies alone where it needs more heap than it has, and costs no other item', async () => {
    const how = { resources: { heapMB: 32 }, retry: { deaths: 1 }, onFailure: 'skip' }
    const { results, letters, summary } = await led(on, [0, 1, 2], burdens.greedy, how)
    assert.equal([results, letters.map(({ item }) => item)], [[0, 2], [1]])
    assert.instance(letters[0]!.error, WorkerDied)
    assert.is(summary.restarts, 1)
  })

  /* ── what it is sent ───────────────────────────────────────────────────── */

  const small = { resources: { maxMessageBytes: 100_000 }, onFailure: 'skip' }

  workers('is not sent an item that is too large: that fails, with its size, its limit, and where', async () => {
    for (const actor of [burdens.lengths, burdens.lengthStream]) {
      const items = ['a', 'b'.repeat(150_000), 'c'.repeat(90_000)]
      const { results, letters, summary } = await led(on, items, actor, small)
      assert.equal([results.at(-1), summary.restarts], [90_000, 0])
      const { error, sequence } = letters[0] as any
      assert.instance(error, ItemTooLarge)
      assert.equal([sequence, error.sequence, error.limit, error.code], [1, 1, 100_000, 'ERR_ITEM_TOO_LARGE'])
      assert.ok(error.bytes > 150_000 && error.bytes < 151_000, `${error.bytes} bytes`)
      assert.match(error.message, /^item 1 of p\/s takes 150\d\d\d bytes on its way to its worker, and may take 100000/)
    }
  })

  workers('does not send what is too large: the item that led to it fails', async () => {
    for (const [actor, how] of [
      [burdens.text, {}],
      [burdens.texts, {}],
      [burdens.texts, { emit: 'streaming' }],
      [burdens.textStream, {}],
    ] as const) {
      const { results, letters, summary } = await led(on, [1, 150_000, 2], actor, { ...small, ...how })
      assert.equal([results.at(-1), summary.restarts, letters.length], ['xx', 0, 1], actor.name)
      const { error, sequence } = letters[0] as any
      assert.instance(error, ItemTooLarge)
      assert.equal([sequence, error.sequence], [1, 1])
      assert.match(error.message, /^what came of item 1 of p\/s takes 150\d\d\d bytes on its way back from its worker/)
    }
  })

  workers('gets, and gives, several items that only together are too large', async () => {
    const items = Array.from({ length: 40 }, (_, n) => 30_000 + n)
    const { results } = await led(on, items, burdens.text, { ...small, concurrency: 16 })
    assert.equal(
      results.map(({ length }) => length),
      items,
    )
    const texts = items.map(length => 'x'.repeat(length))
    assert.equal((await led(on, texts, burdens.lengths, { ...small, concurrency: 16 })).results, items)
  })

  workers('gets an item that is large and no larger than it may be', async () => {
    const megabytes = 2 ** 20
    const { results } = await led(on, [Buffer.alloc(60 * megabytes), 'x'.repeat(60 * megabytes)], burdens.lengths)
    assert.equal(results, [60 * megabytes, 60 * megabytes])
    const { error } = await led(on, [Buffer.alloc(65 * megabytes)], burdens.lengths)
    assert.is(error.cause.code, 'ERR_ITEM_TOO_LARGE')
    const resources = { maxMessageBytes: 200 * megabytes }
    const more = await led(on, [150 * megabytes], burdens.text, { resources })
    assert.is(more.results[0].length, 150 * megabytes)
  })

  workers('counts a large value by its bytes, wherever they lie and however they travel', async () => {
    const resources = { maxMessageBytes: 170_000 }
    const values = [140_000, 180_000, 150_000]
    for (const make of [Buffer.alloc, allocate, (bytes: number) => new Uint8Array(allocate(bytes).buffer, 0, bytes)]) {
      if (make !== Buffer.alloc && make !== allocate && on === 'processes') continue // such memory stays in its process
      const { results, letters } = await led(
        on,
        values.map(bytes => make(bytes)),
        burdens.lengths,
        { resources, onFailure: 'skip' },
      )
      assert.equal(results, [140_000, 150_000])
      const error: any = letters[0]!.error
      assert.instance(error, ItemTooLarge)
      assert.ok(error.bytes >= 180_000 && error.bytes < 181_000, `${error.bytes} bytes`)
    }
    const back = await led(on, values, burdens.buffers, { resources, onFailure: 'skip' })
    assert.equal([back.results.map(({ length }) => length), back.letters.length], [[140_000, 150_000], 1])
    assert.instance(back.letters[0]!.error, ItemTooLarge)
  })

  workers('tells an error without what is too large on it', async () => {
    const { letters } = await led(on, [150_000], burdens.burdened, small)
    assert.equal([(letters[0]!.error as any).message, letters[0]!.error instanceof RangeError], ['burdened', true])
  })

  /* ── how long it may take ──────────────────────────────────────────────── */

  const stuck = ['looping', 'waiting', ...(on === 'processes' ? ['stopped'] : [])].map(name => [
    name,
    actorIn(name, on),
  ])
  stuck.push(['deadly', burdens.neverSetUp])

  for (const [name, actor] of stuck as [string, any][]) {
    const what = name === 'deadly' ? 'whose `setup` never ends' : `whose module is ${name}`

    workers(`${what} is ended when its time to start is over, and the error says where`, async () => {
      const began = performance.now()
      const { error } = await led(on, [1], actor, { resources: { startTimeout: 1_500 } })
      assert.instance(error, StageFailed)
      assert.instance(error.cause, WorkerNotReady)
      assert.match(error.cause.message, /^worker p\/s#0 was not ready within 1500 ms: file:.*\.js does not load/)
      assert.ok(performance.now() - began < patiently(6_000))
      await until(() => alive() === before, 'the end of all workers')
    })

    workers(`${what} is ended with its pipeline, within the grace period`, async () => {
      const run = (pipeline('p').from([1]) as any).stage('s', actor, { on }).run()
      run.output.subscribe({ error() {} })
      await new Promise(resolve => setTimeout(resolve, 300))
      const summary: any = await within(
        10_000,
        run.stop({ grace: patiently(900) }).catch((error: unknown) => ({ error })),
      )
      assert.not.instance(summary.error, GraceExceeded)
      await until(() => alive() === before, 'the end of all workers')
    })
  }

  const frozenRun = async (policy: object) => {
    const run = (pipeline('p') as any)
      .stage('s', (burdens.frozen as any).with(log), { on })
      .supervise(policy)
      .run()
    const results: number[] = []
    run.output.subscribe({ next: (n: number) => results.push(n), error() {} })
    await within(10_000, run.send(1))
    await until(() => results.length === 1 && times(log, 'frozen') === 1, 'the worker to freeze')
    return run
  }

  workers('that is heard of no more, with nothing in hand, holds up no teardown', async () => {
    const run = await frozenRun({})
    const began = performance.now()
    const summary: any = await within(10_000, run.stop({ grace: patiently(1_500) }))
    assert.equal([summary.emitted, summary.unfinished], [1, 0])
    assert.ok(performance.now() - began < patiently(1_900))
    await until(() => alive() === before, 'the end of all workers')
  })

  workers('that is heard of no more is named by `inactivity`, with the item that it was handed since', async () => {
    const run = await frozenRun({ inactivity: 400, grace: 1_500 })
    await run.send(2)
    const error: any = await within(10_000, failureOf(run.done))
    assert.instance(error, Inactive)
    assert.match(error.message, /p\/s#0 item 1/)
    await until(() => alive() === before, 'the end of all workers')
  })

  workers('that is heard of no more does not keep a pipeline from its end: that says so', async () => {
    const run = await frozenRun({ grace: 1_200 })
    run.end()
    const error: any = await within(10_000, failureOf(run.done))
    assert.instance(error, StageFailed)
    assert.instance(error.cause, WorkerDied)
    assert.match(error.cause.message, /^worker p\/s#0 died \(ended from here/)
    await until(() => alive() === before, 'the end of all workers')
  })

  workers.run()
}
