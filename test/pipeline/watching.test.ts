import fc from 'fast-check'
import { Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnknownStage } from '../../src/errors.ts'
import type { Entered, PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { thrownBy } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, endless, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const channel = suite('channel(stage)')

channel('tells what enters a stage, with its sequence and the time', async () => {
  const clock = manualClock()
  const run = pipeline<number>('p')
    .stage('a', (n: number) => n * 10)
    .stage('b', (n: number) => n)
    .run({ clock })
  run.output.subscribe()
  const a: Entered[] = []
  const b: Entered[] = []
  run.channel('a').subscribe(entered => a.push(entered))
  run.channel('b').subscribe(entered => b.push(entered))
  await run.send(1)
  await turns(3)
  clock.advance(100)
  await run.send(2)
  run.end()
  await within(1_000, run.done)
  assert.equal(a, [
    { sequence: 0, item: 1, enteredAt: 0, missed: 0 },
    { sequence: 1, item: 2, enteredAt: 100, missed: 0 },
  ])
  assert.equal(
    b.map(({ sequence, item, enteredAt }) => [sequence, item, enteredAt]),
    [
      [0, 10, 0],
      [1, 20, 100],
    ],
  )
})

channel('tells everything in order, whatever the frames, and slows nothing', async () => {
  const run = pipeline('p')
    .from(upTo(5000))
    .stage('a', (n: number) => n)
    .stage('b', async (n: number) => n)
    .run()
  const seen: Record<string, number[]> = { a: [], b: [] }
  for (const name of ['a', 'b'])
    run.channel(name).subscribe(({ sequence, item }) => seen[name]!.push(sequence, item as number))
  assert.equal(await all(run), upTo(5000))
  const expected = upTo(5000).flatMap(n => [n, n])
  assert.equal(seen, { a: expected, b: expected })
})

channel('is for any number of watchers, who come and go', async () => {
  const run = pipeline<number>('p')
    .stage('a', (n: number) => n)
    .run()
  run.output.subscribe()
  const seen: number[][] = [[], [], []]
  const watch = (index: number) => run.channel('a').subscribe(({ item }) => seen[index]!.push(item as number))
  const first = watch(0)
  await run.send(1)
  const second = watch(1)
  await run.send(2)
  first.unsubscribe()
  await run.send(3)
  second.unsubscribe()
  await run.send(4)
  watch(2)
  await run.send(5)
  run.end()
  await within(1_000, run.done)
  assert.equal(seen, [[1, 2], [2, 3], [5]])
})

channel('completes when the run ends, for late watchers as well', async () => {
  const run = pipeline('p')
    .from([1])
    .stage('a', (n: number) => n)
    .run()
  const heard: string[] = []
  run.channel('a').subscribe({ complete: () => heard.push('early') })
  const later = run.channel('a')
  await all(run)
  await run.done
  later.subscribe({ complete: () => heard.push('late') })
  run.channel('a').subscribe({ complete: () => heard.push('new') })
  assert.equal(heard, ['early', 'late', 'new'])
})

channel('of an unknown stage throws, with the names of those there are', () => {
  const run = pipeline('p')
    .from([1])
    .map(n => n)
    .stage('a', (n: number) => n)
    .run()
  run.output.subscribe()
  const error = thrownBy(() => run.channel('b'))
  assert.instance(error, UnknownStage)
  assert.is(error.message, 'p has no stage "b": its stages are map@1, a')
})

channel('numbers items as their stage does, though some were dropped before', async () => {
  const subject = new Subject<number>()
  const handled: number[][] = []
  const run = pipeline('p')
    .from(subject, { overflow: 'drop-newest', capacity: 1 })
    .stage('a', async (n: number, { sequence }) => void handled.push([sequence, n]))
    .run()
  const seen: number[][] = []
  run.channel('a').subscribe(({ sequence, item }) => seen.push([sequence, item as number]))
  await turns()
  for (const n of upTo(5)) subject.next(n)
  await turns()
  subject.next(9)
  subject.complete()
  await within(1_000, run.done)
  assert.equal(seen, handled)
  assert.ok(seen.length < 6)
})

channel('numbers what enters, 0, 1, 2 …; where the oldest are dropped later, those behind move up', async () => {
  /** How many are sent in each turn; how long each item is held. */
  const scenario = fc.record({
    bursts: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12, size: 'max' }),
    held: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
    capacity: fc.integer({ min: 0, max: 4 }),
    how: fc.constantFrom('drop-oldest' as const, 'drop-newest' as const),
  })
  const property = fc.asyncProperty(scenario, async ({ bursts, held, capacity, how }) => {
    const handled: number[][] = []
    const entered: number[][] = []
    const run = pipeline<number>('p')
      .stage('s', (n: number) => n)
      .stage(
        'slow',
        async (n: number, { sequence }) => {
          handled.push([sequence, n])
          await turns(held[sequence % held.length])
        },
        { capacity, overflow: how },
      )
      .run()
    run.channel('slow').subscribe(({ sequence, item }) => entered.push([sequence, item as number]))
    let next = 0
    for (const burst of bursts) {
      for (const _ of upTo(burst)) void run.send(next++)
      await turns(1)
    }
    run.end()
    const { dropped } = await within(5_000, run.done)
    assert.equal(
      entered.map(([number]) => number),
      upTo(entered.length),
    )
    const isHandled = new Set(handled.map(([, n]) => n))
    const kept = entered.filter(([, n]) => isHandled.has(n!))
    assert.equal(
      kept.map(([, n], sequence) => [sequence, n]),
      handled,
    )
    if (how === 'drop-newest') assert.equal(entered, handled)
    assert.is(handled.length + dropped, next)
  })
  await fc.assert(property, { numRuns: 200 })
})

