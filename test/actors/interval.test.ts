import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { interval } from '../../actors/interval.ts'
import { InvalidOption, pipeline } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'
import { take } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const ticks = suite('interval')

ticks('gives 0, 1, 2 …, one each time that so many milliseconds have gone by', async () => {
  const clock = manualClock(5_000)
  const run = pipeline('t').from(interval(100)).run({ clock })
  const seen: number[] = []
  run.output.subscribe(tick => seen.push(tick))
  await turns()
  for (const [pass, expected] of [
    [99, []],
    [1, [0]],
    [100, [0, 1]],
    [150, [0, 1, 2]],
    [50, [0, 1, 2, 3]],
  ] as const) {
    clock.advance(pass)
    await turns()
    assert.equal(seen, expected)
  }
  await within(5_000, run.stop())
})

ticks('skips those that nobody asked for, and keeps to its time', async () => {
  const clock = manualClock()
  const asked = interval(100)({ clock })[Symbol.asyncIterator]()
  clock.advance(1_050)
  assert.is((await asked.next()).value, 9, 'the latest that is due')
  const next = asked.next()
  clock.advance(49)
  assert.is(clock.pending, 1)
  clock.advance(1)
  assert.is((await next).value, 10)
  await asked.return!()
})

ticks('gives one for each period at most, in order, whenever it is asked', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(70), { maxLength: 30, size: 'max' }), async pauses => {
    const clock = manualClock()
    const asked = interval(20)({ clock })[Symbol.asyncIterator]()
    let last = -1
    for (const pause of pauses) {
      clock.advance(pause)
      const latest = Math.floor(clock.now() / 20) - 1
      const next = asked.next()
      clock.advance(latest > last ? 0 : (last + 2) * 20 - clock.now())
      const { value } = await next
      assert.is(value, Math.max(latest, last + 1))
      last = value
    }
    await asked.return!()
    assert.is(clock.pending, 0)
  })
  await fc.assert(property, { numRuns: 100 })
})

ticks('comes to a stage that has nothing to do, and no other, without a capacity', async () => {
  const clock = manualClock()
  const seen: number[] = []
  let done = () => {}
  const run = pipeline('t')
    .from(interval(100), { capacity: 0 })
    .stage('slow', async tick => {
      seen.push(tick)
      await new Promise<void>(resolve => (done = resolve))
    })
    .run({ clock })
  await turns()
  clock.advance(100)
  await turns()
  for (let i = 0; i < 10; i++) {
    clock.advance(100)
    await turns()
  }
  assert.equal(seen, [0])
  done()
  await turns()
  assert.ok(seen.length === 2 && seen[1]! >= 1, `${seen}`)
  done()
  const stopped = run.stop()
  await turns()
  done()
  await within(5_000, stopped)
})

ticks('ends when the run is stopped, at once, and leaves no timer', async () => {
  const clock = manualClock()
  const run = pipeline('t').from(interval(60_000)).run({ clock })
  run.output.subscribe()
  await turns()
  assert.is(clock.pending, 1)
  await within(5_000, run.stop())
  assert.is(clock.pending, 0)
})

ticks('goes by the machine’s clock, without another, and can be run twice', async () => {
  const twice = pipeline('t').from(interval(1))
  for (const _ of [1, 2]) {
    const run = twice.run()
    const [first, second] = await take(run[Symbol.asyncIterator](), 2)
    assert.ok(first! < second!)
    await within(5_000, run.stop())
  }
})

ticks('refuses what is no number above 0', () => {
  for (const millis of [0, -1, NaN, Infinity, '5', undefined]) {
    assert.throws(
      () => interval(millis as number),
      (error: unknown) => error instanceof InvalidOption,
    )
  }
})

ticks.run()
