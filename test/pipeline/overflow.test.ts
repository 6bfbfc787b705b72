import { Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ChannelFull, StageFailed } from '../../src/errors.ts'
import type { Overflow, PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const overflow = suite('overflow')

/** A stage that is held up, with a channel before it that holds three; ten items come. */
async function flooded(how: Overflow) {
  const held = gate()
  const run = pipeline('p')
    .from(upTo(10))
    .stage('a', (n: number) => n)
    .stage(
      'b',
      async (n: number) => {
        await held.promise
        return n
      },
      { capacity: 3, overflow: how },
    )
    .run()
  const events: PipelineEvent[] = []
  run.events.subscribe(event => events.push(event))
  const results = all(run)
  results.catch(() => {})
  await turns()
  return { run, held, results, events }
}

overflow('`drop-newest` drops what comes, counted and told', async () => {
  const { run, held, results, events } = await flooded('drop-newest')
  held.open()
  const kept = await results
  assert.equal(kept, upTo(10).slice(0, kept.length))
  const summary = await within(1_000, run.done)
  assert.is(summary.dropped, 10 - kept.length)
  assert.ok(kept.length === 3 || kept.length === 4, `${kept}`)
  const dropped = events.flatMap(event => (event.type === 'item.dropped' ? [event] : []))
  assert.equal(
    dropped.map(({ stage, dropped }) => [stage, dropped]),
    upTo(10 - kept.length).map(n => ['b', n + 1]),
  )
  assert.is(run.snapshot().stages[1]!.dropped, 10 - kept.length)
})

overflow('`drop-oldest` drops what has waited longest, counted and told', async () => {
  const { run, held, results, events } = await flooded('drop-oldest')
  held.open()
  const kept = await results
  assert.equal(kept.slice(-3), [7, 8, 9])
  assert.is((await within(1_000, run.done)).dropped, 10 - kept.length)
  assert.is(events.filter(event => event.type === 'item.dropped').length, 10 - kept.length)
})

overflow('`fail` fails the run, and says which channel was full', async () => {
  const { run, held, results } = await flooded('fail')
  held.open()
  const error = await failureOf(run.done)
  assert.instance(error, StageFailed)
  assert.instance(error.cause, ChannelFull)
  assert.is(
    error.cause.message,
    'the channel before b was full (3 of 3 items, 0 of 67108864 bytes): raise its `capacity`, or choose an `overflow`',
  )
  await failureOf(results)
})

overflow('`wait` waits: nothing is lost', async () => {
  const { run, held, results } = await flooded('wait')
  held.open()
  assert.equal(await results, upTo(10))
  assert.is((await run.done).dropped, 0)
})

overflow('counts drops so that everything that came in is accounted for', async () => {
  for (const how of ['drop-newest', 'drop-oldest'] as const) {
    const run = pipeline('p')
      .from(upTo(1000))
      .stage('a', (n: number) => n)
      .stage('b', async (n: number) => n, { capacity: 5, overflow: how })
      .stage('c', async (n: number) => n, { capacity: 1, overflow: how, concurrency: 2 })
      .run()
    const { length } = await all(run)
    const summary = await run.done
    assert.is(summary.emitted, length)
    assert.is(summary.received, length + summary.dropped + summary.deadLetters + summary.unfinished, how)
    assert.ok(summary.dropped > 0, how)
  }
})

/** A Subject into a pipeline whose first stage is held up. */
function pushed(options?: { overflow?: Overflow; capacity?: number }) {
  const subject = new Subject<number>()
  const held = gate()
  const run = pipeline('p')
    .from(subject, options)
    .stage('s', async (n: number) => {
      await held.promise
      return n
    })
    .run()
  const results = all(run)
  results.catch(() => {})
  return { subject, held, run, results }
}

overflow('of an Observable source fails where nothing else is said: it cannot be asked to wait', async () => {
  const { subject, held, run } = pushed({ capacity: 2 })
  await turns()
  for (const n of upTo(4)) subject.next(n)
  held.open()
  const error = await failureOf(run.done)
  assert.is(error.stage, 'source')
  assert.instance(error.cause, ChannelFull)
  assert.is(
    error.cause.message,
    'the channel before s was full (2 of 2 items, 0 of 67108864 bytes): raise its `capacity`, or choose an `overflow`',
  )
  assert.is(subject.observed, false)
})

overflow('of an Observable source drops where that is said', async () => {
  for (const [how, kept] of [
    ['drop-newest', [0, 1, 2]],
    ['drop-oldest', [0, 8, 9]],
  ] as const) {
    const { subject, held, run, results } = pushed({ capacity: 2, overflow: how })
    await turns()
    for (const n of upTo(10)) subject.next(n)
    subject.complete()
    held.open()
    assert.equal(await results, kept)
    assert.equal([(await run.done).received, (await run.done).dropped], [10, 7])
  }
})

overflow('of an async source is what the option says, too: it is read on, and drops', async () => {
  const held = gate()
  const run = pipeline('p')
    .from(
      async function* () {
        yield* upTo(10)
      },
      { capacity: 2, overflow: 'drop-oldest' },
    )
    .stage('s', async (n: number) => {
      await held.promise
      return n
    })
    .run()
  const results = all(run)
  await turns()
  held.open()
  assert.equal(await results, [0, 8, 9])
  assert.is((await run.done).dropped, 7)
})

overflow('of an Observable that a function made is that of an Observable', async () => {
  const subject = new Subject<number>()
  const run = pipeline('p')
    .from((() => subject) as any, { capacity: 2 })
    .stage('s', () => gate().promise)
    .supervise({ grace: 0 })
    .run()
  const failed = failureOf(run.done)
  await turns()
  for (const n of upTo(4)) subject.next(n)
  assert.instance((await failed).cause, ChannelFull)
})

overflow.run()
