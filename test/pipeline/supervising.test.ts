import { of, throwError } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type StageFailed, StateLost, TooManyDeadLetters, TooManyRestarts } from '../../src/errors.ts'
import type { PipelineEvent, Supervision } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

/* ── onFailure ─────────────────────────────────────────────────────────────── */

const policies = suite('onFailure')

const two = new Error('two')
const failing = (n: number) => {
  if (n === 2) throw two
  return n
}

/** Handlers that fail on 2, in all ways that lead through a stage. */
const ways: Record<string, [receive: (n: number) => unknown, how?: object]> = {
  'in frames': [failing],
  asynchronous: [async n => failing(n)],
  'several at a time': [async n => failing(n), { concurrency: 3 }],
  'with a key': [failing, { key: (n: number) => n % 2 }],
  'with a key, asynchronous': [async n => failing(n), { key: (n: number) => n, concurrency: 2 }],
  'with a time limit': [failing, { timeout: 1_000 }],
  'after a second attempt': [failing, { retry: { attempts: 2 } }],
  'a generator': [
    function* (n) {
      yield failing(n)
    },
  ],
  'an async generator': [
    async function* (n) {
      yield failing(n)
    },
  ],
  'an Observable': [n => (n === 2 ? throwError(() => two) : of(n))],
  'one output at a time': [
    function* (n) {
      yield failing(n)
    },
    { emit: 'streaming' },
  ],
}

/** What each of the three costs: [results, dead letters, the sequence that it stops at, restarts]. */
const costs = {
  stop: [[1], [], 1, 0],
  skip: [[1, 3, 4, 5], [2], undefined, 0],
  restart: [[1, 3, 4, 5], [2], undefined, 1],
} as const

for (const [way, [receive, how]] of Object.entries(ways)) {
  policies(`costs what it says, or what its function says: ${way}`, async () => {
    for (const policy of ['stop', 'skip', 'restart'] as const) {
      for (const onFailure of [policy, () => policy]) {
        const counts = { setUp: 0, stopped: 0 }
        const body = { setup: () => counts.setUp++, receive, stop: () => counts.stopped++ }
        const made = (pipeline('p').from([1, 2, 3, 4, 5]) as any).stage('s', body, { ...how, onFailure })
        const { results, deadLetters, error, summary } = await execute(made)
        const stoppedAt = (error as StageFailed | undefined)?.sequence
        const dead = deadLetters.map(({ item }) => item)
        const restarts = summary?.restarts ?? 0
        assert.equal([results, dead, stoppedAt, restarts], costs[policy], `${policy}, ${typeof onFailure}`)
        if (policy === 'stop') assert.is((error as StageFailed).cause, two)
        assert.equal([counts.setUp, counts.stopped], [restarts + 1, restarts + 1])
      }
    }
  })
}

policies('costs what it says in a body over the whole stream, which begins anew', async () => {
  for (const policy of ['stop', 'skip', 'restart'] as const) {
    const body = {
      async *stream(items: AsyncIterable<number>) {
        for await (const n of items) yield failing(n)
      },
    }
    const made = pipeline('p')
      .from([1, 2, 3, 4, 5])
      .stage('s', body, { onFailure: () => policy })
    const { results, deadLetters, error, summary } = await execute(made)
    const stoppedAt = (error as StageFailed | undefined)?.sequence
    const dead = deadLetters.map(({ item }) => item)
    assert.equal([results, dead, stoppedAt, summary?.restarts ?? 0], costs[policy], policy)
  }
})

policies('may say something else of each failure', async () => {
  const says: Record<number, 'stop' | 'skip' | 'restart'> = { 2: 'skip', 4: 'restart', 6: 'stop' }
  const made = pipeline('p')
    .from(upTo(9))
    .stage(
      's',
      (n: number) => {
        if (says[n]) throw new Error(says[n])
        return n
      },
      { onFailure: ({ item, error }) => (says[item] === (error as Error).message ? says[item]! : 'stop') },
    )
  const { results, deadLetters, error } = await execute(made)
  assert.equal(results, [0, 1, 3, 5])
  assert.equal(
    deadLetters.map(({ item }) => item),
    [2, 4],
  )
  assert.is((error as StageFailed).sequence, 6)
})

policies.run()

/* ── strategy ──────────────────────────────────────────────────────────────── */

