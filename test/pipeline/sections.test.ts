/** Neighbouring stages on threads, as seen from outside: what they do without this event loop, and how they end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GraceExceeded, WorkerDied } from '../../src/errors.ts'
import type { PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { patient, same } from '../contract/actors.ts'
import { counted } from '../contract/counted.ts'
import { exiting, looping, times } from '../contract/deadly.ts'
import { program } from '../support/program.ts'
import { upTo } from '../support/take.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const sections = suite('neighbouring stages on threads')

sections('go on with what has come in, while this thread does something else', async () => {
  const memory = new SharedArrayBuffer(4)
  const counts = new Int32Array(memory)
  const run = pipeline('p')
    .from(upTo(20_000))
    .stage('a', same, { on: 'threads', capacity: 4_096 })
    .stage('b', (counted as any).with(memory), { on: 'threads' as any, capacity: 4_096 })
    .stage('c', same, { on: 'threads', capacity: 4_096 })
    .run()
  let results = 0
  run.output.subscribe(() => results++)
  // All of them have begun, which takes this thread; and the first is ahead.
  await until(() => results > 100 && run.snapshot().stages[1]!.queued >= 2_000, 'a backlog')
  const before = Atomics.load(counts, 0)
  // Nothing of this thread runs for a while: no message is read or sent.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  const meanwhile = Atomics.load(counts, 0) - before
  // At least as many frames as the table behind has slots, and that before this thread; what is handed out is some 50 items.
  assert.ok(meanwhile >= 100, `only ${meanwhile} items were handled meanwhile`)
  await within(20_000, run.done)
  assert.equal([results, Atomics.load(counts, 0)], [20_000, 20_000])
})

sections('bound what their source is asked for, whoever reads and however late', async () => {
  for (const capacity of [64, 100, 1_024]) {
    let asked = 0
    const source = function* () {
      for (let n = 0; n < 50_000; n++) {
        asked++
        yield n
      }
    }
    const run = pipeline('p')
      .from(source())
      .stage('a', same, { on: 'threads', capacity })
      .stage('b', patient as any, { on: 'threads' as any, capacity })
      .run()
    run.output.subscribe({ error() {} })
    let since = performance.now()
    let last = 0
    await until(() => {
      if (asked !== last || asked <= capacity) since = performance.now()
      last = asked
      return performance.now() - since > 200
    }, 'a standstill')
    const [a, b] = run.snapshot().stages
    // Two channels, what is in hand behind the second, and a frame in the first's.
    assert.ok(a!.queued <= capacity + 1 && b!.queued <= capacity + 1, `${a!.queued} and ${b!.queued} of ${capacity}`)
    assert.ok(asked <= 2 * (capacity + 1) + b!.received, `${asked} of ${capacity}`)
    await within(20_000, run.stop({ grace: 600 }))
  }
})

sections('ask for no more than their channels hold, of a reader that takes its time', async () => {
  for (const capacity of [64, 100]) {
    let asked = 0
    const source = function* () {
      for (;;) yield asked++
    }
    const run = pipeline('p')
      .from(source())
      .stage('a', same, { on: 'threads', capacity })
      .stage('b', same, { on: 'threads', capacity })
      .run()
    let read = 0
    for await (const n of run) {
      assert.is(n, read++)
      await new Promise(resolve => setImmediate(resolve))
      // The channel of results has the default capacity; in each stage there is a frame in hand besides.
      const most = 2 * (capacity + 1) + 1_024 + 1 + 2 * (capacity >> 2)
      assert.ok(asked - read <= most, `${asked - read} are under way, of ${most}`)
      if (read === 3_000) break
    }
    await within(20_000, run.done)
  }
})

sections('say that a worker died, and that another has come', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace '))
  try {
    const log = join(folder, 'log')
    writeFileSync(log, '')
    const run = pipeline('p')
      .from(upTo(300))
      .stage('a', same, { on: 'threads' })
      .stage('b', (exiting as any).with({ log, deadly: 70, most: 2, code: 5 }), { on: 'threads' as any, workers: 2 })
      .run()
    const events: PipelineEvent[] = []
    const results: unknown[] = []
    run.events.subscribe(event => events.push(event))
    run.output.subscribe(result => results.push(result))
    const summary = await within(20_000, run.done)
    assert.equal(results, upTo(300))
    assert.equal([summary.restarts, run.snapshot().stages.map(({ restarts }) => restarts)], [2, [0, 2]])
    assert.is(times(log, 'called'), 3)
    const own = events.filter(({ type }) => type.startsWith('worker.')) as any[]
    // Of each worker: it fails, then it is another.
    for (const each of [0, 1]) {
      const types = own.filter(({ stage, worker }) => stage === 'b' && worker === each).map(({ type }) => type)
      assert.equal(
        types,
        upTo(types.length).map(n => (n % 2 ? 'worker.restarted' : 'worker.failed')),
      )
    }
    // The run may end before the last of them is there.
    assert.is(own.filter(({ type }) => type === 'worker.failed').length, 2)
    for (const { error } of own.filter(({ error }) => error)) {
      assert.instance(error, WorkerDied)
      assert.is(error.exitCode, 5)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

sections('are ended within the grace period, whatever a handler does', async () => {
  const run = pipeline('p')
    .from(upTo(1_000))
    .stage('a', same, { on: 'threads' })
    .stage('b', looping, { on: 'threads' })
    .run()
  const seen: unknown[] = []
  run.output.subscribe({ next: n => seen.push(n), error() {} })
  await until(() => run.snapshot().stages[1]!.received > 2, 'the loop')
  const ended: any = await within(
    10_000,
    run.stop({ grace: 1_500 }).catch(error => error),
  )
  assert.not.instance(ended, GraceExceeded)
  assert.is(ended.unfinished, ended.received - ended.emitted)
  assert.equal(
    process.getActiveResourcesInfo().filter(each => each === 'Worker'),
    [],
  )
})

const actors = new URL('../contract/actors.js', import.meta.url).href

sections('let a program end that has its results', async () => {
  const { code, stdout, stderr } = await program(`
    import { same, busy } from ${JSON.stringify(actors)}
    const run = pipeline('p')
      .from(Array.from({ length: 3000 }, (_, n) => n))
      .stage('a', same, { on: 'threads' })
      .stage('b', busy.with(20), { on: 'threads', workers: 2 })
      .run()
    let results = 0
    run.output.subscribe(() => results++)
    const { emitted } = await run.done
    console.log('done', results, emitted)
  `)
  assert.is(code, 0, stderr)
  assert.match(stdout, /^done 3000 3000\n/)
})

sections('keep a program alive as long as something is under way', async () => {
  const { code, stdout, stderr } = await program(`
    import { hundred, same } from ${JSON.stringify(new URL('../contract/counted.js', import.meta.url).href)}
    pipeline('p')
      .from([1, 2, 3])
      .stage('a', same, { on: 'threads' })
      .stage('b', hundred, { on: 'threads' })
      .run()
      .output.subscribe({ next: n => console.log(n), complete: () => console.log('complete') })
  `)
  assert.is(code, 0, stderr)
  assert.match(stdout, /^1\n2\n3\ncomplete\n/)
})

sections('keep no program alive that waits for nothing but a source', async () => {
  const sources = [
    'async function* () { yield 1; await new Promise(() => {}) }()',
    '{ subscribe: to => { to.next(1); return { unsubscribe() {} } }, [Symbol.observable ?? "@@observable"]() { return this } }',
  ]
  for (const source of sources) {
    const { code, stdout, stderr } = await program(`
      import { same } from ${JSON.stringify(actors)}
      pipeline('p')
        .from(${source})
        .stage('a', same, { on: 'threads' })
        .stage('b', same, { on: 'threads' })
        .run()
        .output.subscribe(n => console.log('result', n))
    `)
    assert.is(code, 0, `${source}: ${stdout}${stderr}`)
    assert.match(stdout, /^result 1\n/)
  }
})

sections.run()
