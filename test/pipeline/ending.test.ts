import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GraceExceeded, Inactive, ItemTimeout, StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { execute } from '../support/execute.ts'
import { failureOf, thrownBy } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, endless, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

/** Moves the clock step by step, with time for everything to happen in between. */
async function pass(clock: ManualClock, millis: number, step = 100): Promise<void> {
  await turns(3)
  for (let passed = 0; passed < millis; passed += step) {
    clock.advance(Math.min(step, millis - passed))
    await turns(3)
  }
}

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

const bodies = suite('a body over the whole stream')

/** A body that waits for its signal with every item, and says what that was. */
function listening(how: { timeout?: number; onFailure?: 'skip' }) {
  const reasons: unknown[] = []
  const clock = manualClock()
  const control = new AbortController()
  const made = pipeline<number>('p').stage(
    's',
    {
      async *stream(items: AsyncIterable<number>, { signal }) {
        for await (const n of items) {
          await aborted(signal)
          reasons.push(signal.reason)
          yield n
        }
      },
    },
    how,
  )
  const run = made.run({ clock, signal: control.signal })
  run.output.subscribe({ error: () => {} })
  run.deadLetters.subscribe()
  return { run, clock, control, reasons }
}

bodies('is told by its signal when the run is aborted', async () => {
  const { run, control, reasons } = listening({})
  await run.send(1)
  await turns()
  const reason = new Error('away')
  control.abort(reason)
  assert.is(await failureOf(run.done), reason)
  await turns()
  assert.equal(reasons, [reason])
})

bodies('is told by its signal when the time of its item is over, and the next has one of its own', async () => {
  const { run, clock, reasons } = listening({ timeout: 50, onFailure: 'skip' })
  for (const n of [1, 2]) {
    await run.send(n)
    await turns()
    clock.advance(50)
    await turns()
    assert.equal(
      reasons.map(reason => reason instanceof ItemTimeout),
      upTo(n).map(() => true),
    )
  }
  assert.is((await within(1_000, run.stop())).deadLetters, 2)
})

bodies.run()

const inactivity = suite('inactivity')

inactivity('fails the run when nothing moves, and says who holds what', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from(upTo(5))
    .stage('s', (n: number) => (n < 2 ? n : never()), { concurrency: 2 })
    .supervise({ inactivity: 1_000, grace: 0 })
    .run({ clock })
  run.output.subscribe()
  let error: any
  run.done.catch(reason => (error = reason))
  await pass(clock, 999, 333)
  assert.is(error, undefined)
  await pass(clock, 1)
  await until(() => error !== undefined, 'the failure')
  assert.instance(error, GraceExceeded)
  assert.instance(error.cause, Inactive)
  assert.is(error.cause.message, 'p has not moved for 1000 ms: p/s#0 item 2, p/s#0 item 3')
})

inactivity('names who holds something, and nobody who waits for room', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage(
      'many',
      function* () {
        yield* upTo(10)
      },
      { emit: 'streaming' },
    )
    .stage('held', (_: number, { signal }) => aborted(signal), { capacity: 2 })
    .supervise({ inactivity: 1_000 })
    .run({ clock })
  run.output.subscribe()
  const failed = failureOf(run.done)
  await pass(clock, 1_000, 500)
  assert.is((await failed).message, 'p has not moved for 1000 ms: p/held#0 item 0')
})

inactivity('rejects with `Inactive` where handlers honour their signal', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', (_: number, { signal }) => aborted(signal))
    .supervise({ inactivity: 1_000 })
    .run({ clock })
  run.output.subscribe()
  const failed = failureOf(run.done)
  await pass(clock, 1_000, 500)
  assert.instance(await failed, Inactive)
  assert.is(clock.pending, 0)
})

