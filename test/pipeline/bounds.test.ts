import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { execute } from '../support/execute.ts'
import { gate } from '../support/gate.ts'
import { all, endless, take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const bound = suite('what is under way')

/** The channel behind the last stage holds so many results. */
const outlet = 1024

interface StageShape {
  readonly isAsync: boolean
  readonly workers: number
  readonly concurrency: number
  readonly capacity: number
  readonly order: 'input' | 'completion'
}

const shapes: fc.Arbitrary<StageShape[]> = fc.array(
  fc.record({
    isAsync: fc.boolean(),
    workers: fc.integer({ min: 1, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    capacity: fc.constantFrom(0, 1, 2, 10, 1000),
    order: fc.constantFrom('input', 'completion'),
  }),
  { minLength: 1, maxLength: 3, size: 'max' },
)

bound('never exceeds the sum of the capacities, and the slots, with a slow reader over an endless source', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 3, size: 'max' }),
      async (stages, isAsyncSource, reads) => {
        const counted = endless()
        const computed = stages.map(() => 0)
        const source = isAsyncSource
          ? async function* () {
              yield* counted.source()
            }
          : counted.source
        let row: any = pipeline('p').from(source as () => Iterable<number>)
        stages.forEach(({ isAsync, ...how }, index) => {
          const count = (n: number) => {
            computed[index]!++
            return n
          }
          row = row.stage(`s${index}`, isAsync ? async (n: number) => count(n) : count, how)
        })
        const run = row.run()
        const loop = run[Symbol.asyncIterator]()
        let read = 0
        const hold = stages.map(({ workers, concurrency }, index) =>
          Math.max(workers * concurrency, stages[index + 1]?.capacity ?? outlet),
        )
        const check = () => {
          let ahead = 0
          for (let index = stages.length - 1; index >= 0; index--) {
            ahead += hold[index]!
            const found = computed[index]! - read
            if (found > ahead)
              throw new Error(`s${index} has computed ${found} more than were read; ${ahead} is the bound`)
          }
          const found = counted.pulled - read
          const most = ahead + Math.max(1, stages[0]!.capacity)
          if (found > most) throw new Error(`${found} more were asked for than were read; ${most} is the bound`)
        }
        for (const count of reads) {
          await take(loop, count)
          read += count
          for (let i = 0; i < 12; i++) {
            await turns(1)
            check()
          }
        }
        await until(() => computed.at(-1)! - read >= outlet / 2, 'running ahead')
        check()
        await within(1_000, loop.return!())
      },
    ),
    { numRuns: 60 },
  )
})

/** A stage of 8 asynchronous items at once, and behind it one that hangs before a channel of that capacity. */
async function againstHanging(capacity: object | number, how: object, item: unknown) {
  let computed = 0
  const run = pipeline('p')
    .from(endless().source)
    .stage('s', () => Promise.resolve(item).finally(() => computed++), { concurrency: 8, ...how })
    .stage('hangs', async (_: unknown, { signal }) => aborted(signal), { capacity } as object)
    .run()
  run.output.subscribe({ error() {} })
  await turns(50)
  const [, { queued }] = run.snapshot().stages as any
  await within(2_000, run.stop({ grace: 0 }))
  return { computed, queued }
}

const manners = { 'in a lane': {}, 'each by itself': { timeout: 60_000 } }
for (const [manner, how] of Object.entries(manners)) {
  bound(`waits in a channel only up to its capacity, however many come true at once: ${manner}`, async () => {
    const { computed, queued } = await againstHanging(3, how, 1)
    assert.is(queued, 3)
    assert.is(computed, 1 + 8)
  })

  bound(`is begun only while the channel behind may weigh more: ${manner}`, async () => {
    const { computed, queued } = await againstHanging({ items: 1024, bytes: 10_000 }, how, 'x'.repeat(5_000))
    assert.ok(queued <= 2, `${queued} wait`)
    assert.ok(computed <= 1 + 2 + 8, `${computed} computed`)
  })
}

bound('is one array, generator or stream that is asked for no more than fits', async () => {
  const counted = endless()
  const held = gate()
  const run = pipeline('p')
    .from(counted.source, { capacity: 2 })
    .stage('s', (n: number) => (n < 1000 ? n : held.promise.then(() => n)))
    .run()
  run.output.subscribe()
  await until(() => counted.pulled > 1000, 'the 1,001st')
  await turns()
  assert.ok(counted.pulled <= 1001 + 2, `${counted.pulled} were asked for`)
  held.open()
  await within(1_000, run.stop())
})

