import * as assert from 'node:assert/strict'
import { suite } from 'uvu'
import { defineActor } from '../../src/actor/define-actor.ts'
import { InvalidBlueprint } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'

const validation = suite('validate')

/** As somebody would write it who does not read types. */
const any = (made: unknown) => made as any
const one = () => any(pipeline('p').from([1]))
const f = (n: number) => n
const fold = { start: () => 0, receive: f }
const stream = {
  async *stream(items: AsyncIterable<number>) {
    yield* items
  },
}

const mistakes: [string, () => any, string][] = [
  [
    'a misspelt option',
    () => one().stage('s', f, { worker: 2 }),
    'p/s: unknown option `worker`: did you mean `workers`? (UNKNOWN_OPTION)',
  ],
  [
    'an option of the wrong type',
    () => one().stage('s', f, { concurrency: '4' }),
    'p/s: `concurrency` must be a whole number from 1, got "4" (string): write it without quotes, 4 (INVALID_OPTION)',
  ],
  [
    'options that are none',
    () => one().stage('s', f, 4),
    'p/s: options must be an object, got 4 (number); there are workers, concurrency, on, key, order, capacity, inFlight, emit, overflow, timeout, retry, onFailure, schema (NOT_OPTIONS)',
  ],
  [
    'a misspelt word of supervision',
    () => one().supervise({ strategie: 'one-for-one' }),
    'p: unknown option `strategie`: did you mean `strategy`? (UNKNOWN_OPTION)',
  ],
  [
    'two stages of one name',
    () => one().stage('s', f).stage('s', f),
    'p/s: two stages have this name: each needs one of its own (DUPLICATE_NAME)',
  ],
  [
    'a stage that is called as a map without a name is',
    () => one().stage('map@2', f).map(f),
    'p/map@2: two stages have this name: each needs one of its own (DUPLICATE_NAME)',
  ],
  [
    'supervision that is none',
    () => one().supervise(5).supervise({ grace: 5 }),
    'p: options must be an object, got 5 (number); there are strategy, maxRestarts, within, backoff, grace, inactivity, tolerate (NOT_OPTIONS)',
  ],
  [
    'a stage without a name',
    () => one().stage('', f),
    'p/stage@1: a stage needs a name, a string that is not empty, got "": write `.stage(\'name\', body)` (NO_NAME)',
  ],
  [
    'a pipeline without a name',
    () => any(pipeline('')).stage('s', f),
    'pipeline: a pipeline needs a name, a string that is not empty, got "": write `pipeline(\'name\')` (NO_NAME)',
  ],
  [
    'a body that is none',
    () => one().stage('s', 5),
    'p/s: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got 5 (number) (NOT_A_BODY)',
  ],
  [
    'a map of no function',
    () => one().map(5),
    'p/map@1: `map` takes a function, got 5: hand in the function itself, without calling it (NOT_A_FUNCTION)',
  ],
  [
    'operators that are none',
    () => one().pipe(5),
    'p/pipe@1: `pipe` takes RxJS operators, such as `scan(…)` of rxjs, got 5 (NOT_AN_OPERATOR)',
  ],
  [
    'a source that is none',
    () => any(pipeline('p')).from(5),
    'p/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got 5 (number) (NOT_A_SOURCE)',
  ],
  [
    'a runtime that there is not',
    () => one().stage('s', defineActor('s', import.meta, f), { on: 'threads' }),
    "p/s: there is no runtime 'threads' in this version: leave `on` out, or say 'inline' (NO_RUNTIME)",
  ],
  [
    'a stateful actor with workers',
    () => one().stage('s', fold, { workers: 2 }),
    'p/s: a stateful actor without a key has one state, so `workers` must be 1, got 2: give it a `key`, or leave the option out (STATEFUL_WORKERS)',
  ],
  [
    'a stateful actor with concurrency',
    () => one().stage('s', fold, { concurrency: 2 }),
    'p/s: a stateful actor without a key handles one item after another, so `concurrency` must be 1, got 2: give it a `key`, or leave the option out (STATEFUL_CONCURRENCY)',
  ],
  [
    'a stateful pipeline with workers',
    () => one().stage('s', any(pipeline('in')).stage('f', fold), { workers: 2 }),
    'p/s: a stateful actor without a key has one state, so `workers` must be 1, got 2: give it a `key`, or leave the option out (STATEFUL_WORKERS)',
  ],
  [
    'a stream with concurrency',
    () => one().stage('s', stream, { concurrency: 2 }),
    'p/s: a body over the whole stream takes items itself: leave `concurrency` out (STREAM_CONCURRENCY)',
  ],
  [
    'a stream with a key',
    () => one().stage('s', stream, { key: 'id' }),
    'p/s: a body over the whole stream has no state by key: leave `key` out (STREAM_KEY)',
  ],
  [
    'a stream that retries',
    () => one().stage('s', stream, { retry: { attempts: 2 } }),
    'p/s: a body over the whole stream cannot be given an item again: leave `retry` out, and retry inside it (STREAM_RETRY)',
  ],
  [
    'too little in flight',
    () => one().stage('s', f, { workers: 2, concurrency: 3, inFlight: 5 }),
    'p/s: `inFlight` must be at least workers × concurrency (6), got 5: raise it, or have fewer workers (IN_FLIGHT)',
  ],
  [
    'a channel described twice',
    () => any(pipeline('p')).from([1], { capacity: 2 }).stage('s', f, { capacity: 3 }),
    'p/source: `capacity` of the channel between the source and its first stage is said twice: keep one (OPTION_TWICE)',
  ],
  [
    'a stage whose input is connected',
    () => one().stage('s', pipeline('in').from([1])),
    'p/s: the input of this pipeline is already connected: a stage must be an open one, which begins without `from` (CONNECTED)',
  ],
  [
    'a mistake in a stage that is a pipeline',
    () => one().stage('s', any(pipeline('in')).stage('t', f, { timeout: 0 })),
    'p/s/in/t: `timeout` must be a number of milliseconds above 0, got 0 (number) (INVALID_OPTION)',
  ],
]

