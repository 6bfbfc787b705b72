import * as assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { of, throwError } from 'rxjs'
import { suite } from 'uvu'
import { InvalidKey, SchemaMismatch, SourceUsed, type StageFailed, UndefinedItem } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { within } from '../support/within.ts'

const thrown = suite('a handler that throws')

class Unreadable extends Error {
  override get message(): string {
    throw new Error('no message either')
  }
}

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('do not look')
    },
    getPrototypeOf() {
      throw new Error('do not look')
    },
    ownKeys() {
      throw new Error('do not look')
    },
  },
)

const anything: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'boom'],
  ['a number', 42],
  ['a symbol', Symbol('boom')],
  ['a function', () => 'boom'],
  ['a frozen object', Object.freeze({ code: 'E' })],
  ['a frozen error', Object.freeze(new Error('cold'))],
  ['an error with a throwing getter', new Unreadable()],
  ['a proxy that throws at every look', hostile],
]

for (const [name, value] of anything) {
  thrown(`${name} stops the pipeline, with that as the cause and its place in the message`, async () => {
    for (const isAsync of [false, true]) {
      const handler = (n: number) => {
        if (n === 2) throw value
        return n
      }
      const made = pipeline('p')
        .from([0, 1, 2, 3])
        .stage('s', (n: number): number | Promise<number> => (isAsync ? Promise.resolve(n).then(handler) : handler(n)))
      const { results, error } = await within(5_000, execute(made))
      const failed = error as StageFailed
      assert.deepEqual(results, [0, 1])
      assert.equal(failed.code, 'ERR_STAGE_FAILED')
      assert.ok(failed.message.startsWith('p/s failed on item 2 (attempt 1): '), failed.message)
      assert.ok(Object.is(failed.cause, value))
      assert.deepEqual([failed.stage, failed.sequence, failed.unfinished], ['s', 2, failed.unfinished])
      assert.ok(failed.unfinished >= 1, 'the item that failed is counted')
    }
  })
}

thrown('anything is a dead letter all the same, in its place', async () => {
  for (const [, value] of anything) {
    const made = pipeline('p')
      .from([0, 1, 2])
      .stage(
        's',
        (n: number) => {
          if (n === 1) throw value
          return n
        },
        { onFailure: 'skip' },
      )
    const { results, deadLetters } = await within(5_000, execute(made))
    assert.deepEqual(results, [0, 2])
    assert.equal(deadLetters.length, 1)
    assert.ok(Object.is(deadLetters[0]!.error, value))
    assert.deepEqual([deadLetters[0]!.item, deadLetters[0]!.sequence], [1, 1])
  }
})

thrown.run()

const source = suite('a source')

/** What `done` rejects with, and what had come by then. */
async function failing(from: unknown) {
  const made = pipeline('p')
    .from(from as Iterable<number>)
    .map(n => n * 10)
  const { results, error } = await within(5_000, execute(made))
  return { results, failed: error as StageFailed }
}

source('that throws fails the run behind what it gave, at its position', async () => {
  const boom = new RangeError('dry')
  const sync = function* () {
    yield 1
    yield 2
    throw boom
  }
  const async = async function* () {
    yield* sync()
  }
  const readable = () => Readable.from(sync())
  for (const from of [sync, async, readable]) {
    const { results, failed } = await failing(from)
    assert.deepEqual(results, [10, 20])
    assert.equal(failed.cause, boom)
    assert.deepEqual([failed.stage, failed.sequence], ['source', 2])
    assert.ok(failed.message.startsWith('p/source failed on item 2'), failed.message)
  }
  const { failed } = await failing(throwError(() => boom))
  assert.equal(failed.cause, boom)
})

source('that is a function which throws, or gives nothing to iterate over, fails the run', async () => {
  const boom = new Error('no source')
  const { failed } = await failing(() => {
    throw boom
  })
  assert.equal(failed.cause, boom)
  const { failed: none } = await failing(() => 5)
  assert.match(none.message, /source/)
  assert.equal(none.stage, 'source')
})

source('that gives undefined fails the run, and says at which item', async () => {
  const gaps = function* () {
    yield 1
    yield undefined
  }
  const asyncGaps = async function* () {
    yield* gaps()
  }
  for (const from of [[1, undefined, 3], gaps, asyncGaps, of(1, undefined)]) {
    const { results, failed } = await failing(from)
    assert.deepEqual(results, [10])
    assert.ok(failed.cause instanceof UndefinedItem)
    assert.match(failed.message, /gave `undefined` as item 1/)
  }
})

source('that can be read only once is refused to a second run, by name', async () => {
  const once = (function* () {
    yield 1
  })()
  const makers: [unknown, string][] = [
    [once, 'generator'],
    [Readable.from([1]), 'Node stream'],
    [new Blob(['x']).stream(), 'web stream'],
  ]
  for (const [from, kind] of makers) {
    const made = pipeline('p').from(from as Iterable<number>)
    const run = made.run()
    await within(
      2_000,
      run.consume(() => {}),
    )
    assert.throws(
      () => made.run(),
      (error: unknown) => error instanceof SourceUsed && error.message.includes(kind),
    )
  }
})

source('that begins anew each time serves any number of runs', async () => {
  const made = pipeline('p')
    .from([1, 2])
    .map(n => n + 1)
  for (let i = 0; i < 3; i++) assert.deepEqual((await execute(made)).results, [2, 3])
})

source.run()

const refused = suite('an item')

refused('whose key function throws, or gives no key, fails with its place', async () => {
  const boom = new Error('no key')
  const keys: [(n: number) => any, (error: unknown) => boolean][] = [
    [
      () => {
        throw boom
      },
      error => error === boom,
    ],
    [() => ({}), error => error instanceof InvalidKey],
    [() => undefined, error => error instanceof InvalidKey],
  ]
  for (const [key, isIt] of keys) {
    const made = pipeline('p')
      .from([7])
      .stage('s', (n: number) => n, { key, onFailure: 'skip' })
    const { results, deadLetters } = await within(2_000, execute(made))
    assert.deepEqual(results, [])
    assert.ok(isIt(deadLetters[0]!.error))
    assert.equal(deadLetters[0]!.item, 7)
  }
})

refused('that a schema refuses fails with the issues, and one that it changes goes in changed', async () => {
  for (const isAsync of [false, true]) {
    const check = (value: unknown) =>
      typeof value === 'number'
        ? { value: value + 100 }
        : { issues: [{ message: 'no number', path: ['a', { key: 'b' }] }] }
    const schema = {
      '~standard': {
        version: 1 as const,
        validate: (value: unknown) => (isAsync ? Promise.resolve(check(value)) : check(value)),
      },
    }
    const made = pipeline('p')
      .from([1, 'x', 2])
      .stage('s', (n: number | string) => n, { schema, onFailure: 'skip' })
    const { results, deadLetters } = await within(2_000, execute(made))
    assert.deepEqual(results, [101, 102])
    assert.ok(deadLetters[0]!.error instanceof SchemaMismatch)
    assert.equal(deadLetters[0]!.error.message, "does not match the stage's schema: a.b: no number")
  }
})

refused('sent as undefined is refused at once', async () => {
  const run = pipeline<number>('p').run()
  assert.ok((await failureOf(run.send(undefined as never))) instanceof UndefinedItem)
  run.end()
  await within(1_000, run.done)
})

refused.run()
