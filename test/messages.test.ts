/**
 * Every message is provoked as a user would provoke it, and compared as a whole: what docs/reference/errors.md says is what
 * is said.
 */

import { Writable } from 'node:stream'
import { debounceTime, from, range } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { batch } from '../actors/batch.ts'
import { deadLetterFile } from '../actors/dead-letter-file.ts'
import { lines } from '../actors/lines.ts'
import { ndjson } from '../actors/ndjson.ts'
import { defineActor } from '../src/actor/define-actor.ts'
import { ReorderBuffer } from '../src/channel/reorder-buffer.ts'
import { jsonOf } from '../src/cli/json.ts'
import { Output } from '../src/cli/output.ts'
import { FrameDecoder } from '../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../src/codec/frame-encoder.ts'
import {
  InvalidBlueprint,
  InvalidOptions,
  MillraceError,
  type Mistake,
  ModuleChanged,
  StageFailed,
} from '../src/errors.ts'
import { errorMessages, filled, mistakeMessages } from '../src/messages.ts'
import { blueprintOf } from '../src/pipeline/blueprint.ts'
import { lossesOf } from '../src/pipeline/losses.ts'
import { pipeline } from '../src/pipeline/pipeline.ts'
import { exportMistakes } from '../src/pipeline/travel.ts'
import { exponential } from '../src/stage/backoff.ts'
import { expectModel, faulty, manualClock, runActor } from '../src/testing/index.ts'
import * as burdens from './contract/burdens.ts'
import { leaving } from './contract/deadly.ts'
import { execute } from './support/execute.ts'
import { failureOf, thrownBy } from './support/failure.ts'
import { turns } from './support/turns.ts'
import { within } from './support/within.ts'

/** As somebody would write it who does not read types. */
const any = (made: unknown) => made as any
const one = () => any(pipeline('p').from([1]))
const f = (n: number) => n
const never = () => new Promise<never>(() => {})
/** Waits for its end. */
const patient = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
const fold = { start: () => 0, receive: f }
const stream = {
  async *stream(items: AsyncIterable<number>) {
    yield* items
  },
}
const home = import.meta
class Order {
  total() {}
}
const burdensUrl = new URL('./contract/burdens.js', import.meta.url).href
const tight = { on: 'threads', resources: { maxMessageBytes: 1_024 } }
const lacking = { url: new URL('./contract/lacking.js', import.meta.url).href }
const above = any(defineActor('above', home, { start: (least: number) => ({ least }), receive: f }))
const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const travelling = defineActor('travelling', home, f)
defineActor('twin', home, f)
const twin = defineActor('twin', home, (n: number) => -n)

/* ── What validate says ─────────────────────────────────────────────────── */

