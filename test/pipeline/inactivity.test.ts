import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GraceExceeded, Inactive } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { pass } from '../support/pass.ts'
import { endless, upTo } from '../support/take.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const never = () => new Promise<never>(() => {})

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