for (const [name, make, message] of mistakes) {
  validation(`finds ${name}`, () => {
    const made = make()
    assert.throws(
      () => made.run(),
      (error: unknown) => error instanceof InvalidBlueprint && (assert.equal(error.message, message), true),
    )
    assert.equal(made.validate().length, 1)
  })
}

validation('tells all mistakes at once, and starts nothing', () => {
  let asked = 0
  const made = any(
    pipeline('p').from(() => {
      asked++
      return [1]
    }),
  )
    .stage('a', f, { worker: 1 })
    .stage('a', f, { order: 'random' })
    .supervise({ grace: -1 })
  assert.throws(
    () => made.run({ inFlight: 0 }),
    (error: unknown) => {
      assert.ok(error instanceof InvalidBlueprint)
      assert.deepEqual(
        error.mistakes.map(({ code }) => code).sort(),
        ['DUPLICATE_NAME', 'INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION', 'UNKNOWN_OPTION'].sort(),
      )
      assert.match(error.message, /^p: `inFlight` must be .*, and 4 more mistakes:\n {2}p: /)
      return true
    },
  )
  assert.equal(asked, 0)
})

validation('finds nothing wrong with a sound pipeline, whatever it uses', () => {
  const made = any(pipeline('p').from([{ id: 1 }], { capacity: { items: 4, bytes: 100 } }))
    .stage('a', f, { workers: { min: 1, max: 4 }, concurrency: 2, inFlight: 8, onFailure: () => 'skip' })
    .stage('b', f, { workers: 'auto', overflow: 'drop-oldest', emit: 'streaming' })
    .stage('c', fold, { key: 'id', workers: { inline: 3 } })
    .supervise({ tolerate: { share: 0.1, of: 10 } })
  assert.deepEqual(made.validate({ on: 'inline', grace: 0 }), [])
})

validation.run()
