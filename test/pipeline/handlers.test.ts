import { setImmediate as turn } from 'node:timers/promises'
import {
  bufferCount,
  delay,
  from,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  scan,
  take as takeFirst,
  throwError,
} from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OutputLimit, type StageFailed } from '../../src/errors.ts'
import { model } from '../../src/model/model.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { all, take, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const handlers = suite('a handler')

/** Every shape emits n and n + 1 for odd n, and nothing for even n; or one item, where it can only give one. */
const one: Record<string, any> = {
  function: (n: number) => (n % 2 ? n : undefined),
  'async function': async (n: number) => (n % 2 ? n : undefined),
  thenable: (n: number) => ({ then: (resolve: (n: unknown) => void) => resolve(n % 2 ? n : undefined) }),
  behaviour: { receive: (n: number) => (n % 2 ? n : undefined) },
  'async behaviour': { receive: async (n: number) => (n % 2 ? n : undefined) },
}
const many: Record<string, any> = {
  *'generator function'(n: number) {
    if (n % 2) yield n
    yield undefined
    if (n % 2) yield n + 1
  },
  async *'async generator function'(n: number) {
    if (n % 2) yield n
    await turn()
    yield undefined
    if (n % 2) yield n + 1
  },
  Observable: (n: number) => (n % 2 ? of(n, undefined, n + 1) : of()),
  'Observable that takes its time': (n: number) =>
    new Observable(subscriber => {
      void turn().then(() => {
        if (n % 2) {
          subscriber.next(n)
          subscriber.next(n + 1)
        }
        subscriber.complete()
      })
    }),
  'behaviour with a generator': {
    *receive(n: number) {
      if (n % 2) yield n
      if (n % 2) yield n + 1
    },
  },
  'body over the whole stream': {
    async *stream(items: AsyncIterable<number>) {
      for await (const n of items) {
        if (n % 2) yield n
        if (n % 2) yield n + 1
      }
    },
  },
  'open pipeline': pipeline<number>('inner')
    .filter(n => n % 2 === 1)
    .stage('two', function* (n: number) {
      yield n
      yield n + 1
    }),
}

for (const [shapes, expected] of [
  [one, [1, 3, 5]],
  [many, [1, 2, 3, 4, 5, 6]],
] as const) {
  for (const [shape, body] of Object.entries(shapes)) {
    handlers(`may be ${/^[aeiouO]/.test(shape) ? 'an' : 'a'} ${shape}`, async () => {
      const how = shape.startsWith('body') ? [{}] : [{}, { concurrency: 3 }, { workers: 2 }, { emit: 'streaming' }]
      for (const each of how) {
        const run = pipeline('p')
          .from(upTo(7))
          .stage('s', body, each as object)
          .run()
        assert.equal(await all(run), expected, JSON.stringify(each))
      }
    })
  }
}

handlers('may be a map or a filter without a name, sync or async', async () => {
  const run = pipeline('p')
    .from(upTo(10))
    .map(n => n + 1)
    .filter(n => n % 2 === 0)
    .map(n => turn(n * 10))
    .filter((async (n: number) => n > 20) as never)
    .run()
  assert.equal(await all(run), [40, 60, 80, 100])
})

handlers('may be RxJS operators', async () => {
  const run = pipeline('p')
    .from(upTo(5))
    .pipe(
      scan((sum, n) => sum + n, 0),
      bufferCount(2),
    )
    .run()
  assert.equal(await all(run), [[0, 1], [3, 6], [10]])
})

handlers('may be RxJS operators that end early, or fail', async () => {
  const first = pipeline('p').from(upTo(1000)).pipe(takeFirst(3)).run()
  assert.equal(await all(first), [0, 1, 2])
  await within(1_000, first.done)
  const { error, results } = await execute(
    pipeline('p')
      .from(upTo(9))
      .pipe(
        map(n => n),
        mergeMap(n => (n === 4 ? throwError(() => new Error('four')) : of(n))),
      ),
  )
  assert.equal(results, [0, 1, 2, 3])
  assert.equal([(error as StageFailed).stage, (error as StageFailed).sequence], ['pipe@1', 4])
})

