import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ChannelFull, RunEnded, SendAfterEnd, StageFailed, UndefinedItem } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { failureOf } from '../support/failure.ts'
import { type Gate, gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const sending = suite('send')

/** Handlers that wait for the test, one gate an item. */
function gated(how: object = {}) {
  const gates: Gate[] = []
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number) => {
        const mine = gate()
        gates[n] = mine
        await mine.promise
        return n
      },
      how,
    )
    .run()
  return { run, gates }
}

sending('hands items in, in order', async () => {
  const run = pipeline<number>('p')
    .map(n => n * 2)
    .run()
  const results = all(run)
  for (const n of [1, 2, 3]) await within(1_000, run.send(n))
  run.end()
  assert.equal(await results, [2, 4, 6])
  assert.is((await run.done).received, 3)
})

sending('need not be awaited: what was sent first goes in first', async () => {
  const run = pipeline<number>('p')
    .stage('s', async n => n, { capacity: 2 })
    .run()
  const results = all(run)
  const sent = upTo(5000).map(n => run.send(n))
  run.end()
  await within(5_000, Promise.all(sent))
  assert.equal(await results, upTo(5000))
})

sending('resolves when there is room', async () => {
  const { run, gates } = gated({ capacity: 2 })
  const results = all(run)
  const sent: number[] = []
  for (const n of upTo(5)) void run.send(n).then(() => sent.push(n))
  await turns()
  assert.equal(sent, [0, 1, 2], 'one in hand, two in the channel')
  gates[0]!.open()
  await turns()
  gates[1]!.open()
  await turns()
  assert.equal(sent, [0, 1, 2, 3, 4])
  for (const n of [2, 3, 4]) {
    await turns()
    gates[n]!.open()
  }
  run.end()
  assert.equal(await results, upTo(5))
})

sending('at capacity 0 resolves when a worker takes it', async () => {
  const { run, gates } = gated({ capacity: 0 })
  const results = all(run)
  const sent: number[] = []
  for (const n of upTo(3)) void run.send(n).then(() => sent.push(n))
  for (const n of upTo(3)) {
    await turns()
    assert.equal(sent, upTo(n + 1))
    gates[n]!.open()
  }
  run.end()
  assert.equal(await results, upTo(3))
})

sending('before the run has begun waits for it', async () => {
  let handled = 0
  const run = pipeline<number>('p')
    .map(n => ++handled && n)
    .run()
  const sent = run.send(1)
  assert.is(handled, 0)
  await within(1_000, sent)
  run.end()
  assert.equal(await all(run), [1])
})

sending('after `end()` is refused, and the item comes back with the error', async () => {
  const run = pipeline<{ id: number }>('p').run()
  run.end()
  const item = { id: 7 }
  const error = await failureOf(run.send(item))
  assert.instance(error, SendAfterEnd)
  assert.is(error.item, item)
  assert.is(error.message, 'p takes no more items: end() or stop() was called, or its run is over')
  assert.equal(await all(run), [])
})

sending('after `stop()`, after the end, and after a failure is refused', async () => {
  const stopped = pipeline<number>('p').run()
  const ending = stopped.stop()
  assert.instance(await failureOf(stopped.send(1)), SendAfterEnd)
  await within(1_000, ending)
  assert.instance(await failureOf(stopped.send(1)), SendAfterEnd)

  const failing = pipeline<number>('p')
    .map(() => {
      throw new Error('no')
    })
    .run()
  await failing.send(1)
  await failureOf(failing.done)
  assert.instance(await failureOf(failing.send(2)), SendAfterEnd)
})

sending('of `undefined` is refused, and the run goes on', async () => {
  const run = pipeline<any>('p').run()
  await run.send(1)
  const error = await failureOf(run.send(undefined))
  assert.instance(error, UndefinedItem)
  assert.is(
    error.message,
    'send gave `undefined` as item 1: undefined means "nothing here"; leave it out, or give null',
  )
  await run.send(null)
  run.end()
  assert.equal(await all(run), [1, null])
})

sending('into a pipeline whose source is connected is refused', async () => {
  const run: any = pipeline('p').from([1]).run()
  assert.instance(await failureOf(run.send(2)), SendAfterEnd)
  assert.instance(await failureOf(run.ask(2)), SendAfterEnd)
  assert.equal(await all(run), [1])
})

sending('that waits in line is still taken after `end()` and `stop()`', async () => {
  for (const finish of ['end', 'stop'] as const) {
    const run = pipeline<number>('p')
      .stage('s', async (n: number) => n, { capacity: 1 })
      .run()
    const results = all(run)
    const sent = Promise.all(upTo(10).map(n => run.send(n)))
    void run[finish]()
    await within(1_000, sent)
    assert.equal(await results, upTo(10))
  }
})

sending('that waits in line when the run fails is refused with its failure, and was not received', async () => {
  const held = gate()
  const run = pipeline<number>('p')
    .stage(
      's',
      async () => {
        await held.promise
        throw new Error('no')
      },
      { capacity: 1 },
    )
    .run()
  const sent = upTo(5).map(n => run.send(n))
  const refused = sent.slice(2).map(promise => failureOf(promise))
  await within(1_000, Promise.all(sent.slice(0, 2)))
  held.open()
  const failure = await failureOf(run.done)
  for (const each of refused) assert.is(await each, failure)
  assert.instance(failure, StageFailed)
  assert.is(failure.unfinished, 2, 'the one that failed, and the one in the channel')
})

sending('that waits in line when the loop is left is refused', async () => {
  const run = pipeline<number>('p')
    .stage('s', async (n: number) => n, { capacity: 1 })
    .run()
  const held = upTo(3000).map(n =>
    run.send(n).then(
      () => 'sent',
      error => error,
    ),
  )
  for await (const n of run) if (n === 2) break
  const fates = await within(1_000, Promise.all(held))
  const summary = await run.done
  const sent = fates.filter(fate => fate === 'sent').length
  assert.is(summary.received, sent)
  assert.is(summary.unfinished, sent - 3)
  assert.ok(fates.slice(sent).every(fate => fate instanceof RunEnded))
})

sending('to a full channel that fails, or drops, never waits', async () => {
  const failing = gated({ capacity: 1, overflow: 'fail' })
  const fates = await Promise.all(
    upTo(4).map(n =>
      turns(2)
        .then(() => failing.run.send(n))
        .then(
          () => 'in',
          error => error,
        ),
    ),
  )
  assert.equal(fates.slice(0, 2), ['in', 'in'])
  for (const error of fates.slice(2)) assert.instance(error, ChannelFull)
  for (const n of [0, 1]) {
    failing.gates[n]!.open()
    await turns()
  }
  failing.run.end()
  assert.equal(await all(failing.run), [0, 1])

  const dropping = gated({ capacity: 1, overflow: 'drop-newest' })
  await turns()
  for (const n of upTo(4)) {
    await within(1_000, dropping.run.send(n))
    await turns(2)
  }
  for (const n of [0, 1]) {
    dropping.gates[n]!.open()
    await turns()
  }
  dropping.run.end()
  assert.equal(await all(dropping.run), [0, 1])
  assert.equal([(await dropping.run.done).received, (await dropping.run.done).dropped], [4, 2])
})

sending('a great many at once takes time in proportion', async () => {
  const run = pipeline<number>('p')
    .stage('sink', () => undefined)
    .run()
  const before = performance.now()
  const sent = upTo(200_000).map(n => run.send(n))
  run.end()
  await within(20_000, Promise.all(sent))
  assert.is((await run.done).received, 200_000)
  assert.ok(performance.now() - before < 10_000)
})

sending.run()
