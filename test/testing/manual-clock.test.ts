import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { TestDeadline } from '../../src/testing/errors.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { within } from '../support/within.ts'

const clock = suite('manualClock')

clock('stands still until it is told to move', () => {
  const time = manualClock(100)
  assert.is(time.now(), 100)
  time.advance(15)
  time.advance(0)
  assert.is(time.now(), 115)
})

clock('calls what is due, in the order in which it is due, each at its time', () => {
  const time = manualClock()
  const calls: [string, number][] = []
  for (const [name, millis] of [
    ['c', 30],
    ['a', 10],
    ['late', 31],
    ['b', 20],
  ] as const) {
    time.setTimeout(() => calls.push([name, time.now()]), millis)
  }
  time.advance(30)
  assert.equal(calls, [
    ['a', 10],
    ['b', 20],
    ['c', 30],
  ])
  assert.is(time.now(), 30)
  time.advance(1)
  assert.equal(calls.at(-1), ['late', 31])
})

clock('calls what was set first, of two that are due together', () => {
  const time = manualClock()
  const calls: string[] = []
  for (const name of ['first', 'second', 'third']) time.setTimeout(() => calls.push(name), 5)
  time.advance(5)
  assert.equal(calls, ['first', 'second', 'third'])
})

clock('calls on the way what was set on the way', () => {
  const time = manualClock()
  const calls: number[] = []
  const again = () => {
    calls.push(time.now())
    time.setTimeout(again, 10)
  }
  again()
  time.advance(35)
  assert.equal(calls, [0, 10, 20, 30])
  assert.is(time.now(), 35)
  assert.is(time.pending, 1)
})

clock('does not call what was cleared, even by what was due just before', () => {
  const time = manualClock()
  const calls: string[] = []
  const timer = time.setTimeout(() => calls.push('cleared'), 6)
  time.setTimeout(() => time.clearTimeout(timer), 5)
  time.clearTimeout('no such timer')
  time.advance(10)
  assert.equal(calls, [])
  assert.is(time.pending, 0)
})

clock('takes a wait below 0 for none', () => {
  const time = manualClock(50)
  let at = -1
  time.setTimeout(() => {
    at = time.now()
  }, -20)
  time.advance(0)
  assert.is(at, 50)
})

clock('goes to the next that is due, one at a time', () => {
  const time = manualClock()
  const calls: number[] = []
  for (const millis of [1_000, 5]) time.setTimeout(() => calls.push(time.now()), millis)
  assert.is(time.next(), true)
  assert.equal(calls, [5])
  assert.is(time.next(), true)
  assert.equal(calls, [5, 1_000])
  assert.is(time.next(), false)
  assert.is(time.now(), 1_000)
})

clock('says how many timers are set', () => {
  const time = manualClock()
  const timers = [1, 2, 3].map(millis => time.setTimeout(() => {}, millis))
  assert.is(time.pending, 3)
  time.clearTimeout(timers[0])
  assert.is(time.pending, 2)
  time.advance(2)
  assert.is(time.pending, 1)
})

clock('is where it was when what it calls throws, and can go on', () => {
  const time = manualClock()
  time.setTimeout(() => {
    throw new Error('boom')
  }, 5)
  let called = false
  time.setTimeout(() => {
    called = true
  }, 8)
  assert.throws(() => time.advance(10), 'boom')
  assert.is(time.now(), 5)
  time.advance(3)
  assert.is(called, true)
})

clock('goes forward only, by a time that there is', () => {
  const time = manualClock(7)
  for (const millis of [-1, NaN, Infinity, '5' as never]) assert.throws(() => time.advance(millis), /`millis` must be/)
  assert.throws(() => manualClock(NaN), /`start` must be/)
  time.setTimeout(() => time.advance(100), 5)
  time.advance(10)
  assert.is(time.now(), 112)
})

clock('never comes to the end of time, and takes what is no time for none', () => {
  const time = manualClock()
  let calls = 0
  time.setTimeout(() => assert.unreachable('never'), Infinity)
  time.setTimeout(() => calls++, NaN)
  assert.is(time.next(), true)
  assert.is(time.next(), false)
  assert.equal([calls, time.now(), time.pending], [1, 0, 1])
})

/* ── until ──────────────────────────────────────────────────────────────── */

const until = suite('manualClock, until')

until('moves to whatever is due next, until a promise is settled, and gives what that gives', async () => {
  const time = manualClock()
  const sleep = (millis: number) => new Promise<void>(resolve => time.setTimeout(resolve, millis))
  const work = async () => {
    for (let i = 0; i < 3; i++) await sleep(60_000)
    return 'done'
  }
  time.setTimeout(() => assert.unreachable('not that far'), 200_000)
  assert.is(await within(4_000, time.until(work())), 'done')
  assert.is(time.now(), 180_000)
})

until('throws what the promise rejects with', async () => {
  const time = manualClock()
  const failing = new Promise((_, reject) => time.setTimeout(() => reject(new Error('late')), 10))
  assert.is((await failureOf(time.until(failing))).message, 'late')
})

until('lets happen first what needs no time', async () => {
  const time = manualClock()
  const order: string[] = []
  time.setTimeout(() => order.push('timer'), 1)
  await time.until(Promise.resolve().then(() => order.push('promise')))
  assert.equal(order, ['promise'])
})

until('runs a pipeline with its backoffs', async () => {
  const time = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', (n, { attempt }) => (attempt < 4 ? assert.unreachable('again') : n), {
      retry: { attempts: 4, backoff: () => 3_600_000 },
    })
    .run({ clock: time })
  run.output.subscribe()
  assert.is((await time.until(run.done)).emitted, 1)
  assert.is(time.now(), 3 * 3_600_000)
})

until('wants a deadline that can come', async () => {
  for (const deadline of [0, NaN, -1]) {
    assert.match((await failureOf(manualClock().until(Promise.resolve(), deadline))).message, '`deadline` must be')
  }
  assert.is(await manualClock().until(Promise.resolve(1), Infinity), 1)
})

until('gives up when nothing is due any more, or always something', async () => {
  const never = new Promise(() => {})
  const still = manualClock(5)
  const error = await failureOf(still.until(never, 30))
  assert.instance(error, TestDeadline)
  assert.match(error.message, /stands at 5 ms, nothing is due\) within 30 ms of real time/)
  const busy = manualClock()
  const again = () => void busy.setTimeout(again, 1)
  again()
  assert.match((await failureOf(busy.until(never, 30))).message, /1 timers are set/)
})

until.run()
clock.run()
