import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BatchOptions, batch } from '../../actors/batch.ts'
import { InvalidOptions, pipeline, type Running } from '../../src/index.ts'
import { expectModel, faulty, type ManualClock, manualClock, runActor } from '../../src/testing/index.ts'
import { within } from '../support/within.ts'

/* ── By size ────────────────────────────────────────────────────────────── */

const bySize = suite('batch')

bySize('gathers `size` items, in order, and gives the rest at the end', async () => {
  assert.equal(await batched([1, 2, 3, 4, 5, 6, 7], 3), [[1, 2, 3], [4, 5, 6], [7]])
})

bySize('gives no empty batch', async () => {
  assert.equal(await batched([], 3), [])
  assert.equal(await batched([1, 2, 3], 3), [[1, 2, 3]])
})

bySize('of one gives each item in an array of its own', async () => {
  assert.equal(await batched(['a', 'b'], 1), [['a'], ['b']])
})

bySize('takes items that are no truth: null, 0, an empty array', async () => {
  assert.equal(await batched([null, 0, [], false, ''], 2), [[null, 0], [[], false], ['']])
})

bySize('loses nothing, and keeps the order, whatever the size and whoever comes before it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer()),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (items, size, waits) => {
        const before = pipeline('t').from(items)
        const stage = waits ? before.stage('wait', async n => n, { concurrency: 4 }) : before
        const batches = await collected(stage.stage('batch', batch({ size })).run())
        assert.equal(batches.flat(), items)
        assert.ok(batches.slice(0, -1).every(({ length }) => length === size))
      },
    ),
    { numRuns: 50 },
  )
})

bySize('drops the last one that is not full, where it is told to', async () => {
  const { emitted } = await runActor(batch<number>({ size: 3, partial: 'drop' }), [1, 2, 3, 4])
  assert.equal(emitted, [[1, 2, 3]])
  assert.equal((await runActor(batch<number>({ size: 3, partial: 'drop', within: 9 }), [1])).emitted, [])
})

bySize('has batches for each key', async () => {
  const cities = ['Bonn', 'Berlin', 'Rome', 'Basel', 'Riga'].map(name => ({ name, letter: name[0]! }))
  const batches = await expectModel(
    pipeline<(typeof cities)[number]>('t').stage('batch', batch({ size: 2 }), { key: 'letter', workers: 3 }),
    cities,
  )
  assert.equal(
    batches.map(cities => cities.map(({ name }) => name).join()),
    ['Bonn,Berlin', 'Rome,Riga', 'Basel'],
  )
})

bySize('loses nothing when its worker is restarted', async () => {
  const flaky = faulty(batch<number>({ size: 2 }), { dies: [1, 2] })
  const { emitted, restarts } = await runActor(flaky, [0, 1, 2, 3, 4])
  assert.equal([emitted, restarts], [[[0, 3], [4]], 2])
})

bySize.run()

/* ── By weight ──────────────────────────────────────────────────────────── */

bySize('without a bound gathers all there is, and by a key groups', async () => {
  assert.equal((await runActor(batch<number>({ size: Infinity }), [1, 2, 3])).emitted, [[1, 2, 3]])
  assert.equal((await runActor(batch<number>({ size: Infinity }), [])).emitted, [])
  for (const workers of [1, 3]) {
    const groups = pipeline<string>('t').stage('g', batch({ size: Infinity }), { key: word => word[0]!, workers })
    const words = ['mill', 'race', 'mud', 'wheel', 'rain']
    assert.equal(await expectModel(groups, words), [['mill', 'mud'], ['race', 'rain'], ['wheel']])
  }
})

const byWeight = suite('batch by weight')

byWeight('goes out before the item with which it would be too heavy, and when it is full', async () => {
  const items = [4, 5, 1, 2, 9, 30, 1].map(bytes => ({ bytes }))
  const { emitted } = await runActor(batch<{ bytes: number }>({ weight: 10, weigh: 'bytes' }), items)
  assert.equal(
    emitted.map(batch => batch.map(({ bytes }) => bytes)),
    [[4, 5, 1], [2], [9], [30], [1]],
  )
})

byWeight('counts items where nothing says what they weigh, and keeps to the size as well', async () => {
  assert.equal((await runActor(batch<number>({ weight: 2 }), [1, 2, 3])).emitted, [[1, 2], [3]])
  const both = batch<number>({ size: 2, weight: 10, weigh: (n: number) => n })
  assert.equal((await runActor(both, [1, 1, 1, 9, 9])).emitted, [[1, 1], [1, 9], [9]])
})