handlers('may be RxJS operators that emit later: what they hold comes before the end', async () => {
  const run = pipeline('p').from(upTo(5)).pipe(delay(1)).run()
  assert.equal(await all(run), upTo(5))
})

handlers('that gives an array gives one item; null is a value', async () => {
  const run = pipeline('p')
    .from([1, 2])
    .map(n => (n === 1 ? [1, 2] : null))
    .run()
  assert.equal(await all(run), [[1, 2], null])
})

handlers(
  'that gives a Set, a string or an iterator of a collection gives one item: only generators expand',
  async () => {
    const set = new Set([1])
    const iterable = { *[Symbol.iterator]() {} }
    assert.equal(
      await all(
        pipeline('p')
          .from([set, 'ab', iterable])
          .stage('s', (x: unknown) => x)
          .run(),
      ),
      [set, 'ab', iterable],
    )
  },
)

handlers('knows where it is, and which item it has', async () => {
  const seen: unknown[] = []
  const run = pipeline('p')
    .from(['a', 'b', 'c'])
    .stage(
      's',
      (item: string, { address, sequence, attempt, key }) => {
        seen.push([address, sequence, attempt, key])
        if (item === 'b' && attempt === 1) throw new Error('again')
        return item
      },
      { key: (item: string) => item.toUpperCase(), retry: { attempts: 2 } },
    )
    .run()
  await all(run)
  assert.equal(seen, [
    ['p/s#0', 0, 1, 'A'],
    ['p/s#0', 1, 1, 'B'],
    ['p/s#0', 1, 2, 'B'],
    ['p/s#0', 2, 1, 'C'],
  ])
})

handlers('is told the time by the clock of its run, also in a pipeline inside another', async () => {
  const clock = manualClock(7)
  const inner = pipeline<number>('inner').stage('s', (n: number, { clock }) => n + clock.now())
  const made = pipeline('p')
    .from([100, 200])
    .stage('sync', (n: number, { clock }) => n + clock.now())
    .stage('async', async (n: number, { clock }) => n + clock.now(), { concurrency: 2 })
    .stage('nested', inner)
  assert.equal((await execute(made, { clock })).results, [121, 221])
  assert.equal((await model(made, [100, 200])).results, [100, 200])
})

handlers('knows when nothing else is waiting', async () => {
  const run = pipeline<number>('p')
    .stage('s', (n: number, { endOfBatch }) => [n, endOfBatch] as const)
    .run()
  const results = all(run)
  for (const n of upTo(3)) void run.send(n)
  await turns()
  await run.send(3)
  run.end()
  assert.equal(await results, [
    [0, false],
    [1, false],
    [2, true],
    [3, true],
  ])
})

handlers('may drop the state of its key', async () => {
  const run = pipeline('p')
    .from([1, 1, 2, 1, 1])
    .stage(
      's',
      {
        start: () => ({ count: 0 }),
        receive: (n: number, state, { forget }) => {
          if (++state.count === 2) forget()
          return `${n}:${state.count}`
        },
      },
      { key: (n: number) => n },
    )
    .run()
  assert.equal(await all(run), ['1:1', '1:2', '2:1', '1:1', '1:2'])
})

handlers('keeps the state that it wanted to drop when it fails after all', async () => {
  for (const how of [{}, { key: () => 'k' }]) {
    const made = pipeline('p')
      .from([1, -1, 1])
      .stage(
        's',
        {
          start: () => ({ count: 0 }),
          receive: (n: number, state, { forget }) => {
            state.count++
            if (n > 0) return state.count
            forget()
            throw new Error('negative')
          },
        },
        { ...how, onFailure: 'skip' },
      )
    const { results, deadLetters } = await within(5_000, execute(made))
    assert.equal([results, deadLetters.length], [[1, 3], 1])
  }
})

handlers('of a key by property name gets what has that property', async () => {
  const run = pipeline('p')
    .from([{ id: 'a' }, { id: 'b' }, { id: 'a' }])
    .stage(
      's',
      { start: () => ({ n: 0 }), receive: (item: { id: string }, state, { key }) => `${key}${item.id}${state.n++}` },
      { key: 'id' },
    )
    .run()
  assert.equal(await all(run), ['aa0', 'bb0', 'aa1'])
})