bound('goes by bytes as well: a channel that is heavy enough is full', async () => {
  const kilobyte = 'x'.repeat(1000)
  let computed = 0
  const run = pipeline('p')
    .from(function* () {
      for (;;) yield kilobyte
    })
    .stage('make', (text: string) => {
      computed++
      return text
    })
    .stage('held', (_: string, { signal }) => aborted(signal), { capacity: { bytes: 10_000 } })
    .run()
  run.output.subscribe()
  await turns()
  assert.ok(computed === 10 || computed === 10 + 1, `ten in the channel, and perhaps one in hand: ${computed}`)
  await within(1_000, run.stop({ grace: 0 }))
})

bound('lets in all outputs of one item, beyond the capacity', async () => {
  const held = gate()
  const run = pipeline('p')
    .from(upTo(3))
    .stage('many', function* (n: number) {
      for (let i = 0; i < 5; i++) yield n * 10 + i
    })
    .stage(
      'held',
      async (n: number) => {
        await held.promise
        return n
      },
      { capacity: 2 },
    )
    .run()
  const results = all(run)
  await turns()
  assert.is(run.snapshot().stages[1]!.queued, 4, 'five of the first item, one of them in hand')
  held.open()
  assert.is((await results).length, 15)
})

bound('of an unbounded channel is not bounded', async () => {
  const run = pipeline('p')
    .from(upTo(5000))
    .stage('a', (n: number) => n)
    .stage('held', (_: number, { signal }) => aborted(signal), { capacity: Infinity })
    .run()
  run.output.subscribe()
  await turns()
  assert.is(run.snapshot().stages[1]!.queued, 4999)
  await within(1_000, run.stop({ grace: 0 }))
})

const bodies: Record<string, [takes: boolean, items: number, how: object]> = {
  'without an item': [false, 0, {}],
  'before it takes the first item': [false, 5, {}],
  'of an item that streams': [true, 1, { emit: 'streaming' }],
}
for (const [what, [takes, items, how]] of Object.entries(bodies)) {
  bound(`is what a body over the whole stream has yielded, too: it waits for its reader (${what})`, async () => {
    let yielded = 0
    const stream = async function* (items: AsyncIterable<number>) {
      if (takes) await items[Symbol.asyncIterator]().next()
      while (yielded < 10_000) yield yielded++
    }
    const run = pipeline<number>('p').stage('s', { stream }, how).run()
    for (let i = 0; i < items; i++) await run.send(i)
    const loop = run[Symbol.asyncIterator]()
    assert.equal(await take(loop, 3), [0, 1, 2])
    await turns(30)
    assert.ok(yielded <= 3 + outlet + 2, `${yielded} were yielded`)
    await within(2_000, loop.return!())
  })
}

bound.run()

const concurrency = suite('in flight')

concurrency('are exactly `concurrency` items of each worker, never one more, in every way to run a stage', async () => {
  for (const [workers, many] of [
    [1, 1],
    [1, 7],
    [3, 1],
    [4, 5],
  ] as const) {
    const ways: Record<string, object> = {
      plain: {},
      completion: { order: 'completion' },
      keyed: { key: (n: number) => n },
      'with a timeout': { timeout: 10_000 },
      'with retries': { retry: { attempts: 2 } },
      'at capacity 0': { capacity: 0 },
    }
    for (const [way, how] of Object.entries(ways)) {
      const clock = manualClock()
      let atOnce = 0
      let most = 0
      const each = pipeline('p')
        .from(upTo(100))
        .stage(
          's',
          async (n: number) => {
            most = Math.max(most, ++atOnce)
            await new Promise<void>(resolve => clock.setTimeout(resolve, 1 + (n % 5)))
            atOnce--
            return n
          },
          { workers, concurrency: many, ...how },
        )
      const { results, error } = await execute(each, { clock })
      assert.is(error, undefined)
      assert.equal(
        [...results].sort((a: any, b: any) => a - b),
        upTo(100),
      )
      // Keys fall to workers by chance: not every worker is always busy.
      if (way === 'keyed' && workers > 1) assert.ok(most <= workers * many && most > many, `${way}: ${most}`)
      else assert.is(most, workers * many, `${way}, ${workers} × ${many}`)
    }
  }
})

concurrency('are none at all with no workers: the stage is paused', async () => {
  let calls = 0
  const run = pipeline('p')
    .from([1, 2])
    .stage('s', () => calls++, { workers: 0 })
    .run()
  run.output.subscribe()
  await turns()
  assert.is(calls, 0)
  const summary = await within(1_000, run.stop({ grace: 0 }))
  assert.is(summary.unfinished, summary.received)
})

concurrency('may be synchronous: then one worker does it all, in order', async () => {
  const workers = new Set<string>()
  const run = pipeline('p')
    .from(upTo(100))
    .stage(
      's',
      (n: number, { address }) => {
        workers.add(address)
        return n
      },
      { concurrency: 9 },
    )
    .run()
  assert.equal(await all(run), upTo(100))
  assert.equal([...workers], ['p/s#0'])
})

concurrency.run()
