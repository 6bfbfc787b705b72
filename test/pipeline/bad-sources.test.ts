import { Readable } from 'node:stream'
import { NEVER, Observable, Subject, throwError } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidBlueprint, SourceUsed, StageFailed, UndefinedItem } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { execute } from '../support/execute.ts'
import { failureOf, thrownBy } from '../support/failure.ts'
import { all, endless, take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const source = suite('a source')

const from = (value: unknown) => pipeline('p').from(value as Iterable<number>)

/** An iterator by hand, and what it was asked. */
function handmade(next: () => any, isAsync = false) {
  const asked = { next: 0, return: 0 }
  const iterator = {
    next: () => {
      asked.next++
      return next()
    },
    return: () => {
      asked.return++
      return { done: true, value: undefined }
    },
  }
  return { asked, iterable: { [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => iterator } }
}

source('that is iterated is told to end on every way out but its own end', async () => {
  let n = 0
  const ways: Record<string, (run: any) => Promise<unknown>> = {
    'stop()': async run => {
      run.output.subscribe()
      await turns(3)
      return run.stop()
    },
    break: async run => {
      for await (const _ of run) break
    },
    abort: async run => {
      run.output.subscribe({ error() {} })
      await turns(3)
      controller.abort()
      return failureOf(run.done)
    },
    'a failure': run => failureOf(run.consume(() => Promise.reject(new Error('no')))),
  }
  let controller = new AbortController()
  for (const isAsync of [false, true]) {
    for (const [way, leave] of Object.entries(ways)) {
      controller = new AbortController()
      const { iterable, asked } = handmade(() => ({ done: false, value: n++ }), isAsync)
      await within(2_000, leave(from(iterable).run({ signal: controller.signal })))
      assert.is(asked.return, 1, `${way}, ${isAsync ? 'async' : 'sync'}`)
    }
    n = 0
    const { iterable, asked } = handmade(() => (n < 3 ? { done: false, value: n++ } : { done: true }), isAsync)
    assert.equal(await all(from(iterable).run()), [0, 1, 2])
    assert.is(asked.return, 0)
  }
})

source('that gives undefined is told to end as well', async () => {
  for (const isAsync of [false, true]) {
    const { iterable, asked } = handmade(() => ({ done: false, value: undefined }), isAsync)
    const { error } = await execute(from(iterable))
    assert.instance((error as StageFailed).cause, UndefinedItem)
    assert.is(asked.return, 1)
  }
})

source('that throws at its own end does no harm', async () => {
  const bad = function* () {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new Error('in finally')
    }
  }
  for await (const n of from(bad).run()) if (n === 2) break
  const worse = async function* () {
    yield* bad()
  }
  const run = from(worse).run()
  for await (const n of run) if (n === 2) break
  await within(1_000, run.done)
})

source('whose iterator gives no results fails the run', async () => {
  for (const isAsync of [false, true]) {
    for (const wrong of [undefined, null]) {
      const { error } = await execute(from(handmade(() => wrong, isAsync).iterable))
      assert.instance(error, StageFailed)
      assert.equal([(error as StageFailed).stage, (error as StageFailed).sequence], ['source', 0])
      assert.instance((error as StageFailed).cause, TypeError)
    }
  }
})

source('that gives no iterator, or throws when asked for one, fails the run', async () => {
  for (const key of [Symbol.iterator, Symbol.asyncIterator]) {
    for (const make of [
      () => undefined,
      () => {
        throw new TypeError('locked')
      },
    ]) {
      const { error } = await execute(from({ [key]: make }))
      assert.is((error as StageFailed).stage, 'source')
      assert.match(((error as StageFailed).cause as Error).name, /^(TypeError|InvalidSource)$/)
    }
  }
  const locked = new ReadableStream()
  locked.getReader()
  const { error } = await execute(from(locked))
  assert.is((error as StageFailed).stage, 'source')
})

source('may stop the run while it is asked', async () => {
  let given = 0
  let ended = 0
  const run = from(function* () {
    try {
      for (;;) {
        if (given === 5) void run.stop()
        yield given++
      }
    } finally {
      ended++
    }
  }).run()
  const results: number[] = []
  run.output.subscribe((n: number) => results.push(n))
  const summary = await within(1_000, run.done)
  assert.equal(results, upTo(given))
  assert.equal([summary.received, ended], [given, 1])
})

source('that never gives anything does not keep a run from stopping', async () => {
  const silent = [NEVER, new Subject(), { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }]
  for (const value of [...silent, new Promise(() => {}), new Readable({ read() {} }), new ReadableStream()]) {
    const run = from(value).run({ grace: 30 })
    run.output.subscribe()
    await turns(3)
    assert.is((await within(1_000, run.stop())).received, 0)
  }
})

source('that is a stream is closed when the run leaves it', async () => {
  const readable = Readable.from(endless().source())
  const run = from(readable).run()
  await take(run[Symbol.asyncIterator](), 3)
  await within(1_000, run.stop())
  await until(() => readable.destroyed, 'destroying the stream')
  let cancelled = 0
  const web = new ReadableStream({ pull: controller => controller.enqueue(1), cancel: () => void cancelled++ })
  for await (const _ of from(web).run()) break
  await until(() => cancelled === 1, 'cancelling the stream')
  assert.is(web.locked, false)
})

source('that is an Observable is unsubscribed from, whatever its teardown does', async () => {
  let left = 0
  const teardowns = [
    () => void left++,
    () => {
      left++
      throw new Error('in teardown')
    },
  ]
  for (const teardown of teardowns) {
    const run = from(new Observable(() => teardown)).run()
    run.output.subscribe()
    await turns(2)
    await within(1_000, run.stop())
  }
  const bare = { subscribe: () => () => void left++ }
  const run = from(bare).run()
  run.output.subscribe()
  await within(1_000, run.stop())
  const nothing = from({ subscribe: () => undefined }).run()
  nothing.output.subscribe()
  await within(1_000, nothing.stop())
  assert.is(left, 3)
})

source('that is an Observable may fail, or emit and fail, before the run has begun', async () => {
  const boom = new Error('dry')
  const { error, results } = await execute(from(throwError(() => boom)))
  assert.equal([results, (error as StageFailed).sequence], [[], 0])
  assert.is((error as StageFailed).cause, boom)
  const some = new Observable<number>(subscriber => {
    subscriber.next(1)
    subscriber.next(2)
    subscriber.error(boom)
  })
  const later = await execute(from(some))
  assert.equal([later.results, (later.error as StageFailed).sequence], [[1, 2], 2])
  const thrown = await execute(
    from({
      subscribe: () => {
        throw boom
      },
    }),
  )
  assert.is((thrown.error as StageFailed).cause, boom)
})

source('that is a Subject serves several runs, at the same time', async () => {
  const subject = new Subject<number>()
  const made = pipeline('p').from(subject)
  const [first, second] = [all(made.run()), all(made.run())]
  subject.next(1)
  subject.complete()
  assert.equal(await Promise.all([first, second]), [[1], [1]])
})

source('that a function gives must be new, if it can be read only once', async () => {
  const once = (function* () {
    yield 1
  })()
  const made = from(() => once)
  assert.equal(await all(made.run()), [1])
  const { error } = await execute(made)
  assert.instance((error as StageFailed).cause, SourceUsed)
  assert.is((error as StageFailed).stage, 'source')
})

source('that can be read only once is not used up by a run that never was', async () => {
  const once = (function* () {
    yield 1
  })()
  const wrong = from(once).stage('s', (n: number) => n, { workers: -1 })
  assert.instance(
    thrownBy(() => wrong.run()),
    InvalidBlueprint,
  )
  assert.equal(await all(from(once).run()), [1])
})

source('that a function makes must be one: the message says what came', async () => {
  for (const [made, shown] of [
    [5, '5'],
    [null, 'null'],
    [() => [1], '[Function'],
    [{}, '{}'],
  ] as const) {
    const { error } = await execute(from(() => made))
    assert.match(
      ((error as StageFailed).cause as Error).message,
      'the source of p is a function, which must give something to iterate over, got ',
    )
    assert.match(((error as StageFailed).cause as Error).message, shown)
  }
})

source.run()

const item = suite('an item')

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('do not look')
    },
    ownKeys: () => {
      throw new Error('do not look')
    },
    getPrototypeOf: () => {
      throw new Error('do not look')
    },
  },
)
const touchy = {
  get name() {
    throw new Error('do not look')
  },
}

