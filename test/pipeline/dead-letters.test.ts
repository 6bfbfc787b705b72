import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StageFailed, TooManyDeadLetters, UnhandledDeadLetters } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { even, Odd } from '../support/even.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const letters = suite('dead letters')

const half = (count: number) => pipeline('p').from(upTo(count)).stage('s', even, { onFailure: 'skip' })

letters('that nobody is told of fail the run at its end', async () => {
  const run = half(6).run()
  const results = failureOf(Promise.resolve(all(run)))
  const error = await failureOf(run.done)
  assert.instance(error, UnhandledDeadLetters)
  assert.is(
    error.message,
    'p gave up 3 items and nobody subscribed to `run.deadLetters`; the first, in s: Error: 1 is odd',
  )
  assert.equal([error.count, error.deadLetters.map((letter: any) => letter.item)], [3, [1, 3, 5]])
  assert.instance(error.cause, Odd)
  assert.is(await results, error)
})

letters('are kept, the first 1,000, for one who comes later', async () => {
  const run = half(40).run()
  run.output.subscribe({ error() {} })
  const held = new Promise<void>(resolve => setImmediate(resolve))
  await held
  const late: number[] = []
  const sending = pipeline<number>('p').stage('s', even, { onFailure: 'skip' }).run()
  sending.output.subscribe()
  for (const n of upTo(40)) await sending.send(n)
  await turns()
  sending.deadLetters.subscribe(letter => late.push(letter.item as number))
  await sending.send(41)
  sending.end()
  assert.is((await within(1_000, sending.done)).deadLetters, 21)
  assert.equal(late, [...upTo(40).filter(n => n % 2), 41])
  await failureOf(run.done)
})

letters('beyond 1,000 are only counted: then the run fails, though somebody came', async () => {
  const sending = pipeline<number>('p').stage('s', even, { onFailure: 'skip' }).run()
  sending.output.subscribe({ error() {} })
  for (const n of upTo(2010)) await sending.send(n)
  await turns()
  const late: number[] = []
  sending.deadLetters.subscribe(letter => late.push(letter.item as number))
  assert.is(late.length, 1000)
  sending.end()
  const error = await failureOf(sending.done)
  assert.instance(error, UnhandledDeadLetters)
  assert.is(error.count, 5)
  assert.match(error.message, 'p gave up 5 items')
})

letters('are told to every subscriber, and the end of them as well', async () => {
  const run = half(6).run()
  const heard: unknown[][] = [[], []]
  for (const list of heard) {
    run.deadLetters.subscribe({ next: ({ item }) => list.push(item), complete: () => list.push('end') })
  }
  await all(run)
  await within(1_000, run.done)
  assert.equal(heard, [
    [1, 3, 5, 'end'],
    [1, 3, 5, 'end'],
  ])
})

letters('come from every stage of the row, named by it', async () => {
  const { deadLetters, results } = await execute(
    pipeline('p')
      .from(upTo(12))
      .stage('even', even, { onFailure: 'skip' })
      .stage(
        'small',
        (n: number) => {
          if (n > 6) throw new Error('large')
          return n
        },
        { onFailure: 'skip' },
      ),
  )
  assert.equal(results, [0, 2, 4, 6])
  assert.equal(
    deadLetters.filter(({ stage }) => stage === 'small').map(({ item, sequence }) => [item, sequence]),
    [
      [8, 4],
      [10, 5],
    ],
  )
  assert.is(deadLetters.filter(({ stage }) => stage === 'even').length, 6)
})

letters('of unnamed maps name them by what they do and where', async () => {
  const failed = await execute(
    pipeline('p')
      .from([1])
      .map(n => n)
      .map(even),
  )
  assert.is((failed.error as StageFailed).stage, 'map·map@1')
})

letters.run()

const tolerate = suite('tolerate')

tolerate('so many dead letters, and not one more', async () => {
  const three = await execute(half(6).supervise({ tolerate: { deadLetters: 3 } }))
  assert.equal([three.error, three.summary!.deadLetters], [undefined, 3])
  const run = half(100)
    .supervise({ tolerate: { deadLetters: 3 } })
    .run()
  const heard: unknown[] = []
  run.deadLetters.subscribe(({ item }) => heard.push(item))
  const seen: number[] = []
  run.output.subscribe(n => seen.push(n))
  const error = await failureOf(run.done)
  assert.instance(error, StageFailed)
  assert.instance(error.cause, TooManyDeadLetters)
  assert.is(error.cause.message, 'more dead letters than `tolerate` allows (3)')
  assert.instance(error.cause.cause, Odd)
  assert.equal(heard, [1, 3, 5, 7])
  assert.equal(seen, [0, 2, 4, 6])
})

tolerate('a share of the last items', async () => {
  const rare = (n: number) => {
    if (n % 10 === 9) throw new Error('rare')
    return n
  }
  const often = (n: number) => {
    if (n > 500 && n % 2) throw new Error('often')
    return rare(n)
  }
  const policy = { tolerate: { share: 0.2, of: 50 } }
  const bearable = await execute(
    pipeline('p').from(upTo(1000)).stage('s', rare, { onFailure: 'skip' }).supervise(policy),
  )
  assert.is(bearable.error, undefined)
  const unbearable = await execute(
    pipeline('p').from(upTo(1000)).stage('s', often, { onFailure: 'skip' }).supervise(policy),
  )
  assert.instance((unbearable.error as StageFailed).cause, TooManyDeadLetters)
  assert.match(((unbearable.error as StageFailed).cause as Error).message, '20 % of the last 50 items')
})

tolerate('over all stages together', async () => {
  const twice = pipeline('p')
    .from(upTo(40))
    .stage(
      'a',
      (n: number) => {
        if (n === 3) throw new Error('three')
        return n
      },
      { onFailure: 'skip' },
    )
    .stage(
      'b',
      (n: number) => {
        if (n === 6) throw new Error('six')
        return n
      },
      { onFailure: 'skip' },
    )
  assert.is((await execute(twice.supervise({ tolerate: { deadLetters: 2 } }))).error, undefined)
  assert.ok((await execute(twice.supervise({ tolerate: { deadLetters: 1 } }))).error)
})

tolerate('accounts for every item when it stops', async () => {
  for (const how of [{}, { concurrency: 3 }, { order: 'completion', concurrency: 3 }, { capacity: 2 }] as const) {
    const run = pipeline('p')
      .from(upTo(100))
      .stage('s', async (n: number) => even(n), { onFailure: 'skip', ...how })
      .supervise({ tolerate: { deadLetters: 3 } })
      .run()
    const letters: unknown[] = []
    run.deadLetters.subscribe(letter => letters.push(letter))
    const received: PromiseLike<number> = run.done.then(
      () => 0,
      () => run.snapshot().stages[0]!.received,
    )
    const seen: number[] = []
    run.output.subscribe(n => seen.push(n))
    const { unfinished } = await failureOf(run.done)
    const { queued } = run.snapshot().stages[0]!
    assert.is(queued, 0)
    assert.ok((await received) >= seen.length + letters.length, JSON.stringify(how))
    assert.is(unfinished >= 0, true)
  }
})

tolerate.run()