channel.run()

const events = suite('events')

const types = (list: PipelineEvent[]) =>
  list.map(event => ('stage' in event ? `${event.type} ${event.stage}` : event.type))

events('tell the life of the stages, and complete', async () => {
  const run = pipeline('p')
    .from([1, 2])
    .stage('a', (n: number) => n)
    .stage('b', async (n: number) => n)
    .run()
  const list: PipelineEvent[] = []
  let isComplete = false
  run.events.subscribe({ next: event => list.push(event), complete: () => (isComplete = true) })
  await all(run)
  await run.done
  const [firstFour, rest] = [types(list).slice(0, 4), list.slice(4)]
  assert.equal(firstFour, ['stage.started a', 'stage.started b', 'stage.drained a', 'stage.drained b'])
  assert.equal(rest, [{ type: 'pipeline.stopping', reason: 'done', grace: 15_000 }])
  assert.is(isComplete, true)
})

events('tell why the pipeline stops, and what grace it has', async () => {
  const clock = manualClock()
  const asked = pipeline('p').from(endless().source).run({ clock })
  const list: PipelineEvent[] = []
  asked.events.subscribe(event => list.push(event))
  asked.output.subscribe()
  await turns(2)
  await within(1_000, asked.stop({ grace: 77 }))
  assert.equal(
    list.filter(({ type }) => type === 'pipeline.stopping'),
    [{ type: 'pipeline.stopping', reason: 'asked', grace: 77 }],
  )

  const failed = pipeline('p')
    .from([1])
    .map(() => {
      throw new Error('no')
    })
    .supervise({ grace: 5 })
    .run()
  const others: PipelineEvent[] = []
  failed.events.subscribe(event => others.push(event))
  failed.output.subscribe({ error() {} })
  await failed.done.catch(() => {})
  assert.equal(
    others.filter(({ type }) => type === 'pipeline.stopping'),
    [{ type: 'pipeline.stopping', reason: 'failed', grace: 5 }],
  )
})

events('after the end are none', async () => {
  const run = pipeline('p').from([1]).run()
  await all(run)
  await run.done
  const heard: unknown[] = []
  run.events.subscribe({ next: event => heard.push(event), complete: () => heard.push('end') })
  assert.equal(heard, ['end'])
})

events.run()

const snapshot = suite('snapshot()')

snapshot('is plain data', async () => {
  const run = pipeline('p')
    .from(upTo(100))
    .map(n => n)
    .stage('s', async (n: number) => n)
    .run()
  const before = Date.now()
  await all(run)
  const taken = run.snapshot()
  assert.equal(JSON.parse(JSON.stringify(taken)), taken)
  assert.is(taken.pipeline, 'p')
  assert.ok(taken.at >= before && taken.at <= Date.now())
  assert.equal(Object.keys(taken), ['pipeline', 'at', 'latency', 'stages'])
  assert.equal(
    taken.stages.map(({ stage }) => stage),
    ['map@1', 's'],
  )
})

