import { of, range, Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidBlueprint } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { thrownBy } from '../support/failure.ts'
import { all, endless, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const run = suite('a run')

run('throws all mistakes at once, before anything starts', () => {
  let asked = 0
  const wrong = pipeline('p')
    .from(() => {
      asked++
      return [1]
    })
    .stage('a', (n: number) => n, { workers: -1 })
    .stage('a', (n: number) => n, { concurrency: 0 })
  const error = thrownBy(() => wrong.run())
  assert.instance(error, InvalidBlueprint)
  assert.equal(
    error.mistakes.map(({ code, place }: { code: string; place: string }) => `${code} ${place}`),
    ['INVALID_OPTION p/a', 'DUPLICATE_NAME p/a', 'INVALID_OPTION p/a'],
  )
  assert.is(asked, 0)
})

run('says what `validate` says', () => {
  const wrong = pipeline('p')
    .from([1])
    .stage('a', (n: number) => n, { capacity: -1 })
  assert.equal(thrownBy(() => wrong.run()).mistakes, wrong.validate())
  assert.equal(pipeline('p').from([1]).validate(), [])
})

run('asks its source nothing before the current turn ends', async () => {
  const counted = endless()
  let made = 0
  const live = pipeline('p')
    .from(() => {
      made++
      return counted.source()
    })
    .run()
  live.output.subscribe()
  assert.equal([made, counted.pulled], [0, 0])
  await until(() => counted.pulled > 0, 'asking the source')
  assert.is(made, 1)
  await within(1_000, live.stop())
})

run('asks nothing of an iterable, sync or async, before the current turn ends', async () => {
  let asked = 0
  const items = {
    *[Symbol.iterator]() {
      asked++
      yield 1
    },
  }
  const later = {
    async *[Symbol.asyncIterator]() {
      asked++
      yield 1
    },
  }
  const runs = [pipeline('p').from(items).run(), pipeline('p').from(later).run()]
  assert.is(asked, 0)
  assert.equal(await Promise.all(runs.map(each => all(each))), [[1], [1]])
  assert.is(asked, 2)
})

run('asks its source nothing when it is stopped in the turn in which it began', async () => {
  let asked = 0
  const sources = [
    () => {
      asked++
      return [1]
    },
    {
      async *[Symbol.asyncIterator]() {
        asked++
        yield 1
      },
    },
    {
      *[Symbol.iterator]() {
        asked++
        yield 1
      },
    },
  ]
  for (const source of sources) {
    const live = pipeline('p')
      .from(source as Iterable<number>)
      .run()
    const summary = await within(1_000, live.stop())
    assert.is(summary.received, 0)
  }
  assert.is(asked, 0)
})

run('subscribes to an Observable at once: a Subject may emit in the same turn', async () => {
  const subject = new Subject<number>()
  const live = pipeline('p').from(subject).run()
  const results: number[] = []
  live.output.subscribe(n => results.push(n))
  subject.next(1)
  subject.next(2)
  subject.complete()
  const summary = await within(1_000, live.done)
  assert.equal(results, [1, 2])
  assert.is(summary.received, 2)
})

run('takes an Observable that emits, and ends, while it is subscribed to', async () => {
  assert.equal(
    await all(
      pipeline('p')
        .from(of(1, 2, 3))
        .run(),
    ),
    [1, 2, 3],
  )
  assert.equal(await all(pipeline('p').from(range(0, 1024)).run()), upTo(1024))
})

run('resolves `done` with what it has come to', async () => {
  const clock = manualClock()
  const live = pipeline('p')
    .from(upTo(10))
    .filter(n => n > 2)
    .stage('twice', function* (n: number) {
      yield n
      yield n
    })
    .stage(
      'odd',
      (n: number) => {
        if (n % 2 === 0) throw new Error('even')
        return n
      },
      { onFailure: 'skip' },
    )
    .run({ clock })
  live.deadLetters.subscribe()
  const results = all(live)
  clock.advance(250)
  assert.equal(await results, [3, 3, 5, 5, 7, 7, 9, 9])
  assert.equal(await within(1_000, live.done), {
    received: 10,
    emitted: 8,
    deadLetters: 6,
    dropped: 0,
    unfinished: 0,
    restarts: 0,
    millis: 250,
  })
})

run('passes items through a pipeline without stages', async () => {
  assert.equal(await all(pipeline('p').from(['a', null, 0, false]).run()), ['a', null, 0, false])
})

run('ends at once when there are no items', async () => {
  const live = pipeline('p')
    .from([] as number[])
    .stage('s', async (n: number) => n)
    .run()
  assert.equal(await all(live), [])
  assert.is((await within(1_000, live.done)).received, 0)
})

run('begins anew each time: a blueprint is never changed', async () => {
  const numbers = pipeline('p').from([1, 2])
  const doubled = numbers.map(n => n * 2)
  assert.equal(await all(doubled.run()), [2, 4])
  assert.equal(await all(numbers.run()), [1, 2])
  assert.equal(await Promise.all([all(doubled.run()), all(doubled.run())]), [
    [2, 4],
    [2, 4],
  ])
})

run('lets the event loop turn, however much there is to do', async () => {
  const counted = endless()
  const live = pipeline('p')
    .from(counted.source)
    .map(n => n + 1)
    .stage('s', (n: number) => n)
    .run()
  live.output.subscribe()
  await turns(5)
  const before = counted.pulled
  await turns(5)
  assert.ok(counted.pulled > before, 'it goes on')
  const summary = await within(2_000, live.stop())
  assert.is(summary.emitted, summary.received)
})

run('ends the source when a stage has ended before its input did', async () => {
  const counted = endless()
  const first = pipeline('p')
    .from(counted.source)
    .stage('first', {
      async *stream(items: AsyncIterable<number>) {
        for await (const n of items) {
          yield n
          if (n === 2) return
        }
      },
    })
    .run()
  assert.equal(await all(first), [0, 1, 2])
  await within(1_000, first.done)
  assert.is(counted.returned, 1)
})

run.run()