const validation = suite('validate says')

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
    'p/s: options must be a plain object, got 4 (number): did you mean `{ workers: 4 }`? (NOT_OPTIONS)',
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
    'p: options must be a plain object, got 5 (number); there are strategy, maxRestarts, within, backoff, grace, inactivity, tolerate (NOT_OPTIONS)',
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
    'options for a home',
    () => any(pipeline)('p', { from: [1] }).stage('s', f),
    'p: the home of a pipeline is the `import.meta` of its module, got { from: [ 1 ] } (object): it has no options; its source is said with `.from(…)`, its supervision with `.supervise(…)` (NOT_A_HOME)',
  ],
  [
    'a map with options',
    () => one().map(f, { concurrency: 4 }),
    'p/map@1: `map` takes a function and nothing else, got { concurrency: 4 } as well: options are for `.stage(name, fn, { … })` (TOO_MANY_ARGUMENTS)',
  ],
  [
    'a filter with options',
    () => one().filter(f, undefined, 5),
    'p/filter@1: `filter` takes a function and nothing else, got 5 as well: options are for `.stage(name, fn, { … })` (TOO_MANY_ARGUMENTS)',
  ],
  [
    'a text for a source',
    () => any(pipeline('p')).from('data.csv'),
    'p/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got "data.csv" (string): `lines(path)` of millrace/actors reads the lines of a file; `[text]` is one item, and `[...text]` its characters (NOT_A_SOURCE)',
  ],
  [
    'no source',
    () => any(pipeline('p')).from(),
    'p/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got undefined (undefined): a pipeline that is given its items by `send` or `ask` has no `from` (NOT_A_SOURCE)',
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
    () => one().stage('s', defineActor('s', import.meta, f), { on: { kind: 'nats' } }),
    "p/s: there is no runtime 'nats' in this version: say 'inline', 'threads' or 'processes' (NO_RUNTIME)",
  ],
  [
    'a stateful actor with workers',
    () => one().stage('s', fold, { workers: 2 }),
    'p/s: a stateful actor without a key has one state, so `workers` must be 1, got 2: give it a `key`, or leave the option out (STATEFUL_WORKERS)',
  ],
  [
    'a stateful actor that may come to have workers',
    () => one().stage('s', fold, { workers: { min: 0, max: 2 } }),
    'p/s: a stateful actor without a key has one state, so `workers` must be 1, got { min: 0, max: 2 }: give it a `key`, or leave the option out (STATEFUL_WORKERS)',
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
    'a stream with a schema',
    () => one().stage('s', stream, { schema }),
    'p/s: a body over the whole stream takes items as they came: give the `schema` to a stage before it, or check inside it (STREAM_SCHEMA)',
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
  [
    'an option of no kind that is known',
    () => one().supervise({ parallel: 4 }),
    'p: unknown option `parallel`; there are strategy, maxRestarts, within, backoff, grace, inactivity, tolerate (UNKNOWN_OPTION)',
  ],
  [
    'an option of the wrong kind',
    () => one().stage('s', f, { timeout: true }),
    'p/s: `timeout` must be a number of milliseconds above 0, got true (boolean) (INVALID_OPTION)',
  ],
  [
    'a source that is an object',
    () => any(pipeline('p')).from({ a: 1 }),
    'p/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got { a: 1 } (object): the values of an object are `Object.values(…)` (NOT_A_SOURCE)',
  ],
  [
    'a map of a property',
    () => one().map('name'),
    'p/map@1: `map` takes a function, got "name": write `item => item.name` (NOT_A_FUNCTION)',
  ],
  [
    'a function that was called already',
    () => one().stage('s', Promise.resolve(1)),
    'p/s: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got Promise { 1 } (object): hand in the function itself, without calling it (NOT_A_BODY)',
  ],
  [
    'a class',
    () => one().stage('s', class Doubler {}),
    'p/s: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got [class Doubler] (function): it is a class: hand in what `new` makes of it (NOT_A_BODY)',
  ],
  [
    'a stage without a name, and what comes first instead',
    () => one().stage(f),
    "p/stage@1: a stage needs a name, a string that is not empty, got [Function: f]: write `.stage('name', body)` (NO_NAME)",
  ],
  [
    'a misspelt hook',
    () => one().stage('s', { recieve: f }),
    'p/s: unknown option `recieve`: did you mean `receive`? (UNKNOWN_OPTION)',
  ],
  [
    'state behind a stage that shuffles',
    () => one().stage('s', f, { workers: 2, order: 'completion' }).stage('t', fold),
    "p/t: its state has no key, and s before it hands items on as they finish: the answer may differ from run to run. Give it a `key`, or s `order: 'input'` (STATEFUL_AFTER_COMPLETION)",
  ],
  [
    'operators, which may wait',
    () => one().pipe(debounceTime(10)),
    'p/pipe@1: operators that emit later than they are given an item (delay, mergeMap, debounceTime …) keep items inside RxJS, where no bound and no order is promised: let a stage do what waits (ASYNC_OPERATORS)',
  ],
  [
    'hooks beside a stream',
    () => one().stage('s', { ...stream, flush: f }),
    'p/s: a body over the whole stream is all there is, and nothing would call `flush`: do its work inside `stream` (STREAM_HOOK)',
  ],
  [
    'a snapshot that nothing restores',
    () => one().stage('s', { ...fold, snapshot: f }),
    'p/s: `snapshot` and `restore` go together, got only `snapshot`: add `restore`, or leave both out (HALF_SNAPSHOT)',
  ],
  [
    'an actor that was not given its argument',
    () => one().stage('s', above),
    'p/s: `start` takes an argument, and nothing gives it one: hand in `above.with(…)` (NO_ARGUMENT)',
  ],
  [
    'an actor that was not given its argument, in a stage of its name',
    () => one().stage('least', any(defineActor('least', { setup: (n: number) => n, receive: f }))),
    'p/least: `setup` takes an argument, and nothing gives it one: hand in `least.with(…)` (NO_ARGUMENT)',
  ],
  [
    'a behaviour that takes an argument',
    () => one().stage('s', { setup: (url: string) => url, receive: f }),
    'p/s: `setup` takes an argument, and nothing gives it one: make it with `defineActor`, and hand in its `.with(…)` (NO_ARGUMENT)',
  ],
  [
    'what belongs into another option',
    () => one().stage('s', f, { backoff: f }),
    'p/s: unknown option `backoff`: did you mean `retry: { backoff: … }`? (UNKNOWN_OPTION)',
  ],
  [
    'what other libraries call an option',
    () => one().stage('s', f, { retries: 3 }),
    'p/s: unknown option `retries`: did you mean `retry`? (UNKNOWN_OPTION)',
  ],
  [
    'what is said of the pipeline',
    () => one().stage('s', f, { inactivity: 3 }),
    'p/s: unknown option `inactivity`: did you mean `.supervise({ inactivity: … })`? (UNKNOWN_OPTION)',
  ],
  [
    'what is said of a stage',
    () => one().supervise({ onFailure: 'skip' }),
    'p: unknown option `onFailure`: did you mean `.stage(…, { onFailure: … })`? (UNKNOWN_OPTION)',
  ],
  [
    'a pipeline for a source',
    () => any(pipeline('p')).from(pipeline<number>('q').map(f)),
    'p/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got pipeline q (object): a pipeline takes items, so it is a stage (NOT_A_SOURCE)',
  ],
  [
    'a run for a stage',
    () => one().stage('s', pipeline<number>('q').map(f).run()),
    'p/s: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got run of q (object): it is a run: hand in the pipeline itself, without `.run()` (NOT_A_BODY)',
  ],
  [
    'a function that should travel',
    () => one().stage('s', f, { on: 'threads' }),
    "p/s: a function cannot travel to 'threads', which finds things by their module: make it with `defineActor('s', import.meta, …)`, or have it inline (CLOSURE)",
  ],
  [
    'a pipeline that should travel and has no home',
    () => one().stage('s', any(pipeline('in')).map(f), { on: { kind: 'nats' } }),
    "p/s: a pipeline without a home cannot travel to 'nats', which finds things by their module: make it with `pipeline('in', import.meta)`, or have it inline (CLOSURE)",
  ],
  [
    'two actors of one name in a module, of which one should travel',
    () => one().stage('s', twin, { on: 'threads' }),
    "p/s: 'threads' would look for actor twin by its name, and its module defines two of that name: define it once, and give it what differs by `.with(…)` (DEFINED_TWICE)",
  ],
  [
    'a function as the argument of an actor that should travel',
    () => one().stage('s', above.with(f), { on: 'threads' }),
    "p/s: the argument of actor above cannot travel to 'threads' (DataCloneError: (n) => n could not be cloned.): give `.with` plain data (ARGUMENT_STAYS)",
  ],
  [
    'a misspelt resource',
    () => one().stage('s', travelling, { on: 'threads', resources: { heapMb: 64 } }),
    'p/s: unknown option `resources.heapMb`: did you mean `resources.heapMB`? (UNKNOWN_OPTION)',
  ],
  [
    'a resource of the wrong type',
    () => one().stage('s', travelling, { on: 'threads', resources: { heapMB: '64' } }),
    'p/s: `resources.heapMB` must be a whole number from 16, got "64" (string): write it without quotes, 64 (INVALID_OPTION)',
  ],
  [
    'a resource beside the others',
    () => one().stage('s', travelling, { on: 'threads', heapMB: 64 }),
    'p/s: unknown option `heapMB`: did you mean `resources: { heapMB: … }`? (UNKNOWN_OPTION)',
  ],
  [
    'flags that are of the whole process, for a thread',
    () => one().stage('s', travelling, { on: 'threads', resources: { execArgv: ['--no-warnings', '--expose-gc'] } }),
    "p/s: `resources.execArgv` has `--expose-gc`, which a worker on 'threads' cannot begin with: they are of the whole process: use 'processes', or begin the program with them (REFUSED_FLAGS)",
  ],
  [
    'flags with which Node would run something else',
    () => one().stage('s', travelling, { on: 'processes', resources: { execArgv: ['--eval', '1'] } }),
    "p/s: `resources.execArgv` has `--eval`, which a worker on 'processes' cannot begin with: with these Node would run something else (REFUSED_FLAGS)",
  ],
  [
    'an environment that is none for a thread',
    () => one().stage('s', travelling, { on: 'threads', resources: { env: { NODE_OPTIONS: '--nonsense' } } }),
    "p/s: `resources.env` cannot be that of a worker on 'threads' (--nonsense is not allowed in NODE_OPTIONS): leave it out, or use 'processes' (REFUSED_ENV)",
  ],
  [
    'resources of workers in this event loop',
    () => one().stage('s', travelling, { resources: { heapMB: 64 } }),
    "p/s: `resources` are for workers on threads and in processes, and this stage has none: say `on: 'threads'` or `on: 'processes'`, here or in `run` (RESOURCES_INLINE)",
  ],
  [
    'an instance of a class among the items of a stage that travels',
    () => any(pipeline('p').from([{ at: 1 }, { order: new Order() }])).stage('s', travelling, { on: 'threads' }),
    "p/s: `order` of item 1 of the source is an instance of Order, and arrives on 'threads' as a plain object, without `total`: send plain data, and make the Order there (CLASS_LOST)",
  ],
  [
    'a key that is a function, where the stage travels',
    () => one().stage('s', travelling, { on: 'threads', key: f }),
    "p/s: `key` is a function of this module, so items on their way to 'threads' pass the main thread: say the name of a property, or put `key` into the actor (MAIN_THREAD)",
  ],
  [
    'a schema of the stage, where the stage travels',
    () => one().stage('s', travelling, { on: 'threads', schema }),
    "p/s: `schema` is a function of this module, so items on their way to 'threads' pass the main thread: put it into the actor (MAIN_THREAD)",
  ],
  [
    'a pipeline that should travel and is not exported',
    () => one().stage('s', any(pipeline('in', home)).map(f), { on: 'threads' }),
    `p/s: 'threads' would look for pipeline in among the exports of ${home.url}, and it is none of them: export it there, as it is used here (NOT_EXPORTED)`,
  ],
]

