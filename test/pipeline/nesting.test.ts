import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OutputLimit, StageFailed, TooManyDeadLetters } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { program } from '../support/program.ts'
import { all, endless, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const nesting = suite('a pipeline that is a stage')

const twiceAndOne = pipeline<number>('inner')
  .stage('twice', function* (n: number) {
    yield n
    yield n
  })
  .map(n => n + 1)

nesting('does what it does, for each item in order, by any number of workers', async () => {
  for (const how of [{}, { workers: 3 }, { concurrency: 4 }, { workers: 2, concurrency: 2 }]) {
    const run = pipeline('outer').from(upTo(50)).stage('inner', twiceAndOne, how).run()
    assert.equal(
      await all(run),
      upTo(50).flatMap(n => [n + 1, n + 1]),
    )
  }
})

nesting('may have stages that are pipelines themselves', async () => {
  const middle = pipeline<number>('middle')
    .stage('inner', twiceAndOne)
    .map(n => n * 10)
  assert.equal(
    await all(pipeline('outer').from([1, 2]).stage('middle', middle, { workers: 2 }).run()),
    [20, 20, 30, 30],
  )
})

nesting('keeps its state, and flushes it', async () => {
  const sum = pipeline<number>('sum').stage('sum', {
    start: () => ({ sum: 0 }),
    receive: (n: number, state) => void (state.sum += n),
    flush: state => state.sum,
  })
  assert.equal(await all(pipeline('outer').from(upTo(10)).stage('sum', sum).run()), [45])
  const keyed = pipeline('outer')
    .from(upTo(10))
    .stage('sum', sum, { key: (n: number) => n % 3, workers: 2 })
  assert.equal(await all(keyed.run()), [18, 12, 15])
})

const picky = pipeline<number>('picky').stage('check', (n: number) => {
  if (n % 2) throw new RangeError(`${n} is odd`)
  return n
})

nesting('fails with its inner failure as the cause, and says where', async () => {
  const { error, results } = await execute(pipeline('outer').from([0, 2, 3, 4]).stage('picky', picky))
  const failed = error as StageFailed
  assert.instance(failed, StageFailed)
  assert.equal([failed.pipeline, failed.stage, failed.sequence], ['outer', 'picky', 2])
  const inner = failed.cause as StageFailed
  assert.instance(inner, StageFailed)
  assert.equal([inner.pipeline, inner.stage, (inner.cause as Error).message], ['picky', 'check', '3 is odd'])
  assert.equal(results, [0, 2])
})

nesting('fails an item alone where the outer stage skips it: the others go on', async () => {
  for (const how of [{}, { workers: 3, concurrency: 2 }]) {
    const { error, results, deadLetters } = await execute(
      pipeline('outer')
        .from(upTo(10))
        .stage('picky', picky, { onFailure: 'skip', ...how }),
    )
    assert.is(error, undefined)
    assert.equal(results, [0, 2, 4, 6, 8])
    assert.equal(
      deadLetters.map(({ stage, item }) => [stage, item]),
      [1, 3, 5, 7, 9].map(n => ['picky', n]),
    )
  }
})

nesting('is tried again as a whole where the outer stage retries', async () => {
  const tries = new Map<number, number>()
  const stubborn = pipeline<number>('stubborn').map(n => {
    tries.set(n, (tries.get(n) ?? 0) + 1)
    if (tries.get(n)! < 3) throw new Error('not yet')
    return n
  })
  assert.equal(
    await all(
      pipeline('outer')
        .from([1, 2])
        .stage('s', stubborn, { retry: { attempts: 3 } })
        .run(),
    ),
    [1, 2],
  )
  assert.equal([...tries.values()], [3, 3])
})

nesting('gives its dead letters to the outer run, by the whole path', async () => {
  const forgiving = pipeline<number>('forgiving').stage(
    'check',
    (n: number) => {
      if (n % 2) throw new Error('odd')
      return n
    },
    { onFailure: 'skip' },
  )
  const middle = pipeline<number>('middle').stage('inner', forgiving)
  const { results, deadLetters, summary } = await execute(pipeline('outer').from(upTo(4)).stage('middle', middle))
  assert.equal(results, [0, 2])
  assert.equal(
    deadLetters.map(({ stage, item }) => [stage, item]),
    [
      ['middle/inner/check', 1],
      ['middle/inner/check', 3],
    ],
  )
  assert.is(summary!.deadLetters, 2)
})

nesting('counts what it drops in the outer run, by the whole path, and leads to the rest', async () => {
  const innermost = pipeline<number>('innermost')
    .stage('many', function* (n: number) {
      yield* upTo(n)
    })
    .stage('slow', async (n: number) => n, { capacity: 2, overflow: 'drop-newest' })
  const middle = pipeline<number>('middle').stage('innermost', innermost)
  const run = pipeline('outer').from([5, 1, 6]).stage('middle', middle).run()
  const events: unknown[][] = []
  run.events.subscribe(event => event.type === 'item.dropped' && events.push([event.stage, event.dropped]))
  const results = await all(run)
  const { dropped } = await within(1_000, run.done)
  assert.is(results.length + dropped, 12)
  assert.ok(dropped > 0)
  assert.equal(
    events,
    upTo(dropped).map(n => ['middle/innermost/slow', n + 1]),
  )
})

nesting('may not lead to outputs without end: that is a failure of the item', async () => {
  const inner = pipeline<number>('inner').stage(
    's',
    function* (n: number) {
      yield n
      while (n === 0) yield n
    },
    { emit: 'streaming' },
  )
  const run = pipeline('outer').from([1, 0, 2]).stage('inner', inner, { onFailure: 'skip', emit: 'streaming' }).run()
  const dead: unknown[] = []
  run.deadLetters.subscribe(({ error }) => dead.push(error))
  assert.equal(await all(run), [1, 2])
  assert.is(dead.length, 1)
  assert.instance(dead[0], OutputLimit)
})

nesting('that stops for itself fails the outer stage, and nothing is unhandled', async () => {
  const tolerant = (tolerated: number) => `
    const inner = pipeline('inner')
      .stage('check', n => { if (n % 2) throw new Error('odd'); return n }, { onFailure: 'skip' })
      .supervise({ tolerate: { deadLetters: ${tolerated} } })
    const run = pipeline('outer').from([0, 1, 2, 3, 4, 5, 6]).stage('inner', inner).run()
    const seen = []
    run.deadLetters.subscribe()
    run.output.subscribe({ next: n => seen.push(n), error() {} })
    console.error(JSON.stringify(await run.done.then(() => 'ended', error => error.message)), seen.join())
    await turn()
  `
  const { stderr, stdout } = await program(tolerant(1))
  assert.equal(JSON.parse(stdout), { rejections: 0, exceptions: 0 })
  assert.match(stderr, 'outer/inner failed on item 4')
  assert.match(stderr, 'inner/check failed: TooManyDeadLetters: more dead letters than `tolerate` allows (1)')
  assert.match((await program(tolerant(3))).stderr, '"ended" 0,2,4,6')
})

nesting('is set up once for each worker, and stopped with it', async () => {
  const noted: string[] = []
  let made = 0
  const inner = pipeline<number>('inner').stage('s', {
    setup: () => {
      noted.push(`+${made}`)
      return made++
    },
    receive: (n: number) => turn(n),
    stop: (id: number) => void noted.push(`-${id}`),
  })
  const outer = pipeline('outer').from(endless().source).stage('inner', inner, { workers: 2 })
  const drained = outer.run()
  drained.output.subscribe()
  await turns(5)
  await within(2_000, drained.stop())
  assert.equal(noted.sort(), ['+0', '+1', '-0', '-1'])
  noted.length = 0
  for await (const _ of outer.run()) break
  assert.equal(noted.sort(), ['+2', '+3', '-2', '-3'])
})

nesting('is told when the outer run is torn down', async () => {
  let told = 0
  const inner = pipeline<number>('inner').stage('s', async (_: number, { signal }) => {
    await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
    told++
  })
  const controller = new AbortController()
  const run = pipeline('outer').from([1, 2]).stage('inner', inner, { workers: 2 }).run({ signal: controller.signal })
  run.output.subscribe({ error() {} })
  await turns()
  controller.abort('away')
  assert.is(await failureOf(run.done), 'away')
  assert.is(told, 2)
})

nesting('whose inner run gives up an item more than is tolerated says so to the outer', async () => {
  const inner = pipeline<number>('inner')
    .stage(
      'check',
      (n: number) => {
        if (n % 2) throw new Error('odd')
        return n
      },
      { onFailure: 'skip' },
    )
    .supervise({ tolerate: { deadLetters: 0 } })
  for (const items of [
    [0, 1, 2],
    [0, 1],
  ]) {
    const { error } = await execute(pipeline('outer').from(items).stage('inner', inner))
    let cause: any = error
    while (cause?.cause && !(cause instanceof TooManyDeadLetters)) cause = cause.cause
    assert.instance(cause, TooManyDeadLetters, `${items}`)
  }
})

nesting('is told the first failure of an item, though what comes later streams, and fails further down', async () => {
  const inner = pipeline<number>('inner')
    .stage('two', function* (n: number) {
      yield n
      yield n + 1
    })
    .stage(
      'first',
      (n: number) => {
        if (n === 10) throw new Error(`no ${n}`)
        return n
      },
      { emit: 'streaming', concurrency: 2, retry: { attempts: 2, backoff: () => 5 } },
    )
    .map((n: number) => {
      if (n === 11) throw new Error(`no ${n}`)
      return n
    })
  const made = pipeline('outer').from([10]).stage('inner', inner, { onFailure: 'skip' })
  const { deadLetters } = await execute(made)
  assert.match(String((deadLetters[0]!.error as Error).message), 'no 10')
})

nesting('must be open', () => {
  const closed: any = pipeline('inner').from([1])
  const [mistake, ...others] = pipeline<number>('outer').stage('s', closed).validate()
  assert.equal(others, [])
  assert.equal([mistake!.code, mistake!.place], ['CONNECTED', 'outer/s'])
})

nesting.run()
