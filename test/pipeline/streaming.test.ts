import * as fc from 'fast-check'
import { Observable, Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OutputLimit } from '../../src/errors.ts'
import { model } from '../../src/model/model.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

/* ── What leaves, and when ──────────────────────────────────────────────── */

const leaving = suite('streaming')

leaving('lets go at once of what an Observable has emitted, when its item becomes the lowest', async () => {
  const subjects = [new Subject<string>(), new Subject<string>()]
  const run = pipeline('p')
    .from([0, 1])
    .stage('s', (n: number) => subjects[n]!, { emit: 'streaming', concurrency: 2 })
    .run()
  const seen: string[] = []
  run.output.subscribe(text => seen.push(text))
  await turns()
  subjects[1]!.next('b1')
  subjects[1]!.next('b2')
  await turns()
  assert.equal(seen, [])
  subjects[0]!.complete()
  await turns()
  assert.equal(seen, ['b1', 'b2'])
  subjects[1]!.complete()
  await within(1_000, run.done)
})

leaving('lets go of what an Observable has emitted as soon as there is room, though it says nothing more', async () => {
  const silent = new Subject<never>()
  const run = pipeline('p')
    .from([5])
    .stage(
      's',
      (n: number) =>
        new Observable<number>(subscriber => {
          for (const i of upTo(n)) subscriber.next(i)
          return silent.subscribe(subscriber)
        }),
      { emit: 'streaming' },
    )
    .stage('one', (n: number) => n, { capacity: 1 })
    .run()
  const loop = run[Symbol.asyncIterator]()
  assert.equal(await take(loop, 5, 1_000), [0, 1, 2, 3, 4])
  await within(1_000, loop.return!())
})

leaving('lets go of what a body over the whole stream has yielded as soon as there is room', async () => {
  const held = gate()
  const run = pipeline('p')
    .from([3])
    .stage(
      's',
      {
        async *stream(items: AsyncIterable<number>) {
          for await (const n of items) {
            yield* upTo(n)
            await held.promise
          }
        },
      },
      { emit: 'streaming' },
    )
    .stage('one', (n: number) => n, { capacity: 1 })
    .run()
  const loop = run[Symbol.asyncIterator]()
  assert.equal(await take(loop, 3, 1_000), [0, 1, 2])
  held.open()
  await within(1_000, loop.return!())
})

leaving('a body over the whole stream goes on when all that it has yielded has left', async () => {
  let yielded = 0
  const held = gate()
  const run = pipeline('p')
    .from([1], { capacity: 1 })
    .stage(
      's',
      {
        async *stream(items: AsyncIterable<number>) {
          for await (const _ of items) for (;;) yield yielded++
        },
      },
      { emit: 'streaming' },
    )
    .stage('stuck', (_: number) => held.promise, { capacity: 2 })
    .run()
  run.output.subscribe()
  await turns()
  assert.ok(yielded <= 5, `${yielded}`)
  held.open()
  await within(
    1_000,
    run.stop({ grace: 0 }).catch(() => {}),
  )
})

leaving.run()

/* ── What has left before an item failed ── */

const failing = suite('streaming an item that fails')

for (const [shape, body] of Object.entries({
  'a generator': function* (n: number) {
    yield n
    throw new Error(`no ${n}`)
  },
  'an Observable': (n: number) =>
    new Observable<number>(subscriber => {
      subscriber.next(n)
      subscriber.error(new Error(`no ${n}`))
    }),
  'a body over the whole stream': {
    async *stream(items: AsyncIterable<number>) {
      for await (const n of items) {
        yield n
        throw new Error(`no ${n}`)
      }
    },
  },
})) {
  failing(`keeps what has left: of ${shape}, in the model as well`, async () => {
    for (const [emit, expected] of Object.entries({ streaming: [1, 2], whole: [] })) {
      const made = (from: any) => from.stage('s', body, { emit, onFailure: 'skip' })
      assert.equal((await model(made(pipeline('p')), [1, 2])).results, expected)
      assert.equal((await execute(made(pipeline('p').from([1, 2])))).results, expected)
    }
  })
}

failing.run()

/* ── What waits is bounded ──────────────────────────────────────────────── */

const bounded = suite('streaming is bounded')

/** Two items: the second may emit before the first has ended. */
async function ahead() {
  const [first, second] = [new Subject<unknown>(), new Subject<unknown>()]
  const run = pipeline('p')
    .from([first, second])
    .stage('s', (subject: Subject<unknown>) => subject, { emit: 'streaming', concurrency: 2 })
    .run()
  run.output.subscribe({ error: () => {} })
  await turns()
  return { run, first, second }
}

bounded('1,000,000 outputs of an Observable may wait; one more is an error that says what can wait', async () => {
  const { run, first, second } = await ahead()
  for (let i = 0; i < 1_000_000; i++) second.next(i)
  assert.ok(second.observed)
  second.next('one more')
  assert.not(second.observed)
  first.complete()
  const error = await failureOf(run.done)
  assert.is(error.sequence, 1)
  assert.instance(error.cause, OutputLimit)
  assert.match(error.cause.message, /1,000,000 outputs.*generator/)
})

