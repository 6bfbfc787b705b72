import { firstValueFrom, lastValueFrom, map, Subject, take as takeFirst, toArray } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { thrownBy } from '../support/failure.ts'
import { type Gate, gate } from '../support/gate.ts'
import { all, endless, take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const reading = suite('results')

reading('go to a subscriber as they leave, and then it hears of the end', async () => {
  const heard: unknown[] = []
  const run = pipeline('p').from([1, 2, 3]).run()
  run.output.subscribe({ next: n => heard.push(n), complete: () => heard.push('end') })
  await within(1_000, run.done)
  assert.equal(heard, [1, 2, 3, 'end'])
})

reading('are an Observable like any other: operators and helpers of RxJS take it', async () => {
  const numbers = pipeline('p')
    .from([1, 2, 3])
    .map(n => n * 10)
  assert.is(await within(1_000, lastValueFrom(numbers.run().output)), 30)
  assert.equal(
    await within(
      1_000,
      lastValueFrom(
        numbers.run().output.pipe(
          map(n => n + 1),
          toArray(),
        ),
      ),
    ),
    [11, 21, 31],
  )
  const run = numbers.run()
  assert.is(await within(1_000, firstValueFrom(run.output)), 10)
  assert.equal(await all(run), [20, 30])
})

reading('are pulled by `for await`, which slows the source', async () => {
  const counted = endless()
  const run = pipeline('p')
    .from(counted.source, { capacity: 4 })
    .stage('s', (n: number) => n)
    .run()
  const loop = run[Symbol.asyncIterator]()
  assert.equal(await take(loop, 3), [0, 1, 2])
  await turns()
  const ahead = counted.pulled
  await turns()
  assert.is(counted.pulled, ahead, 'nothing is asked for while the loop asks for nothing')
  await take(loop, 1000)
  await turns()
  assert.ok(counted.pulled > ahead, 'it goes on with the loop')
  await within(1_000, loop.return!())
})

reading('wait for the first reader', async () => {
  const run = pipeline('p').from([1, 2, 3]).run()
  await turns()
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  await within(1_000, run.done)
  assert.equal(results, [1, 2, 3])
})

reading('reach every one of several readers, each of them all', async () => {
  const run = pipeline('p').from(upTo(3000)).run()
  const pushed: number[] = []
  const consumed: number[] = []
  run.output.subscribe(n => pushed.push(n))
  const [first, second] = await Promise.all([
    all(run),
    all(run),
    within(
      5_000,
      run.consume(n => void consumed.push(n)),
    ),
  ])
  for (const results of [pushed, consumed, first, second]) assert.equal(results, upTo(3000))
})

reading('are paced by the slowest reader that pulls', async () => {
  const counted = endless()
  const run = pipeline('p').from(counted.source).run()
  let pushed = 0
  run.output.subscribe(() => pushed++)
  const fast = run[Symbol.asyncIterator]()
  const slow = run[Symbol.asyncIterator]()
  await take(slow, 5)
  void take(fast, 1_000_000).catch(() => {})
  await turns(50)
  assert.ok(pushed <= 5 + 1024, `the subscriber has ${pushed}`)
  assert.ok(counted.pulled <= 5 + 2 * 1024, `the source gave ${counted.pulled}`)
  await take(slow, 2000)
  await turns(50)
  assert.ok(pushed >= 2005, `then the subscriber has ${pushed}`)
  assert.ok(pushed <= 2005 + 1024, `then the subscriber has ${pushed}`)
  await slow.return!()
  await fast.return!()
  // The subscriber is still there, and the source has no end.
  await within(1_000, run.stop())
})

reading('that are gone do not come back for one who is late', async () => {
  const sent = pipeline<number>('p').run()
  const early: number[] = []
  const late: number[] = []
  sent.output.subscribe(n => early.push(n))
  await sent.send(1)
  await turns()
  sent.output.subscribe(n => late.push(n))
  await sent.send(2)
  sent.end()
  await within(1_000, sent.done)
  assert.equal([early, late], [[1, 2], [2]])
})

reading('that a reader left behind wait for the next one', async () => {
  const run = pipeline('p').from(upTo(10)).run()
  const first: number[] = []
  run.output.pipe(takeFirst(3)).subscribe(n => first.push(n))
  await turns()
  assert.equal(first, [0, 1, 2])
  assert.equal(await all(run), [3, 4, 5, 6, 7, 8, 9])
})

reading('go on to the others when one reader leaves', async () => {
  const run = pipeline('p').from(upTo(2500)).run()
  const leaving = run[Symbol.asyncIterator]()
  const staying = all(run)
  await take(leaving, 3)
  await leaving.return!()
  assert.equal(await staying, upTo(2500))
  assert.is((await within(1_000, run.done)).unfinished, 0)
})

reading('can be subscribed to from within a subscriber, also after the end', async () => {
  const run = pipeline('p').from([1, 2, 3, 4]).run()
  await within(1_000, run.stop())
  const again = pipeline('p').from([1, 2, 3, 4]).run()
  await turns(3)
  await within(1_000, again.stop())
  const outer: number[] = []
  const inner: number[] = []
  again.output.subscribe(n => {
    outer.push(n)
    if (n === 2) again.output.subscribe(m => inner.push(m))
  })
  assert.equal(outer, [1, 2, 3, 4])
  assert.equal(inner.slice(-2), [3, 4])
})

reading('of several pending `next` calls come in order, and the end after them', async () => {
  const run = pipeline('p').from([1, 2]).run()
  const loop = run[Symbol.asyncIterator]()
  const four = await within(1_000, Promise.all([loop.next(), loop.next(), loop.next(), loop.next()]))
  assert.equal(four, [
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
})

reading('go to a consumer, never more than `concurrency` at once, and so many', async () => {
  for (const concurrency of [1, 2, 7]) {
    const clock = manualClock()
    const run = pipeline('p').from(upTo(50)).run({ clock })
    let atOnce = 0
    let most = 0
    const seen: number[] = []
    const consumed = run.consume(
      async n => {
        seen.push(n)
        most = Math.max(most, ++atOnce)
        await new Promise<void>(resolve => clock.setTimeout(resolve, 1 + (n % 3)))
        atOnce--
      },
      { concurrency },
    )
    let isOver = false
    void consumed.then(() => (isOver = true))
    await until(() => clock.next() || isOver, 'the end')
    while (!isOver) {
      clock.next()
      await turns(2)
    }
    await within(1_000, run.done)
    assert.is(most, concurrency)
    assert.equal(seen, upTo(50))
  }
})

reading('go to a consumer one at a time where it says nothing', async () => {
  const gates: Gate[] = []
  const run = pipeline('p').from([1, 2, 3]).run()
  const consumed = run.consume(() => {
    const next = gate()
    gates.push(next)
    return next.promise
  })
  for (let i = 0; i < 3; i++) {
    await turns()
    assert.is(gates.length, i + 1)
    gates[i]!.open()
  }
  await within(1_000, consumed)
})

reading('slow the source when the consumer is slow', async () => {
  const counted = endless()
  const run = pipeline('p').from(counted.source, { capacity: 4 }).run()
  const held = gate()
  let calls = 0
  void run.consume(() => {
    calls++
    return calls > 2000 ? held.promise : undefined
  })
  await until(() => calls > 2000, 'the 2,001st')
  await turns()
  assert.is(calls, 2001)
  assert.ok(counted.pulled <= 2001 + 1024 + 4, `${counted.pulled} were asked for`)
  held.open()
  await within(5_000, run.stop())
})

reading('are complete when `done` resolves: a consumer at work is waited for', async () => {
  const held = gate()
  const run = pipeline('p').from([1]).run()
  const events: string[] = []
  void run.consume(async () => {
    await held.promise
    events.push('consumed')
  })
  void run.done.then(() => events.push('done'))
  await turns()
  assert.equal(events, [])
  held.open()
  await within(1_000, run.done)
  assert.equal(events, ['consumed', 'done'])
})

reading('have a consumer that is a function, and options that it knows', async () => {
  const run = pipeline('p').from([1]).run()
  const consume = run.consume.bind(run) as (...args: any[]) => unknown
  assert.match(
    thrownBy(() => consume(3)).message,
    '`consume` must be given a function of the result, got 3 (number), in p',
  )
  assert.match(
    thrownBy(() => consume(() => {}, { concurrency: 0 })).message,
    '`concurrency` must be a whole number from 1, got 0 (number)',
  )
  assert.match(
    thrownBy(() => consume(() => {}, { concurency: 2 })).message,
    'unknown option `concurency`: did you mean `concurrency`?',
  )
  assert.equal(await all(run), [1])
})

reading('of a run that is over can still be read', async () => {
  const subject = new Subject<number>()
  const run = pipeline('p').from(subject).run()
  subject.next(1)
  subject.next(2)
  await within(1_000, run.stop())
  const pushed: unknown[] = []
  run.output.subscribe({ next: n => pushed.push(n), complete: () => pushed.push('end') })
  assert.equal(pushed, [1, 2, 'end'])
  assert.equal(await all(run), [])
})

reading.run()