/** What is said beside it: there is no runtime to travel to. */
const isBeside = ({ code }: Mistake, expected: string) => code === 'NO_RUNTIME' && !expected.endsWith('(NO_RUNTIME)')

for (const [name, make, expected] of mistakes) {
  validation(`what is to be said of ${name}`, async () => {
    const made = make()
    const blueprint = blueprintOf(made)!
    const all: Mistake[] = [...made.validate(), ...(await exportMistakes(blueprint)), ...lossesOf(blueprint)]
    const found = all.filter(mistake => !isBeside(mistake, expected))
    assert.equal(
      found.map(({ code, place, message }) => `${place}: ${message} (${code})`),
      [expected],
    )
    assert.is(found[0]!.level, mistakeMessages[found[0]!.code].level)
    if (found[0]!.level !== 'mistake' || found[0]!.code === 'NOT_EXPORTED') return
    const error = thrownBy(() => made.run())
    assert.instance(error, InvalidBlueprint)
    assert.ok(error.message.includes(expected))
  })
}

validation('what is missing in the options of an actor', () => {
  const error = thrownBy(() => any(batch)())
  assert.instance(error, InvalidOptions)
  assert.is(error.message, missing)
})
const missing = '`size` is missing: it must be a whole number from 1, or Infinity, in batch'

