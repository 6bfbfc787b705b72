import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GraceExceeded, StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { failureOf, thrownBy } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { pass } from '../support/pass.ts'
import { all, endless, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const never = () => new Promise<never>(() => {})

const stopping = suite('stop()')

stopping('takes no more, finishes what is in hand, and resolves with the summary', async () => {
  const counted = endless()
  const run = pipeline('p')
    .from(counted.source)
    .stage('s', async (n: number) => n, { concurrency: 4 })
    .run()
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  await turns(5)
  const summary = await within(2_000, run.stop())
  assert.equal(results, upTo(counted.pulled))
  assert.equal([summary.received, summary.emitted, summary.unfinished], [counted.pulled, counted.pulled, 0])
  assert.is(counted.returned, 1)
})

stopping('flushes what actors have gathered', async () => {
  const run = pipeline('p')
    .from(endless().source)
    .stage('count', {
      start: () => ({ count: 0 }),
      receive: (_: number, state) => void state.count++,
      flush: state => state.count,
    })
    .run()
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  await turns(3)
  const summary = await within(2_000, run.stop())
  assert.equal(results, [summary.received])
})

stopping('twice, or after the end, gives the same summary', async () => {
  const run = pipeline('p').from([1, 2]).run()
  run.output.subscribe()
  const [first, second] = await within(1_000, Promise.all([run.stop(), run.stop()]))
  assert.is(first, second)
  assert.is(await run.stop(), await run.done)
})

stopping('loses no item of an async source: the one that was asked for is waited for', async () => {
  let given = 0
  const run = pipeline('p')
    .from(async function* () {
      for (;;) {
        await turn()
        yield given++
      }
    })
    .run()
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  await until(() => given > 5, 'some items')
  const summary = await within(2_000, run.stop())
  assert.equal(results, upTo(given))
  assert.is(summary.received, given)
})

stopping(
  'waits for an async source that has nothing to give for a fifteenth of the grace period, at most 1 s',
  async () => {
    for (const [grace, patience] of [
      [15_000, 1_000],
      [60_000, 1_000],
      [1_500, 100],
    ] as const) {
      const clock = manualClock()
      const idle = { [Symbol.asyncIterator]: () => ({ next: never }) }
      const run = pipeline('p')
        .from(idle as AsyncIterable<number>)
        .run({ clock, grace })
      run.output.subscribe()
      await turns(3)
      let isOver = false
      const stopped = run.stop().then(() => (isOver = true))
      await pass(clock, patience - 1, patience)
      assert.is(isOver, false)
      await pass(clock, 1)
      await within(1_000, stopped)
      assert.is(clock.pending, 0)
    }
  },
)

stopping('ends a Node stream and a web stream at once, also when nothing comes', async () => {
  const readable = new Readable({ objectMode: true, read() {} })
  readable.push(1)
  let cancelled = 0
  const web = new ReadableStream<number>({
    start: controller => controller.enqueue(1),
    cancel: () => void cancelled++,
  })
  for (const source of [readable, web as unknown as AsyncIterable<number>]) {
    const run = pipeline('p')
      .from(source as AsyncIterable<number>)
      .run()
    const results: number[] = []
    run.output.subscribe(n => results.push(n))
    await until(() => results.length === 1, 'the first item')
    await within(500, run.stop())
  }
  await turns()
  assert.is(readable.destroyed, true)
  assert.is(cancelled, 1)
})

stopping('tells handlers after twelve fifteenths of the grace period; who honours that is unfinished', async () => {
  const clock = manualClock()
  let reason: any
  const run = pipeline('p')
    .from(upTo(5))
    .stage(
      's',
      async (n: number, { signal }) => {
        if (n < 2) return n
        await aborted(signal)
        reason = signal.reason
        return n
      },
      { concurrency: 3 },
    )
    .run({ clock })
  run.output.subscribe()
  await turns()
  const stopped = run.stop({ grace: 1_500 })
  await pass(clock, 1_199)
  assert.is(reason, undefined)
  await pass(clock, 1)
  const summary = await within(1_000, stopped)
  assert.is(reason.name, 'RunEnded')
  assert.equal([summary.received, summary.emitted, summary.unfinished], [5, 2, 3])
  assert.is(clock.pending, 0)
})

stopping('names at the end of the grace period who ignores the signal', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from(upTo(9))
    .stage('good', (n: number) => n)
    .stage('bad', (n: number) => (n < 2 ? n : never()), { workers: 2, concurrency: 2 })
    .run({ clock })
  run.output.subscribe()
  await turns()
  const failed = failureOf(run.stop())
  await pass(clock, 15_000, 1_000)
  const error = await failed
  assert.instance(error, GraceExceeded)
  assert.equal(
    error.abandoned.map((name: string) => name.replace(/#\d/, '')).sort(),
    upTo(4).map(n => `p/bad item ${n + 2}`),
  )
  assert.match(error.message, 'p did not end within its grace period of 15000 ms; abandoned: p/bad#')
  assert.is(clock.pending, 0)
})

stopping('names a consumer that does not come back, too', async () => {
  const clock = manualClock()
  const run = pipeline('p').from(upTo(3)).run({ clock })
  void run.consume(never)
  await turns()
  const failed = failureOf(run.stop({ grace: 100 }))
  await pass(clock, 100)
  assert.equal((await failed).abandoned, ['p/output item 0'])
})

stopping('names workers that cannot be set up, or stopped', async () => {
  const bodies = { setup: { setup: never }, stop: { setup: () => 1, stop: never } }
  for (const [what, hooks] of Object.entries(bodies)) {
    const clock = manualClock()
    const run = pipeline('p')
      .from([1])
      .stage('s', { ...hooks, receive: (n: number) => n } as any)
      .run({ clock })
    run.output.subscribe()
    await turns()
    const failed = failureOf(run.stop({ grace: 100 }))
    await pass(clock, 100)
    assert.equal((await failed).abandoned, ['p/s setup or stop'], what)
  }
})

stopping('said again with another grace hurries', async () => {
  const clock = manualClock()
  const run = pipeline('p').from([1]).stage('s', never).run({ clock })
  run.output.subscribe()
  await turns()
  const failed = failureOf(run.stop())
  await pass(clock, 5_000, 1_000)
  void run.stop()
  void run.stop({ grace: 100 }).catch(() => {})
  await pass(clock, 100, 20)
  assert.match((await failed).message, 'grace period of 100 ms')
  const late = pipeline('p').from([1]).stage('s', never).run({ clock })
  late.output.subscribe()
  await turns()
  const ended = failureOf(late.stop())
  await pass(clock, 13_000, 1_000)
  void late.stop({ grace: 0 }).catch(() => {})
  await pass(clock, 1)
  assert.instance(await ended, GraceExceeded)
  assert.is(clock.pending, 0)
})

stopping('has one deadline for all: a failure, or an abort, on the way does not begin anew', async () => {
  const clock = manualClock()
  const controller = new AbortController()
  const held = gate()
  const run = pipeline('p')
    .from([0, 1])
    .stage(
      's',
      async (n: number) => {
        if (n === 1) return never()
        await held.promise
        throw new Error('no')
      },
      { concurrency: 2 },
    )
    .run({ clock, signal: controller.signal })
  run.output.subscribe()
  await turns()
  const failed = failureOf(run.stop())
  await pass(clock, 10_000, 1_000)
  held.open()
  await pass(clock, 2_000, 1_000)
  controller.abort('away')
  await pass(clock, 2_999, 1_000)
  let isOver = false
  void failed.then(() => (isOver = true))
  await turns()
  assert.is(isOver, false)
  await pass(clock, 1)
  assert.equal((await failed).abandoned, ['p/s#0 item 1'])
})

stopping('with no grace ends at once', async () => {
  const run = pipeline('p').from([1]).stage('s', never).run()
  run.output.subscribe()
  await turns()
  assert.instance(await failureOf(run.stop({ grace: 0 }), 500), GraceExceeded)
})

stopping('with endless grace drains for ever', async () => {
  const clock = manualClock()
  const held = gate()
  const run = pipeline('p')
    .from([1])
    .stage('s', (n: number) => held.promise.then(() => n))
    .run({ clock })
  const results = all(run)
  await turns()
  const stopped = run.stop({ grace: Infinity })
  clock.advance(1e9)
  await turns()
  held.open()
  assert.equal(await results, [1])
  assert.is((await within(1_000, stopped)).unfinished, 0)
})

stopping('has the grace of its run, or of its pipeline', async () => {
  const stuck = pipeline('p').from([1]).stage('s', never)
  const runs = [
    [stuck.supervise({ grace: 300 }), {}, 300],
    [stuck.supervise({ grace: 300 }), { grace: 200 }, 200],
  ] as const
  for (const [made, options, grace] of runs) {
    const clock = manualClock()
    const run = made.run({ ...options, clock })
    run.output.subscribe()
    await turns()
    const failed = failureOf(run.stop())
    await pass(clock, grace)
    assert.match((await failed).message, `grace period of ${grace} ms`)
  }
})

stopping('rejects with a failure on the way', async () => {
  const held = gate()
  const run = pipeline('p')
    .from([1])
    .stage('s', async () => {
      await held.promise
      throw new Error('no')
    })
    .run()
  run.output.subscribe()
  await turns()
  const failed = failureOf(run.stop())
  held.open()
  assert.instance(await failed, StageFailed)
})

stopping('says at once what is wrong with its options', () => {
  const run = pipeline('p').from([1]).run()
  run.output.subscribe()
  const stop = run.stop.bind(run) as (...args: any[]) => unknown
  assert.is(
    thrownBy(() => stop({ grace: '5' })).message,
    '`grace` must be milliseconds from 0, got "5" (string): write it without quotes, 5, in p: stop',
  )
  assert.match(thrownBy(() => stop({ grase: 5 })).message, 'unknown option `grase`: did you mean `grace`?')
})

stopping('ends a failing run within the grace period as well', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from(upTo(5))
    .stage(
      's',
      (n: number) => {
        if (n === 1) return never()
        if (n === 0) throw new Error('zero')
        return n
      },
      { concurrency: 3 },
    )
    .run({ clock })
  run.output.subscribe()
  const failed = failureOf(run.done)
  await pass(clock, 15_000, 1_000)
  const error = await failed
  // The first item had failed before the second was begun.
  assert.instance(error, StageFailed)
  assert.is(clock.pending, 0)
})

stopping.run()

const disposing = suite('await using')

disposing('drains at the end of the block', async () => {
  const counted = endless()
  const run = pipeline('p')
    .from(counted.source)
    .stage('s', async (n: number) => n)
    .run()
  run.output.subscribe()
  await turns(3)
  await within(1_000, run[Symbol.asyncDispose]())
  const summary = await run.done
  assert.equal([summary.received, summary.emitted], [counted.pulled, counted.pulled])
})

disposing('throws a failure that nobody has met yet, and is silent about one that is known', async () => {
  const held = gate()
  const made = pipeline('p')
    .from([1])
    .stage('s', async () => {
      await held.promise
      throw new Error('no')
    })
  const run = made.run()
  run.output.subscribe()
  await turns()
  const disposed = failureOf(run[Symbol.asyncDispose]())
  held.open()
  assert.instance(await disposed, StageFailed)
  const known = made.run()
  known.output.subscribe()
  await failureOf(known.done)
  await within(1_000, known[Symbol.asyncDispose]())
})

disposing.run()