byWeight('keeps the order, and neither weight nor size is passed by two items', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(12)), fc.integer({ min: 1, max: 5 }), async (items, size) => {
    const weigh = (n: number) => n
    const batched = pipeline<number>('t').stage('batch', batch({ size, weight: 10, weigh }))
    const batches = await expectModel(batched, items)
    assert.equal(batches.flat(), items)
    const heavy = (batch: number[]) => batch.reduce((sum, n) => sum + n, 0)
    for (const [i, batch] of batches.entries()) {
      assert.ok(batch.length <= size && (batch.length === 1 || heavy(batch) <= 10))
      const next = batches[i + 1]?.[0]
      assert.ok(next === undefined || batch.length === size || heavy(batch) + next > 10 || heavy(batch) >= 10)
    }
  })
  await fc.assert(property, { numRuns: 100 })
})

byWeight('fails an item whose weight is none, and keeps what it has gathered', async () => {
  const items = [{ bytes: 1 }, { bytes: -1 }, {}, { bytes: Number.NaN }, { bytes: 2 }] as { bytes: number }[]
  const weighed = batch<{ bytes: number }>({ weight: 10, weigh: 'bytes' })
  const { emitted, deadLetters } = await runActor(weighed, items, { onFailure: 'skip' })
  assert.equal(emitted, [[{ bytes: 1 }, { bytes: 2 }]])
  assert.equal(
    deadLetters.map(({ sequence, error }) => [sequence, (error as Error).message]),
    [
      [1, 'an item of a batch must weigh a number from 0, got -1 (number)'],
      [2, 'an item of a batch must weigh a number from 0, got undefined (undefined)'],
      [3, 'an item of a batch must weigh a number from 0, got NaN (number)'],
    ],
  )
})

byWeight('travels, unless it weighs by a function', () => {
  const travels = batch({ weight: 10, weigh: 'bytes' })
  assert.match(travels.home.url, /batch\.js$/)
  const stays = batch({ weight: 10, weigh: (n: number) => n })
  assert.is(stays.home, undefined)
  assert.is(batch({ weight: 10, within: 5, weigh: (n: number) => n }).home, undefined)
})

byWeight.run()

/* ── By time ────────────────────────────────────────────────────────────── */

const byTime = suite('batch within')

byTime('gives what it has when the time of its first item is over', () =>
  timed({ size: 3, within: 100 }, async ({ send, pass, left }) => {
    await send(1)
    await pass(60)
    await send(2)
    await pass(39)
    assert.equal(left, [])
    await pass(1)
    assert.equal(left, [[1, 2]])
  }),
)

byTime('gives a full batch at once, and counts anew for the next', () =>
  timed({ size: 2, within: 100 }, async ({ send, pass, left }) => {
    await send(1)
    await pass(99)
    await send(2)
    assert.equal(left, [[1, 2]])
    await send(3)
    await pass(99)
    assert.equal(left, [[1, 2]])
    await pass(1)
    assert.equal(left, [[1, 2], [3]])
  }),
)

byTime('gives what is too heavy for one batch at once, and counts anew for the next', () =>
  timed({ weight: 10, weigh: (n: number) => n, within: 100 }, async ({ send, pass, left }) => {
    await send(6)
    await pass(60)
    await send(5)
    assert.equal(left, [[6]])
    await pass(99)
    assert.equal(left, [[6]])
    await pass(1)
    assert.equal(left, [[6], [5]])
  }),
)

byTime('gives nothing while nothing comes, and sets no timer', () =>
  timed({ size: 3, within: 100 }, async ({ send, pass, left, clock }) => {
    assert.is(clock.pending, 0)
    await pass(500)
    assert.equal(left, [])
    await send(1)
    assert.is(clock.pending, 1)
    await pass(100)
    assert.equal(left, [[1]])
    assert.is(clock.pending, 0)
    await pass(500)
    assert.equal(left, [[1]])
  }),
)

byTime('gives the rest at once when the input ends, and leaves no timer', () =>
  timed({ size: 3, within: 100 }, async ({ send, end, left, clock }) => {
    await send(1)
    await end()
    assert.equal(left, [[1]])
    assert.is(clock.pending, 0)
  }),
)

byTime('leaves no timer when the run is stopped', () =>
  timed({ size: 3, within: 100 }, async ({ send, stop, left, clock }) => {
    await send(1)
    await stop()
    assert.equal(left, [[1]])
    assert.is(clock.pending, 0)
  }),
)

byTime('sets no timer where the time has no end', () =>
  timed({ size: 3, within: Infinity }, async ({ send, end, left, clock }) => {
    await send(1)
    assert.is(clock.pending, 0)
    await end()
    assert.equal(left, [[1]])
  }),
)

