import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnreadOutput } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, endless, take, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const unread = suite('unread results')

unread('fail the run 10 s after all input is done', async () => {
  const clock = manualClock()
  const run = pipeline('p').from([1, 2, 3]).run({ clock })
  let error: unknown
  run.done.catch(reason => (error = reason))
  await turns()
  clock.advance(9_999)
  await turns()
  assert.is(error, undefined)
  clock.advance(1)
  await turns()
  assert.instance(error, UnreadOutput)
  assert.is(
    (error as Error).message,
    '3 results of p have waited 10000 ms for a reader: subscribe to `run.output`, loop with `for await`, use `run.consume`, or end with a stage that returns nothing',
  )
  assert.is(clock.pending, 0)
})

unread('fail the run 10 s after the last channel is full', async () => {
  const clock = manualClock()
  const counted = endless()
  const run = pipeline('p').from(counted.source).run({ clock })
  const failed = failureOf(run.done)
  await turns()
  clock.advance(10_000)
  const error = await failed
  assert.instance(error, UnreadOutput)
  assert.match(error.message, '1024 results of p')
  assert.is(counted.returned, 1)
})

for (const [where, how, options] of [
  ['a stage', { inFlight: 2 }, {}],
  ['the run', {}, { inFlight: 2 }],
] as const) {
  unread(`fail the run 10 s after they hold all slots of ${where}`, async () => {
    const clock = manualClock()
    const counted = endless()
    const run = pipeline('p')
      .from(counted.source)
      .stage('s', async (n: number) => n, how)
      .run({ clock, ...options })
    const failed = failureOf(run.done)
    await turns()
    assert.is(counted.pulled, 2)
    clock.advance(10_000)
    const error = await failed
    assert.instance(error, UnreadOutput)
    assert.match(error.message, '2 results of p')
    assert.is(clock.pending, 0)
  })
}

unread('fail the run 10 s after the last channel would be full with what waits for its turn', async () => {
  const clock = manualClock()
  let yielded = 0
  const run = pipeline('p')
    .from([0, 1, 2])
    .stage(
      's',
      async function* (n: number) {
        yield yielded++
        if (n === 0) await turns(50)
        for (;;) yield yielded++
      },
      { concurrency: 3, emit: 'streaming' },
    )
    .run({ clock })
  const failed = failureOf(run.done)
  await turns(100)
  assert.ok(yielded <= 1024 + 3 + 1, `${yielded} were yielded`)
  clock.advance(10_000)
  assert.instance(await within(2_000, failed), UnreadOutput)
  assert.is(clock.pending, 0)
})

unread('are no failure while a handler has one of the slots', async () => {
  const clock = manualClock()
  const held = gate()
  const run = pipeline('p')
    .from(upTo(2))
    .stage('s', (n: number) => (n === 0 ? n : held.promise.then(() => n)), { inFlight: 2 })
    .run({ clock })
  await turns()
  clock.advance(60_000)
  await turns()
  held.open()
  assert.equal(await all(run), [0, 1])
})

unread('are no failure while the last channel has room and more may come', async () => {
  const clock = manualClock()
  const run = pipeline<number>('p').run({ clock })
  await run.send(1)
  await turns()
  clock.advance(60_000)
  await turns()
  run.end()
  assert.equal(await all(run), [1])
})

unread('are waited for from the moment at which the last reader has left', async () => {
  const clock = manualClock()
  const run = pipeline('p').from(upTo(5)).run({ clock })
  const failed = failureOf(run.done)
  const subscription = run.output.subscribe(n => {
    if (n === 1) subscription.unsubscribe()
  })
  await turns()
  clock.advance(10_000)
  const error = await failed
  assert.instance(error, UnreadOutput)
  assert.match(error.message, '3 results')
})

unread('may be read at the last moment', async () => {
  const clock = manualClock()
  const run = pipeline('p').from(upTo(3000)).run({ clock })
  await turns()
  clock.advance(9_999)
  const loop = run[Symbol.asyncIterator]()
  await take(loop, 1)
  clock.advance(60_000)
  assert.equal(await take(loop, 5000), upTo(3000).slice(1))
  await within(1_000, run.done)
})

unread('are nothing to wait for where the last stage returns nothing', async () => {
  const run = pipeline('p')
    .from(upTo(10))
    .stage('sink', () => undefined)
    .run()
  const summary = await within(1_000, run.done)
  assert.equal([summary.received, summary.emitted], [10, 0])
})

unread('do not hold up `stop()`, and stay readable', async () => {
  const clock = manualClock()
  const run = pipeline('p').from(upTo(5)).run({ clock })
  await turns()
  const summary = await within(1_000, run.stop())
  assert.equal([summary.received, summary.emitted, summary.unfinished], [5, 5, 0])
  assert.is(clock.pending, 0)
  assert.equal(await all(run), upTo(5))
})

unread('may be more than the last channel holds, after `stop()`: what is under way is finished', async () => {
  const counted = endless()
  const run = pipeline('p')
    .from(counted.source)
    .stage('a', (n: number) => n)
    .stage('b', (n: number) => n)
    .run()
  await turns(30)
  const summary = await within(2_000, run.stop())
  assert.is(summary.received, counted.pulled)
  assert.is(summary.emitted, counted.pulled)
  assert.ok(counted.pulled > 1024, `${counted.pulled}`)
  assert.equal(await all(run), upTo(counted.pulled))
})

unread('are no failure once `stop()` was called, however long it takes', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from(upTo(2000))
    .stage('slow', async (n: number) => {
      if (n === 1500) await new Promise<void>(resolve => clock.setTimeout(resolve, 11_000))
      return n
    })
    .run({ clock })
  await turns()
  clock.advance(5_000)
  const stopped = run.stop()
  await turns()
  clock.advance(11_000)
  const summary = await within(2_000, stopped)
  assert.is(summary.emitted, summary.received)
})

unread.run()
