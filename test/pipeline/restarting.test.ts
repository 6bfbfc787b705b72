import * as assert from 'node:assert/strict'
import { suite } from 'uvu'
import { StateLost, TooManyRestarts } from '../../src/errors.ts'
import type { PipelineEvent, StageOptions, Supervision } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { settled } from '../support/execute.ts'

const restarting = suite("a worker that is restarted ('restart')")

/** Runs to the end under a clock of its own, and tells what happened. */
async function run(made: any) {
  const clock = manualClock()
  const live = made.run({ clock })
  const results: unknown[] = []
  const events: PipelineEvent[] = []
  const dead: unknown[] = []
  live.output.subscribe({ next: (result: unknown) => results.push(result), error: () => {} })
  live.events.subscribe((event: PipelineEvent) => events.push(event))
  live.deadLetters.subscribe((letter: { item: unknown }) => dead.push(letter.item))
  let over: { summary?: any; error?: any } | undefined
  const end = live.done.then(
    (summary: unknown) => {
      over = { summary }
    },
    (error: unknown) => {
      over = { error }
    },
  )
  await settled(
    () => over !== undefined,
    clock,
    () => 'a restart',
  )
  await end
  return { results, events, dead, clock, ...over }
}

const types = (events: readonly PipelineEvent[]) =>
  events.map(event => `${event.type} ${'stage' in event ? event.stage : ''}`)

/** Fails on 2; says how often it was set up and stopped. */
function failing(how: StageOptions<number> = {}, rest: object = {}) {
  const counts = { setups: 0, stops: 0 }
  const behaviour = {
    setup: () => ++counts.setups,
    receive: (n: number, _state: unknown, { resources }: { resources: number }) => {
      if (n === 2) throw new Error('two')
      return `${n} by ${resources}`
    },
    stop: () => {
      counts.stops++
    },
    ...rest,
  }
  return {
    counts,
    made: (pipeline('p').from([1, 2, 3]) as any).stage('s', behaviour, { onFailure: 'restart', ...how }),
  }
}

restarting('is stopped and set up anew, and the item is a dead letter', async () => {
  const { counts, made } = failing()
  const { results, dead, events, summary } = await run(made)
  assert.deepEqual(results, ['1 by 1', '3 by 2'])
  assert.deepEqual(dead, [2])
  assert.deepEqual(counts, { setups: 2, stops: 2 })
  assert.equal(summary.restarts, 1)
  assert.deepEqual(
    types(events).filter(type => type.startsWith('worker')),
    ['worker.failed s', 'worker.restarted s'],
  )
})

restarting('waits first as long as the backoff says', async () => {
  const waits: number[] = []
  const { made } = failing()
  const { clock } = await run(made.supervise({ backoff: (restart: number) => waits.push(restart) && 250 }))
  assert.deepEqual(waits, [1])
  assert.equal(clock.now(), 250)
})

restarting('that cannot be set up again ends the run, once its budget is spent', async () => {
  let setups = 0
  const boom = new Error('no connection')
  const { made } = failing(
    {},
    {
      setup: () => {
        if (++setups > 1) throw boom
        return setups
      },
    },
  )
  const { error } = await run(made.supervise({ maxRestarts: 2, within: 1_000 }))
  assert.ok(error.cause instanceof TooManyRestarts)
  assert.equal(error.cause.cause, boom)
  assert.match(error.message, /restarted more than 2 times within 1000 ms: Error: no connection/)
  assert.equal(setups, 4)
})

restarting('that cannot be set up at first ends the run with that error', async () => {
  const boom = new Error('no connection')
  for (const setup of [
    () => {
      throw boom
    },
    () => Promise.reject(boom),
  ]) {
    const { error, results } = await run(failing({}, { setup }).made)
    assert.equal(error.cause, boom)
    assert.deepEqual([error.stage, error.sequence, results], ['s', undefined, []])
  }
})

const counting = (rest: object) => ({
  start: () => ({ sum: 0 }),
  receive: (n: number, state: { sum: number }) => {
    state.sum += n
    if (n === 2) throw new Error('two')
    return state.sum
  },
  ...rest,
})
const counted = (rest: object) =>
  (pipeline('p').from([1, 2, 3]) as any).stage('s', counting(rest), { onFailure: 'restart' })

restarting('takes state with it, and that is an error unless it was said', async () => {
  const { error, results } = await run(counted({}))
  assert.deepEqual(results, [1])
  assert.ok(error.cause instanceof StateLost)
  assert.equal(error.cause.cause.message, 'two')
})

restarting('begins anew where state is volatile, and says so', async () => {
  const { results, events } = await run(counted({ volatile: true }))
  assert.deepEqual(results, [1, 3])
  assert.ok(types(events).includes('state.lost s'))
})

restarting('has the state that was saved after the last item', async () => {
  const saved = { snapshot: ({ sum }: { sum: number }) => sum, restore: (sum: number) => ({ sum }) }
  const { results, events } = await run(counted(saved))
  assert.deepEqual(results, [1, 4])
  assert.ok(!types(events).includes('state.lost s'))
})

restarting('takes state with it from an item that has to be handled before, too', async () => {
  const made = pipeline('p')
    .from([952, 937, 0])
    .stage(
      's',
      {
        start: () => ({ sum: 1 }),
        receive: (n: number, state: { sum: number }) => {
          state.sum = state.sum * 3 + n
          if (n % 2 === 0) throw new Error(`no ${n}`)
          return state.sum
        },
        flush: ({ sum }) => sum,
        snapshot: ({ sum }) => sum,
        restore: (sum: number) => ({ sum }),
      },
      {
        ...{ key: (n: number) => n % 5, concurrency: 2, emit: 'streaming' },
        ...{ retry: { attempts: 2, backoff: () => 5 }, onFailure: 'restart' },
      },
    )
  // The worker waits for item 0, which is tried again, and so for 937 to leave before it.
  assert.deepEqual((await run(made)).results, [940, 940])
})

const strategies: [NonNullable<Supervision['strategy']>, string[]][] = [
  ['one-for-one', ['b']],
  ['rest-for-one', ['b', 'c']],
  ['one-for-all', ['a', 'b', 'c']],
]
for (const [strategy, expected] of strategies) {
  restarting(`takes with it, by ${strategy}: ${expected.join(', ')}`, async () => {
    const setups: Record<string, number> = { a: 0, b: 0, c: 0 }
    const stage = (name: string) => ({
      setup: () => {
        setups[name]!++
      },
      receive: (n: number) => {
        if (name === 'b' && n === 2) throw new Error('two')
        return n
      },
    })
    // Long enough for the first stage to be at work when the second fails: one that has ended is not restarted.
    const items = Array.from({ length: 50 }, (_, n) => n)
    const made = (pipeline('p').from(items) as any)
      .stage('a', stage('a'))
      .stage('b', stage('b'), { onFailure: 'restart', capacity: 2 })
      .stage('c', stage('c'))
      .supervise({ strategy })
    const { results } = await run(made)
    assert.deepEqual(
      results,
      items.filter(n => n !== 2),
    )
    assert.deepEqual(
      Object.keys(setups).filter(name => setups[name] === 2),
      expected,
    )
  })
}

restarting.run()
