/**
 * What a pipeline promises wherever its workers live: one suite, run on every runtime.
 *
 * What a runtime cannot bear by its nature (a handler that loops for ever, inline) stands with that runtime.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ItemTimeout, StageFailed } from '../../src/errors.ts'
import type { DeadLetter } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { inFolder } from '../support/folder.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'
import * as actors from './actors.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** The options of a stage whose workers live there. */
function placed(on: string, how: { workers?: number; [option: string]: unknown } = {}): object {
  if (on !== 'mixed') return { on, ...how }
  const mixtures = [{ threads: 1 }, { inline: 1, processes: 1 }, { inline: 1, threads: 1, processes: 1 }]
  return { ...how, workers: mixtures[(how.workers ?? 1) - 1] }
}

/** Runs a stage over items; gives its results, dead letters, and how it ended. */
async function led(on: any, items: Iterable<any>, actor: any, how: object = {}, policy: object = {}) {
  const run = (pipeline('p').from(items) as any)
    .stage('s', actor, placed(on, { ...how }))
    .supervise(policy)
    .run()
  const letters: DeadLetter[] = []
  run.deadLetters.subscribe((letter: DeadLetter) => letters.push(letter))
  const results: any[] = []
  run.output.subscribe({ next: (result: any) => results.push(result), error() {} })
  const ended = run.done.then(
    (summary: any) => ({ summary }),
    (error: any) => ({ error }),
  )
  const { summary, error } = await within<any>(20_000, ended, 'the run')
  return { results, letters, summary, error }
}