const strategies = suite('strategy')

const tied: [NonNullable<Supervision['strategy']>, ...string[]][] = [
  ['one-for-one', 'b'],
  ['rest-for-one', 'b', 'c'],
  ['one-for-all', 'a', 'b', 'c'],
]

/** Three stages of two workers, the one in the middle failing on 2; `rest` of each stage besides. */
function three(strategy: Supervision['strategy'], rest: Record<string, object> = {}) {
  const events: PipelineEvent[] = []
  const clock = manualClock()
  const stage = (name: string) => ({
    receive: async (n: number) => (name === 'b' ? failing(n) : n),
    ...rest[name],
  })
  const made = (pipeline<number>('p') as any)
    .stage('a', stage('a'), { workers: 2 })
    .stage('b', stage('b'), { workers: 2, onFailure: 'restart' })
    .stage('c', stage('c'), { workers: 2 })
    .supervise(strategy === undefined ? {} : { strategy })
  const run = made.run({ clock })
  run.output.subscribe({ error() {} })
  run.deadLetters.subscribe()
  run.events.subscribe((event: PipelineEvent) => events.push(event))
  const restarted = () =>
    events.flatMap(event => (event.type === 'worker.restarted' ? `${event.stage}#${event.worker}` : [])).sort()
  return { run, restarted }
}

for (const [strategy, failed, ...others] of [['(default)', 'b'] as const, ...tied]) {
  const also = tied.find(([name]) => name === strategy)?.slice(1) ?? ['b']
  strategies(
    `${strategy}: one worker of ${failed} fails, and restarted are ${[failed, ...others].join(', ')}`,
    async () => {
      const { run, restarted } = three(strategy === '(default)' ? undefined : (strategy as Supervision['strategy']))
      for (const n of [1, 2]) await run.send(n)
      // Of the stage that failed one worker is restarted, of those tied to it all.
      const expected = also.flatMap(name => (name === 'b' ? 1 : 2)).reduce<number>((sum, each) => sum + each, 0)
      await until(() => restarted().length === expected, 'the restarts')
      for (const n of [3, 4]) await run.send(n)
      const { restarts, emitted } = await within<any>(1_000, run.stop())
      assert.equal([restarts, emitted], [expected, 3])
      assert.equal(new Set(restarted().map((name: string) => name[0])), new Set(also))
    },
  )
}

strategies('stops the run where a stage that is tied to the failed one would lose its state', async () => {
  const sum = { start: () => ({ sum: 0 }), receive: (n: number) => n }
  const made = pipeline('p')
    .from(upTo(50))
    .stage('b', failing, { onFailure: 'restart' })
    .stage('sum', sum)
    .supervise({ strategy: 'rest-for-one' })
  const { error } = await execute(made)
  assert.is((error as StageFailed).stage, 'sum')
  assert.instance((error as StageFailed).cause, StateLost)
  assert.is(((error as StageFailed).cause as Error).cause, two)
  const kept = { ...sum, volatile: true }
  const bearable = pipeline('p')
    .from(upTo(50))
    .stage('b', failing, { onFailure: 'restart' })
    .stage('sum', kept)
    .supervise({ strategy: 'rest-for-one' })
  assert.is((await execute(bearable)).summary!.restarts, 2)
})

strategies('leaves those alone that have ended', async () => {
  const counts = { setUp: 0 }
  const held = gate()
  const run = pipeline('p')
    .from([1, 2, 3])
    .stage('a', { setup: () => counts.setUp++, receive: (n: number) => n })
    .stage('b', (n: number) => held.promise.then(() => failing(n)), { onFailure: 'restart' })
    .supervise({ strategy: 'one-for-all' })
    .run()
  run.output.subscribe()
  run.deadLetters.subscribe()
  const drained: string[] = []
  run.events.subscribe(event => {
    if (event.type === 'stage.drained') drained.push(event.stage)
  })
  await until(() => drained.includes('a'), 'the end of a')
  held.open()
  assert.is((await within(1_000, run.done)).restarts, 1)
  assert.is(counts.setUp, 1)
})

strategies.run()

/* ── maxRestarts, within, backoff ──────────────────────────────────────────── */

const budget = suite('maxRestarts, within and backoff')

