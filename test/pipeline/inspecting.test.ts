import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMachine } from 'xstate'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { named } from '../support/lives.ts'
import { all, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const inspecting = suite('run({ inspect })')

/** What was seen of a run: by the name of whose life it is. */
function watch() {
  const seen: any[] = []
  const states = new Map<string, string[]>()
  return {
    seen,
    inspect: (event: any) => {
      seen.push(event)
      if (event.type !== '@xstate.snapshot') return
      const passed = states.get(event.actorRef.id) ?? []
      states.set(event.actorRef.id, passed)
      const state = named(event.snapshot.value)
      if (passed.at(-1) !== state) passed.push(state)
    },
    get states() {
      return Object.fromEntries([...states].map(([id, passed]) => [id, passed.join(' ')]))
    },
    /** Whose child everybody is. */
    get parents() {
      const actors = seen.filter(({ type }) => type === '@xstate.actor').map(({ actorRef }) => actorRef)
      return Object.fromEntries(actors.map(({ id, _parent }) => [id, _parent?.id]))
    },
  }
}

const orders = (fails: (n: number) => boolean, workers = 2) =>
  pipeline('orders')
    .from(upTo(6))
    .stage(
      'charge',
      {
        setup: async () => 'the bank',
        receive: async (n: number) => {
          if (fails(n)) throw new Error('no')
          return n
        },
        stop: async () => {},
      },
      { workers, onFailure: 'restart' },
    )
    .stage('sum', {
      start: () => ({ sum: 0 }),
      receive: (n: number, state) => void (state.sum += n),
      flush: ({ sum }) => sum,
    })

inspecting(
  'shows the lives of the run, its stages and its workers, each the child of the one that has it',
  async () => {
    const watched = watch()
    const run = orders(() => false).run({ inspect: watched.inspect })
    await within(1_000, all(run))
    assert.equal(watched.parents, {
      orders: undefined,
      'orders/charge': 'orders',
      'orders/charge#0': 'orders/charge',
      'orders/charge#1': 'orders/charge',
      'orders/sum': 'orders',
      'orders/sum#0': 'orders/sum',
    })
    assert.equal(watched.states, {
      orders: 'waiting running ended',
      'orders/charge': 'waiting starting running flushing stopping ended',
      'orders/charge#0': 'starting ready stopping stopped',
      'orders/charge#1': 'starting ready stopping stopped',
      'orders/sum': 'waiting starting running flushing stopping ended',
      'orders/sum#0': 'starting ready stopping stopped',
    })
  },
)

inspecting('shows a restart, and the wait before it', async () => {
  const watched = watch()
  const clock = manualClock()
  const run = orders(n => n === 0, 1)
    .supervise({ backoff: () => 250 })
    .run({ inspect: watched.inspect, clock })
  const results = all(run)
  run.deadLetters.subscribe()
  await until(() => watched.states['orders/charge#0']?.endsWith('backoff') === true, 'the backoff')
  clock.advance(250)
  assert.equal(await within(1_000, results), [15])
  assert.is(
    watched.states['orders/charge#0'],
    'starting ready emptying renewing.stop renewing.backoff renewing.setup ready stopping stopped',
  )
})

inspecting('shows how a run is torn down', async () => {
  const ways: Record<string, [end: (run: any) => unknown, run: string, stage: string]> = {
    'a stop that takes too long': [
      run => run.stop(),
      'waiting running draining aborting over ended',
      'waiting starting running abandoned stopping ended',
    ],
    'a loop that is left': [
      run => run[Symbol.asyncIterator]().return(),
      'waiting running cancelling over ended',
      'waiting starting running abandoned stopping ended',
    ],
  }
  for (const [way, [end, ofRun, ofStage]] of Object.entries(ways)) {
    const watched = watch()
    const clock = manualClock()
    const held = gate()
    const run = pipeline<number>('p')
      .stage('held', () => held.promise)
      .run({ inspect: watched.inspect, clock, grace: 1_500 })
    if (way.includes('stop')) run.output.subscribe()
    await run.send(1)
    await turns()
    const failed = failureOf(run.done)
    void Promise.resolve(end(run)).catch(() => {})
    for (let i = 0; i < 3; i++) {
      await turns()
      clock.advance(600)
    }
    await failed
    await turns()
    assert.equal([watched.states.p, watched.states['p/held']], [ofRun, ofStage], way)
    assert.is(watched.states['p/held#0'], 'starting ready stopping stopped', way)
  }
})

inspecting('shows that a worker is stopped after all whose `setup` ends when its run is over', async () => {
  const watched = watch()
  const clock = manualClock()
  const held = gate()
  let stops = 0
  const run = pipeline('p')
    .from([1])
    .stage('late', { setup: () => held.promise, receive: (n: number) => n, stop: () => void stops++ })
    .run({ inspect: watched.inspect, clock, grace: 1_500 })
  run.output.subscribe({ error() {} })
  await turns()
  const failed = failureOf(run.stop())
  for (let i = 0; i < 3; i++) {
    await turns()
    clock.advance(600)
  }
  assert.match((await failed).message, 'grace period')
  assert.is(watched.states['p/late#0'], 'starting leaving')
  held.open()
  await turns()
  assert.is(watched.states['p/late#0'], 'starting leaving stopping stopped')
  assert.is(stops, 1)
  assert.is(watched.states['p/late'], 'waiting starting abandoned stopping ended')
})

inspecting('gives what `createActor` gives: one system of actors, with one root', async () => {
  const { seen, inspect } = watch()
  await all(orders(() => false).run({ inspect }))
  const kinds = new Set(seen.map(({ type }) => type))
  for (const kind of ['@xstate.actor', '@xstate.event', '@xstate.snapshot']) assert.ok(kinds.has(kind), kind)
  const root = seen[0].actorRef.sessionId
  for (const { rootId, actorRef } of seen) {
    assert.is(rootId, root)
    assert.is(actorRef.system, seen[0].actorRef.system)
  }
})

inspecting('gives what can be sent elsewhere: drawings and states are plain data, and hold no item', async () => {
  const secret = 'an item of somebody'
  const { seen, inspect } = watch()
  const run = pipeline('p')
    .from([secret])
    .stage('s', (text: string) => text.length, { onFailure: 'skip' })
    .run({ inspect })
  await all(run)
  // As @statelyai/inspect has it.
  const drawing = (_: string, value: unknown) => (typeof value === 'function' ? { type: value.name } : value)
  const machines = new Set<string>()
  for (const { type, actorRef, event, snapshot } of seen) {
    if (type === '@xstate.actor') machines.add(JSON.parse(JSON.stringify(actorRef.logic.config, drawing)).id)
    const sent = JSON.stringify([event, snapshot])
    assert.not(sent.includes(secret))
    assert.ok(sent.length < 1_000, sent)
  }
  assert.equal([...machines], ['run', 'stage', 'worker'])
})

inspecting('tells why in a sentence: an error is written down that holds an item, or that cannot be read', async () => {
  const secret = 'an item of somebody'
  const hostile = Object.assign(new Error('no'), {
    item: secret,
    big: 1n,
    toJSON: () => assert.unreachable('an error is not asked'),
  })
  const throws = () => {
    throw hostile
  }
  const texts: string[] = []
  const events: any[] = []
  const inspect = ({ event }: { event?: any }) => {
    if (event === undefined) return
    events.push(event)
    texts.push(JSON.stringify(event))
  }
  const made = pipeline('p').from([1])
  const failing = made.stage('s', throws).run({ inspect })
  assert.is((await failureOf(failing.done)).cause, hostile)
  const aborted = made.stage('s', n => n).run({ inspect, signal: AbortSignal.abort(hostile) })
  assert.is(await failureOf(aborted.done), hostile)
  const restarted = made.stage('s', throws, { onFailure: 'restart' }).run({ inspect })
  restarted.deadLetters.subscribe()
  await all(restarted)
  const unset = made.stage('s', { setup: throws, receive: (n: number) => n }).run({ inspect })
  assert.is((await failureOf(unset.done)).cause, hostile)
  const told = texts.filter(text => text.includes('Error: no')).map(text => JSON.parse(text).type)
  assert.equal([...new Set(told)].sort(), ['abandon', 'failed', 'restart'])
  assert.not(texts.some(text => text.includes(secret)))
  assert.ok(events.some(({ error }) => error?.value === hostile))
})

inspecting('draws machines that XState reads again, with every state that was shown', async () => {
  const { seen, inspect } = watch()
  const run = orders(n => n === 0).run({ inspect })
  run.deadLetters.subscribe()
  await all(run)
  // As @statelyai/inspect has it: functions by their names, and all else as JSON.
  const written = (_: string, value: unknown) => (typeof value === 'function' ? { type: value.name } : value)
  const drawn = new Map<string, ReturnType<typeof createMachine>>()
  let shown = 0
  for (const { type, actorRef, snapshot } of seen) {
    if (type === '@xstate.actor') {
      drawn.set(actorRef.sessionId, createMachine(JSON.parse(JSON.stringify(actorRef.logic.config, written))))
    } else if (type === '@xstate.snapshot') {
      const { value } = JSON.parse(JSON.stringify(snapshot))
      assert.equal(drawn.get(actorRef.sessionId)!.resolveState({ value, context: {} }).value, value)
      shown++
    }
  }
  assert.ok(shown > 20 && drawn.size === 6)
})

inspecting('shows the same, however many items there are', async () => {
  const counts: number[] = []
  for (const items of [10, 10_000]) {
    for (const answer of [(n: number) => n, async (n: number) => n] as ((n: number) => number)[]) {
      const { seen, inspect } = watch()
      const run = pipeline('p')
        .from(upTo(items))
        .stage('s', answer)
        .stage('keyed', (n: number) => n, { key: n => n % 3, workers: 2 })
        .run({ inspect })
      assert.is((await within(5_000, all(run))).length, items)
      counts.push(seen.length)
    }
  }
  assert.is(new Set(counts).size, 1, counts.join(' '))
})

inspecting('takes an observer as well, as inspectors give it', async () => {
  const { seen, inspect } = watch()
  await all(orders(() => false).run({ inspect: { next: inspect } }))
  assert.ok(seen.length > 0)
})

inspecting('shows a pipeline that is a stage as a system of its own, one for each worker', async () => {
  const watched = watch()
  const inner = pipeline<number>('inner').stage('double', n => n * 2)
  const run = pipeline('outer').from([1, 2]).stage('nested', inner, { workers: 2 }).run({ inspect: watched.inspect })
  assert.equal(await within(1_000, all(run)), [2, 4])
  const roots = watched.seen.filter(({ type, actorRef }) => type === '@xstate.actor' && !actorRef._parent)
  assert.equal(
    roots.map(({ actorRef }) => actorRef.id),
    ['outer', 'inner', 'inner'],
  )
  assert.is(watched.parents['inner/double#0'], 'inner/double')
})

inspecting('fails the run where the inspector throws, and all else ends as it should', async () => {
  let stops = 0
  const boom = new Error('cannot draw')
  const run = pipeline('p')
    .from([1])
    .stage('s', { receive: (n: number) => n, stop: () => void stops++ })
    .run({
      inspect: () => {
        throw boom
      },
    })
  run.output.subscribe({ error() {} })
  const error = await failureOf(run.done)
  assert.equal([error.stage, error.cause, stops], ['inspect', boom, 1])
})

inspecting.run()