item('that throws at every look goes through, from every source and to every reader', async () => {
  const array = [touchy, hostile, touchy]
  const sources = [
    array,
    function* () {
      yield* array
    },
    // An async generator looks at what it yields, by itself.
    async function* () {
      yield* [touchy, touchy, touchy]
    },
  ]
  for (const value of sources) {
    for (const how of [{}, { concurrency: 2 }, { inFlight: 1 }, { emit: 'streaming' }] as const) {
      const made = pipeline('p')
        .from(value as () => Iterable<object>)
        .stage(
          'generator',
          function* (it: object) {
            yield it
          },
          how,
        )
        .stage('count', () => 1)
      assert.equal((await execute(made)).results, [1, 1, 1])
    }
  }
  const run = pipeline<object>('p')
    .filter(() => true)
    .run()
  const results: object[] = []
  run.output.subscribe(it => results.push(it))
  await run.send(touchy)
  run.end()
  await within(1_000, run.done)
  assert.ok(results[0] === touchy)
})

item('that a handler gives, and that throws at every look, fails as if the handler had thrown', async () => {
  for (const body of [() => hostile, async () => hostile]) {
    const { error, results } = await execute(
      pipeline('p')
        .from([1])
        .stage('s', body as () => unknown),
    )
    // A promise looks at what it is resolved with, and so does the stage, for `then`.
    assert.is(((error as StageFailed).cause as Error).message, 'do not look')
    assert.equal(results, [])
  }
})

item.run()
