import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type WindowOptions, window } from '../../actors/window.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { expectModel, faulty, manualClock, runActor } from '../../src/testing/index.ts'
import { upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

/* ── By count ───────────────────────────────────────────────────────────── */

const byCount = suite('window by count')

for (const [options, expected] of [
  [{ size: 3 }, ['012', '345', '6']],
  [{ size: 3, partial: 'drop' }, ['012', '345']],
  [{ size: 3, every: 1 }, ['012', '123', '234', '345', '456']],
  [{ size: 3, every: 2 }, ['012', '234', '456']],
  [{ size: 4, every: 2 }, ['0123', '2345', '456']],
  [{ size: 4, every: 2, partial: 'drop' }, ['0123', '2345']],
  [{ size: 2, every: 3 }, ['01', '34', '6']],
  [{ size: 3, every: 4 }, ['012', '456']],
  [{ size: 9, every: 1 }, ['0123456']],
  [{ size: 1 }, ['0', '1', '2', '3', '4', '5', '6']],
] as [WindowOptions, string[]][]) {
  byCount(`gives ${expected.join(' ')} of seven items with ${JSON.stringify(options)}`, async () => {
    const { emitted } = await runActor(window<number>(options), upTo(7))
    assert.equal(
      emitted.map(items => items.join('')),
      expected,
    )
  })
}

byCount('begins every so many items, holds so many, and leaves none out that are not between two', async () => {
  const shape = fc.record({ size: fc.integer({ min: 1, max: 5 }), every: fc.integer({ min: 1, max: 5 }) })
  const property = fc.asyncProperty(fc.nat(20), shape, async (count, { size, every }) => {
    const windows = await expectModel(pipeline<number>('t').stage('w', window({ size, every })), upTo(count))
    for (const [k, items] of windows.entries()) {
      assert.equal(items, upTo(count).slice(k * every, k * every + size))
      assert.ok(items.length === size || k === windows.length - 1)
    }
    const held = new Set(windows.flat())
    for (const n of upTo(count)) assert.is(held.has(n), n % every < size)
  })
  await fc.assert(property, { numRuns: 100 })
})

byCount('has windows for each key, and keeps them when a worker dies', async () => {
  const keyed = pipeline<number>('t').stage('w', window({ size: 2 }), { key: n => n % 2, workers: 2 })
  assert.equal(await expectModel(keyed, upTo(5)), [[0, 2], [1, 3], [4]])
  const flaky = faulty(window<number>({ size: 3, every: 2 }), { dies: [1, 4] })
  assert.equal((await runActor(flaky, upTo(8))).emitted, [
    [0, 2, 3],
    [3, 5, 6],
    [6, 7],
  ])
})

byCount.run()

/* ── By time ────────────────────────────────────────────────────────────── */

const byTime = suite('window by time')

byTime('gives what came while it lasted, when it is over', async () => {
  const { at, left, clock, stop } = started({ millis: 100 })
  await at(5_000, 1)
  await at(5_060, 2)
  await at(5_099)
  assert.equal(left, [])
  await at(5_100)
  assert.equal(left, [[1, 2]])
  assert.is(clock.pending, 0, 'nothing is held')
  await at(5_100, 3)
  await at(5_250, 4)
  assert.equal(left, [[1, 2], [3]])
  await stop()
  assert.equal(left, [[1, 2], [3], [4]])
  assert.is(clock.pending, 0)
})

byTime('goes on by its timetable when nothing has come for long', async () => {
  const { at, left, stop } = started({ millis: 100 })
  await at(0, 1)
  await at(1_050, 2)
  await at(1_099, 3)
  await at(1_100, 4)
  assert.equal(left, [[1], [2, 3]])
  await stop()
})

byTime('gives items again while they are in the next windows, and then no more', async () => {
  const { at, left, clock, stop } = started({ millis: 100, every: 50 })
  await at(0, 1)
  await at(60, 2)
  await at(100)
  assert.equal(left, [[1, 2]])
  await at(150)
  assert.equal(left, [[1, 2], [2]])
  assert.is(clock.pending, 0)
  await stop()
  assert.equal(left, [[1, 2], [2]], 'the end does not give again what was given')
})

byTime('leaves out what comes between two windows', async () => {
  const { at, left, stop } = started({ millis: 50, every: 100 })
  await at(0, 1)
  await at(60, 2)
  await at(120, 3)
  await at(149, 4)
  await at(160, 5)
  await stop()
  assert.equal(left, [[1], [3, 4]])
})

byTime('drops, at the end, what no window has held, where it is told to', async () => {
  const { at, left, stop } = started({ millis: 100, partial: 'drop' })
  await at(0, 1)
  await stop()
  assert.equal(left, [])
})

byTime('gives the windows of its timetable, whatever that is', async () => {
  const shape = fc.record({ millis: fc.integer({ min: 1, max: 60 }), every: fc.integer({ min: 1, max: 60 }) })
  const pauses = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 15, size: 'max' })
  const property = fc.asyncProperty(pauses, shape, async (pauses, { millis, every }) => {
    const { at, left, stop } = started({ millis, every })
    const times: number[] = []
    for (const pause of pauses) times.push((times.at(-1) ?? 0) + pause)
    for (const [n, time] of times.entries()) await at(time, n)
    const end = times.at(-1) ?? 0
    await stop()
    const origin = times[0] ?? 0
    const expected: number[][] = []
    const held = new Set<number>()
    const inside = (k: number) =>
      [...times.keys()].filter(n => {
        const since = times[n]! - origin - k * every
        return since >= 0 && since < millis
      })
    for (let k = 0; origin + k * every <= end; k++) {
      const items = inside(k)
      const isOver = origin + k * every + millis <= end
      if (items.length > 0 && (isOver || items.some(n => !held.has(n)))) {
        expected.push(items)
        for (const n of items) held.add(n)
      }
      if (!isOver) break
    }
    assert.equal(left, expected)
  })
  await fc.assert(property, { numRuns: 60 })
})

