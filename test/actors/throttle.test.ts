import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { throttle } from '../../actors/throttle.ts'
import { InvalidOptions, pipeline } from '../../src/index.ts'
import { faulty, manualClock, runActor } from '../../src/testing/index.ts'
import { upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const slow = suite('throttle')

slow('passes so many at once, and the next when the first is a period ago', async () => {
  const { clock, run, left } = started({ items: 2, per: 100 })
  for (const n of upTo(5)) await run.send(n)
  await turns()
  assert.equal(left, [0, 1])
  clock.advance(99)
  await turns()
  assert.equal(left, [0, 1])
  clock.advance(1)
  await turns()
  assert.equal(left, [0, 1, 2, 3])
  clock.advance(100)
  await turns()
  assert.equal(left, [0, 1, 2, 3, 4])
  await within(5_000, run.stop())
  assert.is(clock.pending, 0)
})

slow('passes no more than so many in any period, in order, and makes nobody wait for nothing', async () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 25, size: 'max' })
  const most = fc.integer({ min: 1, max: 4 })
  const property = fc.asyncProperty(pauses, most, async (pauses, items) => {
    const { clock, run, left } = started({ items, per: 50 })
    const passed: number[] = []
    run.output.subscribe(() => passed.push(clock.now()))
    let came = 0
    const expected: number[] = []
    for (const [n, pause] of pauses.entries()) {
      came += pause
      expected.push(Math.max(came, (expected[n - items] ?? -Infinity) + 50))
    }
    let now = 0
    for (const [n, pause] of pauses.entries()) {
      for (now += pause; clock.now() < now; await turns(3)) clock.advance(1)
      await run.send(n)
      await turns(3)
    }
    run.end()
    await clock.until(run.done)
    assert.equal(left, upTo(pauses.length))
    assert.equal(passed, expected)
  })
  await fc.assert(property, { numRuns: 20 })
})

slow('has the source wait', async () => {
  const clock = manualClock()
  const run = pipeline('t')
    .from(upTo(100_000), { capacity: 10 })
    .stage('limit', throttle({ items: 5, per: 1_000 }))
    .run({ clock })
  run.output.subscribe()
  await turns()
  assert.ok(run.snapshot().stages[0]!.received <= 6)
  const stopping = run.stop()
  await clock.until(stopping)
})

slow('ends its wait when the run is cancelled', async () => {
  const clock = manualClock()
  const cancel = new AbortController()
  const run = pipeline('t')
    .from([1, 2])
    .stage('limit', throttle({ items: 1, per: 1_000_000 }))
    .run({ clock, signal: cancel.signal })
  run.output.subscribe({ error: () => {} })
  await turns()
  assert.ok(clock.pending >= 1)
  cancel.abort(new Error('enough'))
  assert.is(
    await within(
      5_000,
      run.done.catch((error: Error) => error.message),
    ),
    'enough',
  )
  assert.is(clock.pending, 0)
})

slow('has a limit for each key', async () => {
  const { emitted, millis } = await runActor(throttle<string>({ items: 1, per: 100 }), ['a', 'b', 'a', 'b', 'a'], {
    key: (item: string) => item,
    workers: 2,
    clock: manualClock(),
  })
  assert.equal([emitted, millis], [['a', 'b', 'a', 'b', 'a'], 200])
})

slow('keeps to its limit when its worker is restarted', async () => {
  const flaky = faulty(throttle<number>({ items: 1, per: 100 }), { dies: 1 })
  const { emitted, millis } = await runActor(flaky, upTo(4), { clock: manualClock() })
  assert.equal([emitted, millis], [[0, 2, 3], 200])
})

slow('goes by the machine’s clock, without another', async () => {
  const begun = performance.now()
  await runActor(throttle<number>({ items: 2, per: 20 }), upTo(6))
  assert.ok(performance.now() - begun >= 40)
})

slow('refuses what is missing or no number', () => {
  for (const options of [
    undefined,
    {},
    { items: 1 },
    { items: 0, per: 1 },
    { items: 1, per: 0 },
    { items: 1, per: Infinity },
  ]) {
    assert.throws(
      () => throttle(options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

slow.run()

function started(options: { items: number; per: number }) {
  const clock = manualClock()
  const run = pipeline<number>('t').stage('limit', throttle(options)).run({ clock })
  const left: number[] = []
  run.output.subscribe(n => left.push(n))
  return { clock, run, left }
}