/** Fails on 2, and then so often to be set up. */
function broken(failures: number, supervision: Supervision, how: object = {}) {
  const clock = manualClock()
  const times: number[] = []
  const body = {
    setup: () => {
      times.push(clock.now())
      if (times.length > workers && times.length <= workers + failures) throw new Error('no connection')
    },
    receive: failing,
  }
  const { workers = 1 } = how as { workers?: number }
  const made = (pipeline('p').from([1, 2, 3]) as any)
    .stage('s', body, { onFailure: 'restart', ...how })
    .supervise(supervision)
  return { made, clock, times }
}

const bounds: [what: string, failures: number, supervision: Supervision, how: object, bears: boolean][] = [
  ['three, if nothing is said', 3, {}, {}, true],
  ['not four', 4, {}, {}, false],
  ['as many as there are workers, if those are more', 5, {}, { workers: 5, key: () => 0 }, true],
  ['and not one more', 6, {}, { workers: 5, key: () => 0 }, false],
  ['none, if it says so', 1, { maxRestarts: 0 }, {}, false],
  ['one that goes well is none of them', 0, { maxRestarts: 0 }, {}, true],
  ['so many', 7, { maxRestarts: 7 }, {}, true],
  ['and not one more than said', 8, { maxRestarts: 7 }, {}, false],
  ['any number, if they are rare enough', 20, { maxRestarts: 2, within: 1_000, backoff: () => 500 }, {}, true],
  ['not more than so many within that time', 20, { maxRestarts: 2, within: 1_001, backoff: () => 500 }, {}, false],
  ['within 5 seconds, if nothing is said', 20, { maxRestarts: 1, backoff: () => 5_000 }, {}, true],
  ['and not within less', 20, { maxRestarts: 1, backoff: () => 4_999 }, {}, false],
]
for (const [what, failures, supervision, how, bears] of bounds) {
  budget(`bears so many setups that fail: ${what}`, async () => {
    const { made, clock, times } = broken(failures, supervision, how)
    const { error, results, summary } = await execute(made, { clock })
    if (bears) {
      assert.equal(results, [1, 3])
      assert.is(summary!.restarts, failures + 1)
    } else {
      assert.instance((error as StageFailed).cause, TooManyRestarts)
      assert.is((((error as StageFailed).cause as Error).cause as Error).message, 'no connection')
      assert.is(clock.pending, 0)
    }
    assert.ok(times.length > 0)
  })
}

budget('waits before the n-th restart of a worker as long as the backoff says of n', async () => {
  const asked: number[] = []
  const supervision: Supervision = {
    backoff: restart => {
      asked.push(restart)
      return 100 * 2 ** (restart - 1)
    },
  }
  const { made, clock, times } = broken(3, supervision)
  assert.equal((await execute(made, { clock })).results, [1, 3])
  assert.equal(asked, [1, 2, 3, 4])
  assert.equal(times, [0, 100, 300, 700, 1_500])
})

budget('is not spent by others: each stage has its own', async () => {
  const stage = () => {
    let setups = 0
    return {
      setup: () => {
        if (++setups > 1 && setups < 4) throw new Error('no connection')
      },
      receive: failing,
    }
  }
  const how = { onFailure: 'restart' as const }
  const made = pipeline('p')
    .from([1, 2, 3, 4])
    .stage('a', stage(), how)
    .map(n => (n === 3 ? 2 : n))
    .stage('b', stage(), how)
  const { results, summary } = await execute(made.supervise({ maxRestarts: 2 }))
  assert.equal([results, summary!.restarts], [[1, 4], 6])
})

budget('with a backoff that throws stops the run with what it threw', async () => {
  const { made, clock } = broken(0, {
    backoff: () => {
      throw new Error('cannot count')
    },
  })
  const { error } = await execute(made, { clock })
  assert.is(((error as StageFailed).cause as Error).message, 'cannot count')
})

budget('keeps nobody waiting: other workers go on, and `stop()` does not wait for the backoff', async () => {
  const clock = manualClock()
  const counts = { setUp: 0, stopped: 0 }
  const run = pipeline<number>('p')
    .stage(
      's',
      {
        setup: () => counts.setUp++,
        receive: async (n: number) => failing(n),
        stop: () => void counts.stopped++,
      },
      { workers: 2, onFailure: 'restart' },
    )
    .supervise({ backoff: () => Infinity })
    .run({ clock })
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  run.deadLetters.subscribe()
  for (const n of [2, 3, 4]) await run.send(n)
  await until(() => results.length === 2, 'the results')
  await within(1_000, run.stop())
  assert.equal([results, counts], [[3, 4], { setUp: 2, stopped: 2 }])
  assert.is(clock.pending, 0)
})