inactivity('counts from the last thing that moved', async () => {
  const clock = manualClock()
  const held = gate()
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number, { signal }) => {
        if (n === 1) await Promise.race([held.promise, aborted(signal)])
        return n
      },
      { concurrency: 2 },
    )
    .supervise({ inactivity: 1_000 })
    .run({ clock })
  run.output.subscribe()
  let error: any
  run.done.catch(reason => (error = reason))
  await run.send(1)
  await pass(clock, 900)
  await run.send(2)
  await pass(clock, 999, 333)
  assert.is(error, undefined, 'item 2 came in at 900')
  await pass(clock, 1)
  await until(() => error !== undefined, 'the failure')
  assert.instance(error, Inactive)
})

inactivity('is not meant where items are done that wait for their turn, or lead to nothing', async () => {
  const ways = { alone: { timeout: 60_000 }, 'in a lane': {}, 'with a key': { key: (millis: number) => millis } }
  for (const [way, how] of Object.entries(ways)) {
    const clock = manualClock()
    const made = pipeline('p')
      .from([180, 120, 60])
      .stage(
        's',
        async (millis: number) => {
          await new Promise<void>(resolve => clock.setTimeout(resolve, millis))
          return millis === 180 ? undefined : millis
        },
        { concurrency: 3, ...how },
      )
      .supervise({ inactivity: 100, grace: 0 })
    const { results, error } = await within(5_000, execute(made, { clock }))
    assert.equal([results, error], [[120, 60], undefined], way)
  }
})

inactivity('is not meant where the source is idle, or the reader slow', async () => {
  const idle = manualClock()
  const waiting = pipeline<number>('p')
    .map(n => n)
    .supervise({ inactivity: 100 })
    .run({ clock: idle })
  waiting.output.subscribe()
  await waiting.send(1)
  await pass(idle, 10_000, 50)
  waiting.end()
  await within(1_000, waiting.done)
  assert.is(idle.pending, 0)

  const slow = manualClock()
  const unread = pipeline('p')
    .from(endless().source)
    .stage(
      'streams',
      function* (n: number) {
        for (;;) yield n
      },
      { emit: 'streaming' },
    )
    .supervise({ inactivity: 100 })
    .run({ clock: slow })
  const loop = unread[Symbol.asyncIterator]()
  await loop.next()
  await pass(slow, 10_000, 50)
  await loop.next()
  await within(1_000, loop.return!())
  await within(1_000, unread.done)
})

inactivity.run()

const workers = suite('setup and stop')

/** Notes which workers were set up and stopped. */
function noting(noted: string[], fails: (n: number) => boolean = () => false) {
  let made = 0
  return {
    setup: async () => {
      await turn()
      const id = made++
      noted.push(`+${id}`)
      return id
    },
    receive: async (n: number) => {
      if (fails(n)) throw new Error('no')
      await turn()
      return n
    },
    stop: async (id: number) => {
      await turn()
      noted.push(`-${id}`)
    },
  }
}

const once = ['+0', '+1', '+2', '-0', '-1', '-2']

workers('are called once for each worker, on every orderly way out', async () => {
  const ways: Record<string, (run: any, abort: (reason: unknown) => void) => Promise<unknown>> = {
    'the end of the input': run => run.done,
    'stop()': async run => {
      await turns(5)
      return run.stop()
    },
    'stop() at once': run => run.stop(),
    'leaving the loop': async run => {
      for await (const n of run) if (n === 3) break
    },
    'an aborted signal': async (run, abort) => {
      await turns(5)
      abort('away')
      return failureOf(run.done)
    },
  }
  for (const [way, leave] of Object.entries(ways)) {
    const noted: string[] = []
    const controller = new AbortController()
    const body = noting(noted)
    const run = pipeline('p').from(upTo(30)).stage('s', body, { workers: 3 }).run({ signal: controller.signal })
    if (way !== 'leaving the loop') run.output.subscribe({ error() {} })
    await within(
      2_000,
      leave(run, reason => controller.abort(reason)),
    )
    await run.done.catch(() => {})
    assert.equal(noted.sort(), [...once].sort(), way)
  }
})