byTime('goes by the clock of the run inside another pipeline, too', async () => {
  const clock = manualClock()
  const inner = pipeline<number>('inner').stage('batch', batch({ size: 3, within: 100 }))
  const run = pipeline<number>('outer').stage('inner', inner).run({ clock })
  await run.send(1)
  await settled()
  assert.is(clock.pending, 1)
  await within(5_000, run.stop())
  assert.is(clock.pending, 0)
})

byTime('gives the same batches as its timetable says, whatever that is', async () => {
  const timetable = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30, size: 'max' })
  const property = fc.asyncProperty(timetable, fc.integer({ min: 2, max: 4 }), async (pauses, size) => {
    const clock = manualClock()
    const run = pipeline<number>('t')
      .stage('batch', batch({ size, within: 50 }))
      .run({ clock })
    const left: unknown[] = []
    run.output.subscribe(result => left.push(result))
    for (const [n, pause] of pauses.entries()) {
      clock.advance(pause)
      await settled()
      await run.send(n)
      await settled()
    }
    await within(5_000, run.stop())
    assert.equal(left, expected(pauses, size, 50))
  })
  await fc.assert(property, { numRuns: 50 })
})

/** Batches of items that come after these pauses. */
function expected(pauses: number[], size: number, within: number): number[][] {
  const batches: number[][] = []
  let isOpen = false
  let until = 0
  let now = 0
  for (const [n, pause] of pauses.entries()) {
    now += pause
    isOpen &&= now < until
    if (isOpen) batches.at(-1)!.push(n)
    else {
      batches.push([n])
      until = now + within
    }
    isOpen = batches.at(-1)!.length < size
  }
  return batches
}

byTime.run()

/* ── What it refuses ────────────────────────────────────────────────────── */

const refused = suite('batch refuses')

for (const size of [0, -1, 1.5, NaN, -Infinity, '3', undefined, null]) {
  refused(`a size of ${JSON.stringify(size) ?? size} (${typeof size})`, () => {
    assert.throws(
      () => batch({ size } as never),
      (error: unknown) =>
        error instanceof InvalidOptions &&
        /^`size` (is missing: it )?must be a whole number from 1, or Infinity(, got .*)?, in batch$/.test(
          error.message,
        ),
    )
  })
}

refused('what it does not know, and says all that is wrong at once', () => {
  assert.throws(
    () => batch({ sise: 10, within: '100' } as never),
    (error: unknown) =>
      error instanceof InvalidOptions &&
      error.message ===
        'unknown option `sise`: did you mean `size`?, in batch; `within` must be a number of milliseconds above 0, got "100" (string): write it without quotes, 100, in batch; `size` is missing: it must be a whole number from 1, or Infinity, in batch',
  )
})

for (const within of [0, -1, NaN, '100', null]) {
  refused(`a time of ${JSON.stringify(within)} (${typeof within})`, () => {
    assert.throws(
      () => batch({ size: 1, within } as never),
      (error: unknown) =>
        error instanceof InvalidOptions &&
        /^`within` must be a number of milliseconds above 0, got .*, in batch$/.test(error.message),
    )
  })
}

refused.run()

function batched<T>(items: T[], size: number): Promise<T[][]> {
  return collected(pipeline('t').from(items).stage('batch', batch({ size })).run())
}

async function collected<T>(run: Running<never, T>): Promise<T[]> {
  const results: T[] = []
  await within(
    5_000,
    run.consume(result => void results.push(result)),
  )
  return results
}

interface Timed {
  readonly clock: ManualClock
  /** All batches that have left. */
  readonly left: unknown[]
  send(item: unknown): Promise<void>
  /** Lets ms go by. */
  pass(millis: number): Promise<void>
  end(): Promise<void>
  stop(): Promise<void>
}

/** Runs a batch stage under a clock that moves when told. */
async function timed(options: BatchOptions, test: (timed: Timed) => Promise<void>): Promise<void> {
  const clock = manualClock()
  const run = pipeline<unknown>('t')
    .stage('batch', batch(options as { size: number }))
    .run({ clock })
  const left: unknown[] = []
  run.output.subscribe(result => left.push(result))
  try {
    await test({
      clock,
      left,
      async send(item) {
        await run.send(item)
        await settled()
      },
      async pass(millis) {
        clock.advance(millis)
        await settled()
      },
      async end() {
        run.end()
        await settled()
      },
      async stop() {
        void run.stop()
        await settled()
      },
    })
  } finally {
    await within(5_000, run.stop())
  }
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn()
}