budget('of a worker that is being set up again when the run is stopped: it is stopped, too', async () => {
  const held = gate()
  const counts = { setUp: 0, stopped: 0 }
  const run = pipeline<number>('p')
    .stage(
      's',
      {
        setup: async () => {
          if (counts.setUp++ > 0) await held.promise
        },
        receive: failing,
        stop: () => void counts.stopped++,
      },
      { onFailure: 'restart' },
    )
    .run()
  run.output.subscribe()
  run.deadLetters.subscribe()
  await run.send(2)
  await until(() => counts.setUp === 2, 'the second setup')
  const stopped = run.stop()
  await turns()
  assert.is(counts.stopped, 1)
  held.open()
  await within(1_000, stopped)
  assert.equal(counts, { setUp: 2, stopped: 2 })
})

budget.run()

/* ── tolerate ──────────────────────────────────────────────────────────────── */

const tolerate = suite('tolerate, in numbers')

/** [what is tolerated, which of ten items fail, whether that is borne] */
const tolerated: [Supervision['tolerate'], number[], boolean][] = [
  [undefined, upTo(10), true],
  [{ deadLetters: 0 }, [], true],
  [{ deadLetters: 0 }, [9], false],
  [{ deadLetters: 2 }, [0, 9], true],
  [{ deadLetters: 2 }, [0, 5, 9], false],
  [{ share: 0, of: 5 }, [], true],
  [{ share: 0, of: 5 }, [7], false],
  [{ share: 0.4, of: 5 }, [0, 1, 5, 6], true],
  [{ share: 0.4, of: 5 }, [0, 1, 4], false],
  [{ share: 1, of: 1 }, upTo(10), true],
  [{ share: 0.5, of: 100 }, upTo(10), true],
]
for (const [allowed, fails, bears] of tolerated) {
  const what = allowed ? JSON.stringify(allowed) : 'nothing said'
  tolerate(`${what}: of ten items ${fails.length === 0 ? 'none' : fails.join(', ')} fail`, async () => {
    for (const onFailure of ['skip' as const, () => 'restart' as const]) {
      const made = pipeline('p')
        .from(upTo(10))
        .stage(
          's',
          (n: number) => {
            if (fails.includes(n)) throw two
            return n
          },
          { onFailure },
        )
        .supervise(allowed ? { tolerate: allowed } : {})
      const { error, deadLetters } = await execute(made)
      if (bears) assert.equal([error, deadLetters.length], [undefined, fails.length])
      else assert.instance((error as StageFailed).cause, TooManyDeadLetters)
    }
  })
}

tolerate.run()

/* ── grace ─────────────────────────────────────────────────────────────────── */

const grace = suite('grace, wherever it is said')

const said: [supervise: number | undefined, run: number | undefined, stop: number | undefined, is: number][] = [
  [undefined, undefined, undefined, 15_000],
  [3_000, undefined, undefined, 3_000],
  [3_000, 2_000, undefined, 2_000],
  [3_000, 2_000, 1_000, 1_000],
  [undefined, undefined, 1_500, 1_500],
]
for (const [ofPipeline, ofRun, ofStop, is] of said) {
  grace(`supervise ${ofPipeline ?? '·'}, run ${ofRun ?? '·'}, stop ${ofStop ?? '·'}: ${is} ms`, async () => {
    const clock = manualClock()
    const run = pipeline<number>('p')
      .stage('s', () => new Promise<number>(() => {}))
      .supervise(ofPipeline === undefined ? {} : { grace: ofPipeline })
      .run({ clock, ...(ofRun === undefined ? {} : { grace: ofRun }) })
    run.output.subscribe({ error() {} })
    await run.send(1)
    await turns()
    let isOver = false
    const failed = failureOf(run.stop(ofStop === undefined ? {} : { grace: ofStop }))
    void failed.then(() => (isOver = true))
    clock.advance(is - 1)
    await turns()
    assert.is(isOver, false)
    clock.advance(1)
    assert.match((await failed).message, `grace period of ${is} ms`)
  })
}

grace.run()