bounded(
  'what a body over the whole stream yields before it takes an item waits, and is not lost with that',
  async () => {
    const made = (from: any) =>
      from.stage(
        'sheet',
        {
          async *stream(rows: AsyncIterable<number>) {
            yield 'head'
            yield 'line'
            for await (const row of rows) {
              yield row
              if (row % 2) throw new Error(`no ${row}`)
            }
            yield 'foot'
          },
        },
        { onFailure: 'skip' },
      )
    const expected = ['head', 'line', 'head', 'line', 0, 2, 'head', 'line', 'foot']
    const input = [1, 0, 2, 3]
    const open = made(pipeline<number>('p'))
    assert.equal((await model(open, input)).results, expected)
    assert.equal((await execute(made(pipeline('p').from(input)))).results, expected)
    const slow = async function* () {
      for (const row of input) {
        await turns(5)
        yield row
      }
    }
    assert.equal((await execute(made(pipeline('p').from(slow)))).results, expected)
    for (const from of [input, slow]) {
      const outer = pipeline('outer')
        .from(from as number[])
        .stage('in', open)
      assert.equal((await within(2_000, execute(outer))).results, expected)
    }
  },
)

bounded('what a body over the whole stream yields between two items keeps its place', async () => {
  const counts = fc.array(fc.nat({ max: 4 }), { minLength: 20, maxLength: 20 })
  const capacities = fc.integer({ min: 1, max: 4 })
  const emits = fc.constantFrom('whole', 'streaming')
  const property = fc.asyncProperty(counts, counts, capacities, emits, async (before, after, capacity, emit) => {
    const clock = manualClock()
    const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
    const stream = async function* (items: AsyncIterable<number>) {
      const iterator = items[Symbol.asyncIterator]()
      let count = 0
      for (let i = 0; i < 5; i++) yield count++
      for (const turn of upTo(20)) {
        const next = iterator.next()
        // It has said that it is done with the item before, and goes on all the same.
        for (let i = 0; i < before[turn]!; i++) yield count++
        if ((await next).done) return
        for (let i = 0; i < after[turn]!; i++) yield count++
      }
    }
    const made = pipeline('p')
      .from(upTo(20))
      .stage('body', { stream }, { emit: emit as 'whole' })
      .stage('slow', (count: number) => sleep(count % 9).then(() => count), { capacity })
    const { results } = await within(5_000, execute(made, { clock }))
    assert.equal(results, upTo(results.length))
  })
  await fc.assert(property, { numRuns: 200, includeErrorInReport: true })
})

bounded('64 MiB of outputs of an Observable may wait', async () => {
  const { run, first, second } = await ahead()
  for (let i = 0; i < 64; i++) second.next(new Uint8Array(1024 * 1024))
  assert.ok(second.observed)
  second.next('one more')
  assert.not(second.observed)
  first.complete()
  assert.instance((await failureOf(run.done)).cause, OutputLimit)
})

bounded('what has left is not counted: an Observable may emit without end', async () => {
  const subject = new Subject<Uint8Array>()
  const chunk = new Uint8Array(1024 * 1024)
  const run = pipeline('p')
    .from([1])
    .stage('s', () => subject, { emit: 'streaming' })
    .stage('t', async (bytes: Uint8Array) => bytes.length, { capacity: 4 })
    .run()
  let count = 0
  run.output.subscribe(() => count++)
  await turns(2)
  for (let i = 0; i < 30; i++) {
    for (let j = 0; j < 10; j++) subject.next(chunk)
    await until(() => count === (i + 1) * 10, 'the reader')
  }
  subject.complete()
  await within(1_000, run.done)
  assert.is(count, 300)
})

bounded('a generator that waits for its turn is asked for no more than the channel may weigh', async () => {
  const first = new Subject<Uint8Array>()
  let yielded = 0
  const run = pipeline('p')
    .from([0, 1])
    .stage('s', (n: number): Observable<Uint8Array> | Generator<Uint8Array> => (n === 0 ? first : chunks()), {
      emit: 'streaming',
      concurrency: 2,
    })
    .stage('t', (bytes: Uint8Array) => bytes.length, { capacity: { bytes: 4_000 } })
    .run()
  function* chunks() {
    for (; yielded < 100; yielded++) yield new Uint8Array(1_000)
  }
  let count = 0
  run.output.subscribe(() => count++)
  await turns()
  assert.ok(yielded <= 4, `${yielded}`)
  first.complete()
  await within(1_000, run.done)
  assert.is(count, 100)
})

bounded('what waited weighs nothing once it has left: the stage goes on as before', async () => {
  const clock = manualClock()
  const emits = (n: number) =>
    new Observable<string>(subscriber => {
      for (let i = 0; i < 5; i++) subscriber.next(`${n}`.padEnd(100))
      clock.setTimeout(() => subscriber.complete(), n % 3)
    })
  const made = pipeline('p')
    .from(upTo(200))
    .stage('s', emits, { emit: 'streaming', concurrency: 5 })
    .stage('t', async (text: string) => Number(text), { capacity: { items: 7, bytes: 1_500 } })
  const { results } = await within(5_000, execute(made, { clock }))
  assert.equal(
    results,
    upTo(200).flatMap(n => upTo(5).map(() => n)),
  )
})

bounded.run()