validation.run()

/* ── What is thrown ─────────────────────────────────────────────────────── */

const errors = suite('an error says')

const boom = new Error('boom')
const throwing = () => {
  throw boom
}

/** What a run rejects with when time passes only where nothing else can. */
const ending = async (made: unknown, options = {}) => (await execute(made, { options })).error
const causeIn = (error: unknown) => {
  assert.instance(error, StageFailed)
  return (error as StageFailed).cause
}
const causeOf = async (made: unknown) => causeIn(await ending(made))
/** The same where workers live elsewhere, and their time is real. */
const causeElsewhere = async (made: unknown) => causeIn((await execute(made, { isReal: true })).error)

const thrown: [what: string, provoke: () => unknown, says: string | RegExp][] = [
  [
    'which file cannot be read',
    () => failureOf(pipeline('p').from(lines('no/such')).run().done).then(({ cause }) => cause),
    "cannot read no/such: ENOENT: no such file or directory, open 'no/such'",
  ],
  [
    'which line of a file cannot be read',
    () => {
      const { done } = pipeline('p')
        .from(ndjson(new URL('../../package.json', home.url)))
        .run()
      return failureOf(done).then(({ cause }) => cause)
    },
    /^cannot read file:.*package\.json, line 1: it is no JSON: .*$/,
  ],
  [
    'which result has no form in JSON',
    () => thrownBy(() => jsonOf({ price: [1n] }, 3)),
    'result 3 cannot be written as JSON: `price.0` is a bigint; make something of it that can, with `.map`',
  ],
  [
    'why results cannot be written',
    () => {
      const full = new Writable({ write: (_, __, told) => told(new Error('no space left')) })
      const output = new Output(full as NodeJS.WriteStream, full as NodeJS.WriteStream)
      output.print('1')
      return failureOf(output.flush())
    },
    'cannot write the results: no space left',
  ],
  [
    'what an option of a function must be',
    () => thrownBy(() => any(exponential)({ from: -1, to: 10 })),
    '`from` must be a number of ms from 0, got -1 (number), in exponential',
  ],
  [
    'what a name must be',
    () => thrownBy(() => any(defineActor)('', f)),
    '`name` must be a string that is not empty, got "" (string)',
  ],
  [
    'one mistake of a blueprint',
    () => thrownBy(() => one().stage('s', f, { worker: 1 }).run()),
    'p/s: unknown option `worker`: did you mean `workers`? (UNKNOWN_OPTION)',
  ],
  [
    'all mistakes of a blueprint',
    () => thrownBy(() => one().stage('s', f, { worker: 1 }).stage('s', f).run({ grace: -1 })),
    'p: `grace` must be milliseconds from 0, got -1 (number) (INVALID_OPTION), and 2 more mistakes:\n  p/s: unknown option `worker`: did you mean `workers`? (UNKNOWN_OPTION)\n  p/s: two stages have this name: each needs one of its own (DUPLICATE_NAME)',
  ],
  [
    'all that is wrong with the options of a method',
    async () => {
      const run = one().run()
      run.output.subscribe()
      const error = thrownBy(() => run.stop({ grace: '5', now: true }))
      await within(5_000, run.done)
      return error
    },
    '`grace` must be milliseconds from 0, got "5" (string): write it without quotes, 5, in p: stop; unknown option `now`; there are grace, in p: stop',
  ],
  [
    'which result came out of turn',
    () => {
      const buffer = new ReorderBuffer<number>()
      buffer.put(0, 1, 1)
      return thrownBy(() => buffer.put(0, 1, 1))
    },
    'result 0 to 1 covers one that already waits; 0 is to come next',
  ],
  [
    'which stage failed, and on which item',
    () => ending(one().stage('s', throwing)),
    'p/s failed on item 0 (attempt 1): Error: boom',
  ],
  [
    'which stage failed, where it was on no item',
    () => ending(one().stage('s', { setup: throwing, receive: f })),
    'p/s failed: Error: boom',
  ],
  [
    'how long an item took',
    () => causeOf(one().stage('s', never, { timeout: 50 })),
    'took longer than its `timeout` of 50 ms, all attempts together',
  ],
  [
    'where `undefined` came from',
    () => causeOf(any(pipeline('p').from([1, undefined])).map(f)),
    'the source gave `undefined` as item 1: undefined means "nothing here"; leave it out, or give null',
  ],
  [
    'what the schema says',
    () => {
      const issues = [{ message: 'must be a string', path: ['name'] }, { message: 'is odd' }]
      const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } }
      return causeOf(one().stage('s', f, { schema }))
    },
    "does not match the stage's schema: name: must be a string; is odd",
  ],
  [
    'which property a key was meant to be',
    () => causeOf(any(pipeline('p').from([{ account: 'NL01' }])).stage('s', f, { key: 'acount' })),
    '`key`, here `"acount"`, must give a string or a number for each item, got undefined (undefined): did you mean `account`?',
  ],
  [
    'which properties there are for a key',
    () => causeOf(any(pipeline('p').from([{ account: 'NL01', cents: 5 }])).stage('s', f, { key: 'id' })),
    '`key`, here `"id"`, must give a string or a number for each item, got undefined (undefined): the item has account, cents',
  ],
  [
    'which function gave no key',
    () => causeOf(one().stage('s', f, { key: (n: any) => n.id })),
    '`key`, here `(n) => n.id`, must give a string or a number for each item, got undefined (undefined)',
  ],
  [
    'how much one item may lead to',
    () =>
      causeOf(
        one().stage('s', function* () {
          for (let n = 0; n <= 1_000_000; n++) yield n
        }),
      ),
    "one item led to more than 1,000,000 outputs, which have to leave together: let them leave as they are yielded with `emit: 'streaming'`",
  ],
  [
    'how much of one item may wait',
    () => {
      const body = (n: number) => (n === 1 ? Promise.resolve() : range(0, 1_000_001))
      return causeOf(any(pipeline('p').from([1, 2])).stage('s', body, { emit: 'streaming', concurrency: 2 }))
    },
    'one item led to more than 1,000,000 outputs, which had to wait, for their turn or for room: give a generator, which is asked for no more than can leave; an Observable cannot be',
  ],
  [
    'how much may be one answer',
    async () => {
      const run = any(pipeline('p'))
        .stage('s', () => range(0, 1_000_001), { emit: 'streaming' })
        .run()
      const error = await failureOf(run.ask(1))
      await run.stop()
      return error
    },
    'one item led to more than 1,000,000 results, which are one answer: `send` the item instead and read the output; or, if this pipeline is a stage of another, put its stages there',
  ],
  [
    'that an answer would not be whole',
    async () => {
      const run = any(pipeline('p'))
        .stage('many', () => range(0, 9))
        .stage('s', (n: number) => Promise.resolve(n), { capacity: 1, overflow: 'drop-newest' })
        .run()
      const error = await failureOf(run.ask(1))
      await run.stop()
      return error
    },
    'something asked of p was dropped before s, whose channel was full: raise its `capacity`, or choose another `overflow`',
  ],
  [
    'which cue is for nothing',
    () => Promise.resolve(thrownBy(() => faulty(f, { fails: { flush: 1 } }))),
    '`flush` is never called, as this actor has none: leave the cue out, or give the actor one, in faulty(f): fails',
  ],
  [
    'what a test waits for',
    () => failureOf(runActor(never, [1], { deadline: 20 })),
    'the actor never is not done within 20 ms of real time; it waits for item 0 (1), which runActor/never#0 has in hand',
  ],
  [
    'what differs from the model',
    () => {
      let calls = 0
      return failureOf(
        expectModel(
          any(pipeline('p')).stage('s', () => calls++),
          [1, 2],
        ),
      )
    },
    'p: result 0 is not what the model says\n  wanted  0\n  got     2\nThe model handles one item after another: look for chance, time, or state that is not from `start`.',
  ],
  [
    'where it failed on cue',
    () => causeOf(one().stage('s', faulty(f, { fails: 0 }))),
    'failed on cue: item 0, attempt 1',
  ],
  [
    'where it died on cue',
    () => causeOf(one().stage('s', faulty(f, { dies: 0 }))),
    'the worker died on cue: item 0, attempt 1',
  ],
  [
    'that a retry must repeat what has left',
    () => {
      let attempts = 0
      const fickle = function* () {
        yield ++attempts
        throw boom
      }
      return causeOf(one().stage('s', fickle, { emit: 'streaming', retry: { attempts: 2 } }))
    },
    "a retry did not repeat the 1 output that had left already: a handler with `emit: 'streaming'` and `retry` must be deterministic",
  ],
  [
    'which channel was full',
    async () => {
      const made = any(pipeline('p').from(from([1, 2, 3]), { capacity: 1 })).stage('s', patient)
      const error = await ending(made)
      return any(error).cause
    },
    'the channel before s was full (1 of 1 item, 0 of 67108864 bytes): raise its `capacity`, or choose an `overflow`',
  ],
  [
    'that the input has ended',
    async () => {
      const run = any(pipeline('p')).map(f).run()
      run.output.subscribe()
      run.end()
      await within(5_000, run.done)
      return failureOf(run.send(1))
    },
    'p takes no more items: end() or stop() was called, or its run is over',
  ],
  [
    'that a source gives all items',
    async () => {
      const run = one().run()
      run.output.subscribe()
      const error = await failureOf(run.send(1))
      await within(5_000, run.done)
      return error
    },
    'p takes no more items: its source gives them all; leave out `from`, and they can be sent',
  ],
  [
    'that the run ended before the answer',
    async () => {
      const run = any(pipeline('p'))
        .stage('s', async (n: number) => n, { capacity: 1 })
        .run()
      const sent = Array.from({ length: 3_000 }, (_, n) => run.send(n))
      const failed = failureOf(sent.at(-1)!)
      for (const each of sent) each.catch(() => {})
      for await (const _ of run) break
      return failed
    },
    'the run of p ended before this item was done',
  ],
  [
    'how long an answer took',
    async () => {
      const clock = manualClock()
      const run = any(pipeline('p')).stage('s', never).run({ clock, grace: 0 })
      const failed = failureOf(run.ask(1, { timeout: 50 }))
      await turns()
      clock.advance(50)
      const error = await failed
      run.stop().catch(() => {})
      return error
    },
    'p did not answer within 50 ms',
  ],
  [
    'what the function of a source must give',
    () => causeOf(any(pipeline('p').from(() => 5 as never))),
    'the source of p is a function, which must give something to iterate over, got 5',
  ],
  [
    'that a source must give an iterator',
    () => causeOf(any(pipeline('p').from({ [Symbol.asyncIterator]: () => 5 } as never))),
    'the source of p must give an iterator, got 5',
  ],
  [
    'that a function of the item is no operator',
    () => causeOf(one().pipe((n: any) => `${n}`)),
    '`pipe` takes RxJS operators, and one of them gave "[object Object]" instead of an Observable: a function of the item belongs in `map`',
  ],
  [
    'which source can be read only once',
    async () => {
      const made = any(pipeline('p').from([1][Symbol.iterator]()))
      const run = made.run()
      run.output.subscribe()
      const error = thrownBy(() => made.run())
      await within(5_000, run.done)
      return error
    },
    'the source of p is a generator, which can be read only once, and an earlier run has it: give a function that makes a new one',
  ],
  [
    'how many results nobody reads, be it one',
    () => unread([1]),
    '1 result of p has waited 10000 ms for a reader: subscribe to `run.output`, loop with `for await`, use `run.consume`, or end with a stage that returns nothing',
  ],
  [
    'how many results nobody reads',
    () => unread([1, 2]),
    '2 results of p have waited 10000 ms for a reader: subscribe to `run.output`, loop with `for await`, use `run.consume`, or end with a stage that returns nothing',
  ],
  [
    'how many items were given up, be it one',
    () => unheard([1]),
    'p gave up 1 item and nobody subscribed to `run.deadLetters`; the first, in s: Error: boom',
  ],
  [
    'how many items were given up',
    () => unheard([1, 2]),
    'p gave up 2 items and nobody subscribed to `run.deadLetters`; the first, in s: Error: boom',
  ],
  [
    'how many items were given up, where who came late heard of the first',
    async () => {
      const run = any(pipeline('p')).stage('s', throwing, { onFailure: 'skip' }).run()
      run.output.subscribe({ error: () => {} })
      for (let n = 0; n < 1_002; n++) await run.send(n)
      await turns()
      run.deadLetters.subscribe()
      run.end()
      return failureOf(run.done)
    },
    'p gave up 2 items and nobody subscribed to `run.deadLetters`; beyond the first 1,000 they are only counted',
  ],
  [
    'a worker that does not get ready',
    () => causeElsewhere(one().stage('s', burdens.neverSetUp, { on: 'threads', resources: { startTimeout: 500 } })),
    `worker p/s#0 was not ready within 500 ms: ${burdensUrl} does not load to its end, or its \`setup\` does not end. Give it longer with \`resources: { startTimeout }\``,
  ],
  [
    'a module that has changed',
    () => new ModuleChanged('file:///a.js'),
    'file:///a.js has changed since this process first had workers load it: workers of two versions would not give one answer. Start the program anew',
  ],
  [
    'an item that is too large',
    () => causeElsewhere(any(pipeline('p').from(['x'.repeat(2_000)])).stage('s', burdens.lengths, tight)),
    /^item 0 of p\/s takes 20\d\d bytes on its way to its worker, and may take 1024: raise `resources: { maxMessageBytes }`, or hand it on in parts$/,
  ],
  [
    'what came of an item and is too large',
    () => causeElsewhere(any(pipeline('p').from([2_000])).stage('s', burdens.text, tight)),
    /^what came of item 0 of p\/s takes 2\d\d\d bytes on its way back from its worker, and may take 1024: /,
  ],
  [
    'a file in no folder',
    () => thrownBy(() => deadLetterFile('no/such/folder/dead.ndjson')),
    'cannot write no/such/folder/dead.ndjson: there is no folder no/such/folder, make it first',
  ],
  [
    'which worker died, and how',
    () => causeElsewhere(one().stage('s', leaving, { on: 'threads', retry: { deaths: 1 } })),
    'worker p/s#0 died (exit code 4). An item in its hands is tried again, and given up with the last worker that it may take along (`retry.deaths`)',
  ],
  [
    'what a worker looked for, and where',
    () => causeElsewhere(one().stage('s', defineActor('absent', lacking, f), { on: 'threads' })),
    `actor absent is not in ${lacking.url}: define it there under this name, whoever loads it`,
  ],
  [
    'how many keys lost their state',
    () => causeOf(one().stage('s', { start: () => 0, receive: throwing }, { onFailure: 'restart' })),
    'its worker went, and with it the state of one key: give the actor `snapshot` and `restore`, or say `volatile: true`',
  ],
  [
    'who did not end within the grace period',
    async () => {
      const clock = manualClock()
      const run = one().stage('s', never).run({ clock, grace: 100 })
      run.output.subscribe({ error: () => {} })
      await turns()
      const failed = failureOf(run.stop())
      clock.advance(100)
      return failed
    },
    'p did not end within its grace period of 100 ms; abandoned: p/s#0 item 0. A handler should end when `context.signal` aborts',
  ],
  [
    'who holds what where nothing moves',
    async () => {
      const error = any(await ending(one().stage('s', never).supervise({ inactivity: 1_000, grace: 0 })))
      return error.cause
    },
    'p has not moved for 1000 ms: p/s#0 item 0',
  ],
  [
    'how many dead letters are too many',
    () =>
      causeOf(
        one()
          .stage('s', throwing, { onFailure: 'skip' })
          .supervise({ tolerate: { deadLetters: 0 } }),
      ),
    'more dead letters than `tolerate` allows (0)',
  ],
  [
    'which share of dead letters is too large',
    () =>
      causeOf(
        one()
          .stage('s', throwing, { onFailure: 'skip' })
          .supervise({ tolerate: { share: 0.07, of: 1 } }),
      ),
    'more dead letters than `tolerate` allows (7 % of the last 1 item)',
  ],
  ['how many restarts are too many', () => restarts(2), 'restarted more than 2 times within 1000 ms: Error: boom'],
  ['that one restart is too many', () => restarts(1), 'restarted more than once within 1000 ms: Error: boom'],
  [
    'what in an item cannot be sent, and where it is',
    () => thrownBy(() => encoded({ items: [1, { user: { callback() {} } }] })),
    '`items[1].user.callback` of the item is a function, and cannot be sent to another thread or process: send data, and keep functions in the actor',
  ],
  [
    'where a frame makes no sense',
    () => thrownBy(() => new FrameDecoder().decode(new Uint8Array([1, 9, 0, 0, 0, 0]), 0, 6, [])),
    'a frame of 6 bytes cannot be read from byte 5 on: something is longer than the frame. It was cut, or changed on its way',
  ],
  ['which stage was meant', () => watched('lable'), 'p has no stage "lable": did you mean "label"?'],
  [
    'that there are no stages',
    async () => {
      const run = one().run()
      run.output.subscribe()
      const error = thrownBy(() => run.channel('x'))
      await within(5_000, run.done)
      return error
    },
    'p has no stage "x": it has no stage at all',
  ],
  [
    'that a pipeline was not run',
    () => thrownBy(() => one().map(f).output.subscribe()),
    '`output` is of a run, and p is only what was written: call `.run()`, and ask what that gives',
  ],
  [
    'that a pipeline was not run, by who loops over it',
    () =>
      failureOf(
        (async () => {
          for await (const _ of one()) break
        })(),
      ),
    '`for await` is of a run, and p is only what was written: call `.run()`, and ask what that gives',
  ],
  ['which stages there are', () => watched('x'), 'p has no stage "x": its stages are label'],
]