snapshot('counts what came and went, and what waits', async () => {
  const held = gate()
  const run = pipeline('p')
    .from(upTo(20))
    .stage('drop', (n: number) => (n % 2 ? n : undefined))
    .stage(
      'held',
      async (n: number) => {
        await held.promise
        if (n === 5) throw new Error('five')
        return n
      },
      { onFailure: 'skip', workers: 2 },
    )
    .run()
  run.deadLetters.subscribe()
  const results = all(run)
  await turns()
  const during = run.snapshot().stages
  assert.equal(
    during.map(({ received, emitted, queued }) => [received, emitted, queued]),
    [
      [20, 10, 0],
      [2, 0, 8],
    ],
  )
  held.open()
  await results
  const after = run.snapshot().stages
  assert.equal(
    after.map(({ received, emitted, queued, deadLetters, workers, restarts, dropped }) => [
      received,
      emitted,
      queued,
      deadLetters,
      workers,
      restarts,
      dropped,
    ]),
    [
      [20, 10, 0, 0, 1, 0, 0],
      [10, 9, 0, 1, 2, 0, 0],
    ],
  )
})

snapshot('measures how long items are handled, wait, and take in all', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from(upTo(40))
    .stage('s', async (n: number) => {
      await new Promise<void>(resolve => clock.setTimeout(resolve, 10))
      return n
    })
    .run({ clock })
  const results = all(run)
  let isOver = false
  void results.then(() => (isOver = true))
  for (; !isOver; await turns(3)) clock.next()
  await results
  const { latency, stages } = run.snapshot()
  const [{ service, waiting, occupancy }] = stages as any
  assert.ok(Math.abs(service.mean - 10) < 1, `service ${service.mean}`)
  assert.ok(Math.abs(service.p99 - 10) < 1, `p99 ${service.p99}`)
  assert.ok(waiting.mean >= 0 && waiting.max <= 400, `waiting ${waiting.mean}`)
  assert.ok(occupancy > 0.8 && occupancy <= 1, `occupancy ${occupancy}`)
  assert.ok(latency.mean >= 10 && latency.max <= 410, `latency ${latency.mean} to ${latency.max}`)
  for (const spread of [service, waiting, latency]) {
    assert.ok(spread.p50 <= spread.p99 && spread.p99 <= spread.max * 1.1, JSON.stringify(spread))
  }
})

const takers: Record<string, [body: any, how: object]> = {
  'in frames': [(n: number) => n, {}],
  'in a lane': [async (n: number) => n, {}],
  'each by itself': [async (n: number) => n, { timeout: 60_000 }],
  'by key': [async (n: number) => n, { key: (n: number) => n % 2 }],
}
for (const [way, [body, how]] of Object.entries(takers)) {
  snapshot(
    `measures no waiting where items are taken at once, however long ago the first one was: ${way}`,
    async () => {
      const clock = manualClock()
      const run = pipeline<number>('p').stage('s', body, how).run({ clock })
      run.output.subscribe()
      for (let n = 0; n < 20; n++) {
        await within(1_000, run.send(n))
        await turns(3)
        clock.advance(1_000)
      }
      const { latency, stages } = run.snapshot()
      assert.equal([stages[0]!.emitted, stages[0]!.waiting.max, latency.max], [20, 0, 0])
      await within(1_000, run.stop())
    },
  )
}

snapshot('of a run that has not begun is all zeros', async () => {
  const run = pipeline('p')
    .from([1])
    .stage('s', (_: number, { signal }) => aborted(signal))
    .run()
  const { latency, stages } = run.snapshot()
  const zero = { mean: 0, p50: 0, p99: 0, max: 0 }
  assert.equal(latency, zero)
  assert.equal(
    { ...stages[0] },
    {
      stage: 's',
      workers: 1,
      received: 0,
      emitted: 0,
      queued: 0,
      restarts: 0,
      deadLetters: 0,
      dropped: 0,
      service: zero,
      waiting: zero,
      occupancy: 0,
    },
  )
  await within(1_000, run.stop())
})

snapshot.run()
