import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, endless, take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const leaving = suite('leaving the loop')

leaving('cancels: the rest is unfinished, `done` resolves, the source is told', async () => {
  const counted = endless()
  const run = pipeline('p')
    .from(counted.source)
    .stage('s', (n: number) => n)
    .run()
  const results: number[] = []
  for await (const n of run) {
    results.push(n)
    if (n === 4) break
  }
  const summary = await within(1_000, run.done)
  assert.equal(results, [0, 1, 2, 3, 4])
  assert.is(counted.returned, 1)
  assert.is(summary.received, counted.pulled)
  assert.is(summary.unfinished, counted.pulled - 5)
})

leaving('is over when handlers are: `break` waits for them, and they are told by their signal', async () => {
  const told: unknown[] = []
  const run = pipeline('p')
    .from(upTo(10))
    .stage(
      's',
      async (n: number, { signal }) => {
        if (n > 2) await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
        if (signal.aborted) told.push(n)
        return n
      },
      { concurrency: 3 },
    )
    .run()
  for await (const n of run) if (n === 2) break
  assert.equal(told.sort(), [3, 4, 5])
  const summary = await within(1_000, run.done)
  assert.is(summary.unfinished, summary.received - 3)
})

leaving('tells an async source, without waiting for what it is waiting for', async () => {
  let returned = 0
  const source = {
    [Symbol.asyncIterator]() {
      let n = 0
      return {
        next: () => (n < 3 ? Promise.resolve({ done: false, value: n++ }) : new Promise<never>(() => {})),
        return: () => {
          returned++
          return Promise.resolve({ done: true as const, value: undefined })
        },
      }
    },
  }
  const run = pipeline('p')
    .from(source as AsyncIterable<number>)
    .run()
  for await (const n of run) if (n === 2) break
  await within(1_000, run.done)
  assert.is(returned, 1)
})

leaving('by a throw gives the thrower its own error, and cancels as well', async () => {
  const counted = endless()
  const run = pipeline('p').from(counted.source).run()
  const reading = async () => {
    for await (const n of run) if (n === 1) throw new Error('mine')
  }
  assert.is((await failureOf(reading())).message, 'mine')
  await within(1_000, run.done)
  assert.is(counted.returned, 1)
})

leaving('does not cancel while somebody else reads', async () => {
  const run = pipeline('p').from(upTo(10)).run()
  const others: number[] = []
  run.output.subscribe(n => others.push(n))
  for await (const n of run) if (n === 2) break
  await within(1_000, run.done)
  assert.equal(others, upTo(10))
})

leaving('after `stop()` lets the drain go on', async () => {
  const run = pipeline('p')
    .from(upTo(5))
    .stage('s', async (n: number) => n)
    .run()
  const loop = run[Symbol.asyncIterator]()
  await take(loop, 1)
  const stopped = run.stop()
  await loop.return!()
  assert.is((await within(1_000, stopped)).unfinished, 0)
})

leaving('counts what left and was not read as unfinished, and it is gone: nothing twice', async () => {
  const run = pipeline('p')
    .from(upTo(100))
    .stage('s', (n: number) => n)
    .run()
  const loop = run[Symbol.asyncIterator]()
  const mine = await take(loop, 7)
  await within(1_000, loop.return!())
  assert.equal(mine, upTo(7))
  assert.equal(await all(run), [])
  const { emitted, unfinished } = await run.done
  assert.equal([emitted, unfinished], [7, 93])
})

leaving('hides a failure that the reader had not come to', async () => {
  for (const last of upTo(5)) {
    const run = pipeline('p')
      .from(upTo(10))
      .map(n => {
        if (n === 5) throw new Error('five')
        return n
      })
      .run()
    for await (const n of run) if (n === last) break
    await within(1_000, run.done)
  }
})

leaving.run()

const aborting = suite('an aborted signal')

aborting('before the start rejects with its reason, and nothing is asked', async () => {
  const reason = new Error('changed my mind')
  let asked = 0
  const source = () => {
    asked++
    return [1]
  }
  const run = pipeline('p')
    .from(source)
    .run({ signal: AbortSignal.abort(reason) })
  assert.is(await failureOf(run.done), reason)
  await turns(3)
  assert.is(asked, 0)
})

aborting('in the turn of the start rejects with its reason, and nothing is asked', async () => {
  const controller = new AbortController()
  let asked = 0
  const source = () => {
    asked++
    return [1]
  }
  const run = pipeline('p').from(source).run({ signal: controller.signal })
  controller.abort('now')
  assert.is(await failureOf(run.done), 'now')
  assert.is(asked, 0)
})

aborting('while items are under way rejects with its reason, for whoever waits', async () => {
  const controller = new AbortController()
  const counted = endless()
  let told = 0
  const run = pipeline('p')
    .from(counted.source)
    .stage('s', async (n: number, { signal }) => {
      if (n === 3) {
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
        told++
      }
      return n
    })
    .run({ signal: controller.signal })
  const loop = run[Symbol.asyncIterator]()
  assert.equal(await take(loop, 3), [0, 1, 2])
  const next = failureOf(loop.next())
  const pushed = failureOf(new Promise((_, reject) => run.output.subscribe({ error: reject })))
  const consumed = failureOf(run.consume(() => {}))
  const reason = new Error('enough')
  controller.abort(reason)
  for (const failure of [run.done, next, pushed, consumed]) {
    assert.is(failure === run.done ? await failureOf(failure) : await failure, reason)
  }
  assert.is(told, 1)
  assert.is(counted.returned, 1)
})

aborting('rejects with whatever the reason is', async () => {
  for (const reason of ['text', 0, null, { any: 'thing' }]) {
    const run = pipeline('p')
      .from([1])
      .run({ signal: AbortSignal.abort(reason) })
    assert.is(await failureOf(run.done), reason)
  }
  const run = pipeline('p').from([1]).run({ signal: AbortSignal.abort() })
  assert.is((await failureOf(run.done)).name, 'AbortError')
})

aborting('ends a drain', async () => {
  const controller = new AbortController()
  const held = gate()
  const run = pipeline('p')
    .from([1])
    .stage('s', () => held.promise)
    .run({ signal: controller.signal })
  run.output.subscribe()
  await turns(3)
  const stopped = failureOf(run.stop())
  controller.abort('at once')
  await turn()
  held.open()
  assert.is(await stopped, 'at once')
})

aborting('after the end changes nothing, and nobody listens to it any more', async () => {
  const controller = new AbortController()
  let listening = 0
  const { signal } = controller
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listening++
    add(...args)
  }) as typeof add
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listening--
    remove(...args)
  }) as typeof remove
  const run = pipeline('p').from([1]).run({ signal })
  assert.is(listening, 1)
  assert.equal(await all(run), [1])
  await within(1_000, run.done)
  assert.is(listening, 0)
  controller.abort()
  await within(1_000, run.done)
})

aborting('does not wait for a handler that ignores it for longer than the grace period', async () => {
  const controller = new AbortController()
  const clock = manualClock()
  const run = pipeline('p')
    .from([7])
    .stage('s', () => new Promise<never>(() => {}))
    .run({ clock, signal: controller.signal })
  let error: any
  run.done.catch(reason => (error = reason))
  await turns()
  controller.abort(new Error('enough'))
  clock.advance(14_999)
  await turns()
  assert.is(error, undefined)
  clock.advance(1)
  await until(() => error !== undefined, 'the end')
  assert.equal([error.name, error.abandoned], ['GraceExceeded', ['p/s#0 item 0']])
})

aborting.run()