function encoded(item: unknown) {
  return new FrameEncoder().encode([item], 0, 1, new Uint8Array(1_000), 0, 1_000)
}

async function unread(items: number[]): Promise<unknown> {
  const clock = manualClock()
  const run = any(pipeline('p').from(items)).run({ clock })
  const failed = failureOf(run.done)
  await turns()
  clock.advance(10_000)
  return failed
}

async function unheard(items: number[]): Promise<unknown> {
  const run = any(pipeline('p').from(items)).stage('s', throwing, { onFailure: 'skip' }).run()
  run.output.subscribe({ error: () => {} })
  return failureOf(run.done)
}

function restarts(maxRestarts: number): Promise<unknown> {
  let setups = 0
  const setup = () => (++setups > 1 ? throwing() : setups)
  return causeOf(
    any(pipeline('p').from([1, 2, 3]))
      .stage('s', { setup, receive: throwing }, { onFailure: 'restart' })
      .supervise({ maxRestarts, within: 1_000 }),
  )
}

async function watched(name: string): Promise<unknown> {
  const run = one().stage('label', f).run()
  run.output.subscribe()
  const error = thrownBy(() => run.channel(name))
  await within(5_000, run.done)
  return error
}

for (const [what, provoke, says] of thrown) {
  errors(what, async () => {
    const error = any(await provoke())
    assert.instance(error, MillraceError)
    if (typeof says === 'string') assert.is(error.message, says)
    else assert.match(error.message, says)
    assert.ok(pattern(errorMessages[error.code as keyof typeof errorMessages].says).test(error.message), error.code)
    provoked.add(error.code)
  })
}
const provoked = new Set<string>()