workers('are called on a failure, of their own stage or another', async () => {
  for (const failing of ['own', 'before', 'behind', 'source', 'reader'] as const) {
    const noted: string[] = []
    const fails = (place: string) => (n: number) => {
      if (place === failing && n === 5) throw new Error('no')
      return n
    }
    const run = pipeline('p')
      .from(function* () {
        for (const n of upTo(30)) yield fails('source')(n)
      })
      .stage('before', fails('before'))
      .stage(
        's',
        noting(noted, n => failing === 'own' && n === 5),
        { workers: 3 },
      )
      .stage('behind', fails('behind'))
      .run()
    run.output.subscribe(n => void fails('reader')(n))
    await failureOf(run.done)
    assert.equal(noted.sort(), [...once].sort(), failing)
  }
})

workers('gets its resources: what setup gave, by worker', async () => {
  let made = 0
  const run = pipeline('p')
    .from(upTo(10))
    .stage(
      's',
      { setup: () => made++, receive: (n: number, _, { resources }) => turn(`${resources}:${n}`) },
      { workers: 2 },
    )
    .run()
  const results = await all(run)
  assert.is(made, 2)
  assert.equal(
    results.map(text => Number(text.split(':')[1])),
    upTo(10),
  )
  assert.equal(new Set(results.map(text => text.split(':')[0])), new Set(['0', '1']))
})

workers('that cannot be stopped fail the run, unless that has failed before', async () => {
  const body = {
    receive: (n: number) => {
      if (n === 2) throw new Error('two')
      return n
    },
    stop: () => {
      throw new Error('cannot stop')
    },
  }
  const failing = pipeline('p').from([1, 2]).stage('s', body).run()
  failing.output.subscribe()
  const error = await failureOf(failing.done)
  assert.is(error.cause.message, 'two')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['cannot stop'],
  )

  const ending = pipeline('p').from([1]).stage('s', body).run()
  const results: number[] = []
  ending.output.subscribe(n => results.push(n))
  assert.is((await failureOf(ending.done)).message, 'p/s failed: Error: cannot stop')
  assert.equal(results, [1])

  const left = pipeline('p').from([1, 3]).stage('s', body).run()
  for await (const _ of left) break
  await within(1_000, left.done)
})

const halves: Record<string, (no: Error, others: Promise<void>) => unknown> = {
  'throws at once': no => {
    throw no
  },
  'rejects at once': no => Promise.reject(no),
  'rejects when the others are there': async (no, others) => {
    await others
    throw no
  },
}
for (const [how, fail] of Object.entries(halves)) {
  workers(`of which one ${how} in \`setup\` fail the run, once the others have been stopped`, async () => {
    for (const bad of [0, 1, 2]) {
      const no = new Error('no connection')
      const others = gate()
      const stops = gate()
      const noted: string[] = []
      const body = (stage: string, isBad: (id: number) => boolean) => {
        let made = 0
        return {
          setup: () => {
            const id = made++
            if (isBad(id)) return fail(no, others.promise)
            noted.push(`+${stage}${id}`)
            if (noted.length === 4) others.open()
            // One that takes its time is stopped as well.
            return id === 2 ? turn(id) : id
          },
          receive: (n: number) => n,
          stop: async (id: unknown) => {
            noted.push(`-${stage}${id}`)
            await stops.promise
            noted.push(`stopped ${stage}${id}`)
          },
        }
      }
      const run = pipeline('p')
        .from([1])
        .stage(
          's',
          body('s', id => id === bad),
          { workers: 3 },
        )
        .stage(
          't',
          body('t', () => false),
          { workers: 2 },
        )
        .run()
      run.output.subscribe({ error() {} })
      let isOver = false
      const failed = failureOf(run.done)
      const over = () => {
        isOver = true
      }
      failed.then(over, over)
      const good = [0, 1, 2].filter(id => id !== bad).map(id => `s${id}`)
      const all = [...good, 't0', 't1']
      await until(() => noted.length >= 8, 'stopping')
      await turns()
      assert.equal([...noted].sort(), [...all.map(id => `+${id}`), ...all.map(id => `-${id}`)].sort())
      assert.is(isOver, false, 'a run is not over before its workers are')
      stops.open()
      const error = await failed
      assert.instance(error, StageFailed)
      assert.equal([error.pipeline, error.stage, error.worker, error.sequence], ['p', 's', bad, undefined])
      assert.is(error.cause, no)
      assert.is(error.message, 'p/s failed: Error: no connection')
      assert.equal(noted.slice(8).sort(), all.map(id => `stopped ${id}`).sort())
    }
  })
}