byTime('holds no more than it may', async () => {
  const { failure, emitted } = await runActor(window<number>({ millis: 1_000, most: 3 }), upTo(5), {
    clock: manualClock(),
  })
  assert.equal([emitted, failure?.sequence], [[], 3])
  assert.is((failure!.cause as Error).message, 'a window of 1000 ms holds more than 3 items: raise `most`')
})

byTime('is one window to the model, for which no time passes', async () => {
  const timed = pipeline<number>('t').stage('w', window({ millis: 1_000 }))
  assert.equal(await expectModel(timed, upTo(4)), [upTo(4)])
})

byTime.run()

const refused = suite('window refuses')

refused('neither size nor time, both, and what is no number', () => {
  for (const options of [{}, { size: 1, millis: 1 }, { size: 3, every: 0.5 }]) {
    assert.throws(
      () => window(options),
      (error: unknown) => error instanceof InvalidOption,
    )
  }
  for (const options of [
    { size: 0 },
    { millis: 0 },
    { size: 1, every: 0 },
    { size: 1, partial: 'keep' },
    { millis: 1, most: 0 },
    { length: 3 },
  ]) {
    assert.throws(
      () => window(options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

refused.run()

function started(options: WindowOptions) {
  const clock = manualClock()
  const run = pipeline<number>('t').stage('window', window(options)).run({ clock })
  const left: number[][] = []
  run.output.subscribe(items => left.push(items))
  return {
    clock,
    left,
    /** Moves to a time, and sends an item then. */
    async at(time: number, item?: number) {
      await turns(4)
      clock.advance(time - clock.now())
      await turns(8)
      if (item !== undefined) await run.send(item)
      await turns(8)
    },
    async stop() {
      await within(5_000, run.stop())
    },
  }
}