handlers(
  'over the whole stream may end before its input does: the source is told, the rest is unfinished',
  async () => {
    let returned = 0
    const run = pipeline('p')
      .from(function* () {
        try {
          for (let n = 0; ; n++) yield n
        } finally {
          returned++
        }
      })
      .stage('first', {
        async *stream(items: AsyncIterable<number>) {
          for await (const n of items) {
            yield n
            if (n === 2) return
          }
        },
      })
      .run()
    assert.equal(await all(run), [0, 1, 2])
    const summary = await within(1_000, run.done)
    assert.is(returned, 1)
    assert.is(summary.received, 3 + summary.unfinished)
  },
)

handlers('that gives an Observable which never ends is ended by `stop()` within the grace period', async () => {
  let unsubscribed = 0
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', () => new Observable<number>(() => () => void unsubscribed++))
    .run({ clock })
  run.output.subscribe()
  await turns()
  const stopped = run.stop()
  clock.advance(12_000)
  await within(1_000, stopped)
  assert.is(unsubscribed, 1)
  void [NEVER, from]
})

for (const concurrency of [1, 4]) {
  handlers(`has a signal of its own for each item, with ${concurrency} in hand`, async () => {
    const signals = new Set<AbortSignal>()
    const run = pipeline('p')
      .from(upTo(100))
      .stage('s', async (_: number, { signal }: { signal: AbortSignal }) => void signals.add(signal), { concurrency })
      .run()
    await within(5_000, run.done)
    assert.is(signals.size, 100)
  })
}

handlers.run()

const emit = suite('emit')

emit('`whole`: all outputs of one item leave together when it is done', async () => {
  const run = pipeline('p')
    .from([1])
    .stage('s', async function* () {
      yield 1
      await turns(5)
      yield 2
    })
    .run()
  const seen: number[][] = []
  const batch: number[] = []
  run.output.subscribe(n => batch.push(n))
  for (let i = 0; i < 12; i++) {
    await turn()
    if (batch.length > 0) seen.push(batch.splice(0))
  }
  await run.done
  assert.equal(seen, [[1, 2]])
})

emit('`streaming`: each leaves as it is yielded, of the lowest open item', async () => {
  const run = pipeline('p')
    .from(['a', 'b'])
    .stage(
      's',
      async function* (name: string) {
        yield `${name}1`
        await turns(name === 'a' ? 6 : 1)
        yield `${name}2`
      },
      { emit: 'streaming', concurrency: 2 },
    )
    .run()
  const seen: string[][] = []
  const batch: string[] = []
  run.output.subscribe(text => batch.push(text))
  for (let i = 0; i < 14; i++) {
    await turn()
    if (batch.length > 0) seen.push(batch.splice(0))
  }
  await run.done
  assert.equal(seen, [['a1'], ['a2', 'b1', 'b2']])
})

emit('`streaming`: a generator is asked for no more than its reader takes', async () => {
  let yielded = 0
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      function* () {
        for (;;) yield yielded++
      },
      { emit: 'streaming' },
    )
    .run()
  const loop = run[Symbol.asyncIterator]()
  await take(loop, 10)
  await turns()
  assert.ok(yielded <= 10 + 1024 + 1, `${yielded}`)
  await within(1_000, loop.return!())
})

emit('`whole`: more than 1,000,000 outputs of one item are an error that names the option', async () => {
  const run = pipeline('p')
    .from([1])
    .stage('s', function* () {
      for (;;) yield 1
    })
    .run()
  run.output.subscribe()
  const error = await failureOf(run.done, 20_000)
  assert.instance(error.cause, OutputLimit)
  assert.match(error.cause.message, "`emit: 'streaming'`")
})

emit('`whole`: more than 64 MiB of outputs of one item are one, too', async () => {
  const megabyte = 'x'.repeat(1 << 20)
  const run = pipeline('p')
    .from([1])
    .stage('s', function* () {
      for (;;) yield megabyte
    })
    .run()
  run.output.subscribe()
  assert.match((await failureOf(run.done, 20_000)).cause.message, '64 MiB')
})

emit.run()