for (const hook of ['stop', 'setup'] as const) {
  workers(`are waited for while one is being restarted: until its \`${hook}\` is done`, async () => {
    const control = new AbortController()
    const held = gate()
    const noted: string[] = []
    let made = 0
    const body = {
      setup: async () => {
        const id = made++
        noted.push(`+${id}`)
        if (hook === 'setup' && id === 1) await held.promise
        return id
      },
      receive: (n: number) => {
        if (n === 1) throw new Error('no')
        return n
      },
      stop: async (id: number) => {
        noted.push(`-${id}`)
        if (hook === 'stop') await held.promise
        noted.push(`stopped ${id}`)
      },
    }
    const run = pipeline('p').from([1, 2]).stage('s', body, { onFailure: 'restart' }).run({ signal: control.signal })
    run.deadLetters.subscribe()
    run.output.subscribe({ error() {} })
    await until(() => noted.includes(hook === 'stop' ? '-0' : '+1'), hook)
    let isOver = false
    const failed = failureOf(run.done)
    const over = () => {
      isOver = true
    }
    failed.then(over, over)
    control.abort(new Error('away'))
    await turns()
    assert.is(isOver, false)
    held.open()
    assert.is((await failed).message, 'away')
    assert.equal(
      noted,
      hook === 'stop' ? ['+0', '-0', 'stopped 0'] : ['+0', '-0', 'stopped 0', '+1', '-1', 'stopped 1'],
    )
  })
}

const failing = {
  receive: (n: number) => {
    throw new Error(`no ${n}`)
  },
}

workers('whose last item is done are not restarted: nobody waits for the backoff', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([1])
    .stage('s', failing, { onFailure: 'restart' })
    .supervise({ backoff: () => 60_000 })
  const { error, summary } = await within(5_000, execute(made, { clock }))
  assert.equal([error, summary?.deadLetters, clock.now(), clock.pending], [undefined, 1, 0, 0])
})

workers('that wait for their restart leave no timer', async () => {
  const clock = manualClock()
  const control = new AbortController()
  const run = pipeline('p')
    .from([1, 2])
    .stage('s', failing, { onFailure: 'restart' })
    .supervise({ backoff: () => 60_000 })
    .run({ clock, signal: control.signal })
  run.deadLetters.subscribe()
  run.output.subscribe({ error() {} })
  await until(() => clock.pending > 0, 'the backoff')
  control.abort(new Error('away'))
  assert.is((await failureOf(run.done)).message, 'away')
  assert.is(clock.pending, 0)
})

workers('of which several cannot be set up tell all that went wrong', async () => {
  let made = 0
  const noted: number[] = []
  const body = {
    setup: async () => {
      const id = made++
      if (id !== 1) throw new Error(`no ${id}`)
      return id
    },
    receive: (n: number) => n,
    stop: (id: number) => void noted.push(id),
  }
  const run = pipeline('p').from([1]).stage('s', body, { workers: 3 }).run()
  run.output.subscribe({ error() {} })
  const error = await failureOf(run.done)
  assert.is(error.cause.message, 'no 0')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['no 2'],
  )
  assert.equal(noted, [1])
})

workers.run()