errors.run()

/* ── Nothing is left out ────────────────────────────────────────────────── */

const whole = suite('every message')

const said = [...thrown, ...mistakes].map(([, , text]) => String(text))

whole('of an error is provoked here', () => {
  assert.equal([...provoked].sort(), Object.keys(errorMessages).sort())
})

whole('of validate is provoked here', () => {
  const codes = mistakes.map(([, , text]) => /\((\w+)\)$/.exec(text)![1]!)
  assert.equal([...new Set([...codes, 'MISSING_OPTION', 'NO_CALL'])].sort(), Object.keys(mistakeMessages).sort())
})

whole('is provoked with each of its parts that may be left out', () => {
  const parts = Object.values({ ...errorMessages, ...mistakeMessages }).flatMap(({ says }) =>
    [...says.matchAll(/\[([^\]]*)\]/g)].map(([, part]) => part!),
  )
  const unseen = parts.filter(part => !said.some(text => new RegExp(escaped(part)).test(text)))
  assert.equal(unseen, [])
})

whole('is filled in one pass: what fills a blank may look like one', () => {
  assert.is(filled('{a}[ of {b}][ in {c}]', { a: '{b} [x {c}]', b: '{a}', c: undefined }), '{b} [x {c}] of {a}')
})

whole.run()

/** What a message can look like. */
function pattern(says: string): RegExp {
  return new RegExp(
    `^${says
      .split(/\[([^\]]*)\]/)
      .map((part, i) => (i % 2 ? `(${escaped(part)})?` : escaped(part)))
      .join('')}$`,
  )
}

function escaped(text: string): string {
  return text
    .split(/\{\w+\}/)
    .map(literal => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]+')
}