export function contract(on: 'inline' | 'threads' | 'processes' | 'mixed'): void {
  const promises = suite(`on ${on}, a pipeline`)

  promises('gives what its handlers give, in the order of its items, for any number of workers', async () => {
    for (const workers of [1, 2, 3]) {
      for (const concurrency of [1, 4]) {
        const { results } = await led(on, upTo(60), actors.uneven, { workers, concurrency })
        assert.equal(results, upTo(60), `${workers} workers, ${concurrency} at once`)
      }
    }
  })

  promises('gives all of them where the order is that of completion, and keeps it within a key', async () => {
    const how = { workers: 2, concurrency: 4, order: 'completion', key: (n: number) => n % 3 }
    const { results } = await led(on, upTo(60), actors.uneven, how)
    assert.equal(
      results.toSorted((a, b) => a - b),
      upTo(60),
    )
    for (const key of [0, 1, 2]) {
      const own = results.filter(n => n % 3 === key)
      assert.equal(
        own,
        own.toSorted((a, b) => a - b),
      )
    }
  })

  promises('hands on a Buffer as a Buffer, and other bytes as what they are, wherever in an item', async () => {
    const buffer = Buffer.from('of a pool')
    const bytes = new Uint8Array([1, 2])
    const items = [buffer, { a: [{ b: buffer }] }, new Map([['a', buffer]]), bytes, { a: [{ b: bytes }] }]
    for (const how of [{}, { emit: 'streaming' }]) {
      const { results } = await led(on, items, (actors.buffers as any).with(Buffer.from('mark')), how)
      assert.equal(
        results.map(([isFound, isMark, value]) => [isFound, isMark, inspect(value)]),
        items.map((item, n) => [n < 3, true, inspect(new Map([['a', item]]))]),
      )
    }
  })

  promises('has the arguments of its program', async () => {
    process.argv.push('an argument')
    try {
      const { results } = await led(on, upTo(3), actors.args, { workers: 2, concurrency: 1 })
      assert.equal(results, Array(3).fill(process.argv.slice(2)))
    } finally {
      process.argv.pop()
    }
  })

  promises('emits one by return, many by yield, and none by nothing', async () => {
    assert.equal((await led(on, [0, 2, 1], actors.expand)).results, ['2.0', '2.1', '1.0'])
    assert.equal((await led(on, [0, 2, 1], actors.expand, { emit: 'streaming' })).results, ['2.0', '2.1', '1.0'])
    assert.equal((await led(on, [[1, 2], null, 3], actors.same)).results, [[1, 2], null, 3])
  })

  promises('tells handlers which item they have, and where they are', async () => {
    const { results } = await led(on, [7, 8], actors.address, { workers: 2 })
    assert.equal(
      results.map(({ sequence, attempt }) => [sequence, attempt]),
      [
        [0, 1],
        [1, 1],
      ],
    )
    for (const { address } of results) assert.match(address, /^p\/s#[01]$/)
  })

  promises('has exactly `concurrency` items in flight in a worker, never one more', async () => {
    const { results } = await led(on, upTo(40), actors.counting, { concurrency: 3 })
    assert.is(Math.max(...results), 3)
  })

  promises('carries what structured clone carries', async () => {
    const cycle: any = { name: 'cycle' }
    cycle.self = cycle
    const buffer = new ArrayBuffer(8)
    const items = [
      { map: new Map([[1, { a: -0 }]]), set: new Set(['x']), date: new Date(5), nan: NaN, big: 12n ** 20n },
      { undefined: undefined, null: null, nested: [1, [2, [3]]], regexp: /a+/gi },
      cycle,
      Object.assign(new Array(3), { 0: 1, 2: 3 }),
      new Float64Array([1.5, NaN, -0]),
      [new Uint8Array(buffer), new Uint16Array(buffer)],
      'lone \ud800 surrogate',
      Object.assign(new Error('an item'), { cause: new TypeError('inside') }),
      'a'.repeat(100_000),
      true,
      '',
    ]
    const { results, error } = await led(on, items, actors.same)
    assert.is(error, undefined)
    const shown = (values: unknown[]) =>
      values.map(value => inspect(value, { depth: 9, showHidden: true }).replace(/\n +at [^\n]*/g, ''))
    assert.equal(shown(results), shown(on === 'inline' ? items : structuredClone(items)))
    const [, , , , , views] = results
    assert.is(views[0].buffer, views[1].buffer, 'two views of one buffer are still that')
  })

  promises('leaves a Buffer a Buffer, without the pool that it is a piece of', async () => {
    const pooled = Buffer.from('pooled')
    const { results } = await led(on, [pooled, { pooled }], actors.same)
    const [buffer, { pooled: inside }] = results
    for (const each of [buffer, inside]) {
      assert.ok(Buffer.isBuffer(each))
      assert.is(each.toString(), 'pooled')
    }
  })

  promises('keeps errors what they are: their class, their properties, and what caused them', async () => {
    const { error, results, summary } = await led(on, upTo(9), actors.refusing)
    assert.is(summary, undefined)
    assert.equal(results, [0])
    assert.instance(error, StageFailed)
    assert.equal([error.stage, error.sequence, error.unfinished >= 1], ['s', 1, true])
    const { cause } = error
    assert.instance(cause, actors.OutOfStock)
    assert.equal([cause.message, cause.code, cause.left, cause.name], ['only 1 left', 'OUT_OF_STOCK', 1, 'Error'])
    assert.instance(cause.cause, RangeError)
    assert.is(cause.cause.message, 'none behind them')
    assert.match(cause.stack, /actors\.js/)
  })

  promises('bears whatever a handler throws', async () => {
    const kinds = ['undefined', 'text', 'frozen', 'a getter that throws', 'aggregate', 'a DOMException']
    const { letters } = await led(on, kinds, actors.throwing, { onFailure: 'skip' })
    const [nothing, text, frozen, odd, aggregate, dom] = letters.map(({ error }) => error as any)
    assert.equal([nothing, text], [undefined, 'text'])
    assert.instance(frozen, TypeError)
    assert.instance(odd, Error)
    assert.instance(aggregate, AggregateError)
    assert.equal(
      aggregate.errors.map((each: Error) => [each.name, each.message]),
      [
        ['Error', 'one'],
        ['SyntaxError', 'two'],
      ],
    )
    assert.equal([dom.name, dom.message, dom.code], ['AbortError', 'gone', 20])
  })

  promises('makes dead letters of items that fail, in their place, and loses no other', async () => {
    const { results, letters, summary } = await led(on, upTo(30), actors.refusing, { onFailure: 'skip', workers: 2 })
    assert.equal(
      results,
      upTo(30).filter(n => n % 3 !== 1),
    )
    assert.equal(
      letters.map(({ sequence, item }) => [sequence, item]),
      upTo(30)
        .filter(n => n % 3 === 1)
        .map(n => [n, n]),
    )
    assert.equal([summary.received, summary.emitted, summary.deadLetters], [30, 20, 10])
  })

  promises('tries an item again as often as it may', async () => {
    const backoffs: number[] = []
    const retry = { attempts: 3, backoff: (attempt: number) => backoffs.push(attempt) }
    const { results } = await led(on, [5, 6], (actors.flaky as any).with(2), { retry })
    assert.equal(results, [
      [5, 3],
      [6, 3],
    ])
    assert.equal(backoffs.toSorted(), [1, 1, 2, 2])
    const { letters } = await led(on, [5], (actors.flaky as any).with(9), { retry, onFailure: 'skip' })
    assert.equal([letters[0]!.attempts, (letters[0]!.error as Error).message], [3, 'attempt 3'])
  })

  promises(
    'keeps a state for each key, whatever worker has it, and flushes in the order of first appearance',
    async () => {
      for (const workers of [1, 3]) {
        const { results } = await led(on, [3, 1, 2, 4, 6, 5], actors.summing, { workers, key: (n: number) => n % 3 })
        assert.equal(results, [
          { key: 0, sum: 9, items: 2 },
          { key: 1, sum: 5, items: 2 },
          { key: 2, sum: 7, items: 2 },
        ])
      }
    },
  )

  promises('keeps one state where there is no key, and drops it where it is told to', async () => {
    const { results } = await led(on, [1, 2, 0, 5, 1], actors.running2)
    assert.equal(results, [1, 3, 3, 5, 6])
  })

  promises('runs a body over the whole stream', async () => {
    assert.equal((await led(on, [1, 2, 3], actors.pairs)).results, [[1, 2], [3]])
  })

  promises('runs a pipeline as a stage', async () => {
    const { results } = await led(on, upTo(6), actors.inner, { workers: 2 })
    assert.equal(results, [
      [0, 0],
      [1, 1],
      [2, 2],
    ])
  })

  promises('sets each worker up once, and stops each on the way out', async () => {
    await inFolder(async folder => {
      const log = join(folder, 'log')
      await led(on, upTo(20), (actors.hooked as any).with(log), { workers: 3 })
      const lines = readFileSync(log, 'utf8').trim().split('\n')
      assert.equal(lines.toSorted(), ['setup', 'setup', 'setup', 'stop', 'stop', 'stop'])
    })
  })

  promises('computes no more than its channels may hold, for a reader that does not come', async () => {
    const run = (pipeline('p').from([0]) as any)
      .stage('s', actors.endless, placed(on, { emit: 'streaming' }))
      .stage('t', (n: number) => n, { capacity: 5 })
      .stage('u', (n: number) => n, { capacity: 5 })
      .run()
    const reader = run[Symbol.asyncIterator]()
    assert.equal(await within(10_000, reader.next()), { done: false, value: 0 })
    await turns(200)
    const emitted = run.snapshot().stages[0].emitted
    assert.ok(emitted <= 1_024 + 5 + 5 + 3, `emitted ${emitted}`)
    await within(10_000, reader.return())
  })

  promises('gives an item no more than its time', async () => {
    const { letters, results } = await led(on, upTo(4), actors.hanging, { timeout: 300, onFailure: 'skip' })
    assert.equal(results, [0, 2, 3])
    assert.instance(letters[0]!.error, ItemTimeout)
  })

  promises('lets a long item say that it is getting on', async () => {
    const { results, error } = await led(on, [1, 2], actors.progressing, { timeout: 300 })
    assert.equal([results, error], [[1, 2], undefined])
  })

  promises('tells its handlers when it is stopped, and ends', async () => {
    const run = (pipeline('p').from([1, 2]) as any).stage('s', actors.patient, placed(on, { concurrency: 2 })).run()
    run.output.subscribe({ error() {} })
    while (run.snapshot().stages[0].received < 2) await turn()
    await turns(50)
    const summary: any = await within(10_000, run.stop({ grace: 1_200 }))
    assert.equal([summary.received, summary.unfinished], [2, 2])
  })

  promises('answers what it is asked', async () => {
    const run = (pipeline('p') as any).stage('s', actors.expand, placed(on, { workers: 2 })).run()
    assert.equal(await within(10_000, Promise.all([run.ask(2), run.ask(0), run.ask(1)])), [['2.0', '2.1'], [], ['1.0']])
    await run.stop()
  })

  promises('ends when its reader leaves, and counts what was not finished', async () => {
    const run = (pipeline('p').from(upTo(1_000)) as any).stage('s', actors.uneven, placed(on, { workers: 2 })).run()
    for await (const n of run) if (n === 10) break
    const summary: any = await within(10_000, run.done)
    assert.is(summary.received, summary.emitted + summary.unfinished)
  })

  promises.run()
}
