import { setTimeout as sleep } from 'node:timers/promises'
import { of } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineActor } from '../../src/actor/define-actor.ts'
import { InvalidOption, InvalidOptions, ItemTimeout, StageFailed, TooManyRestarts } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import {
  type Cues,
  DiedOnCue,
  FailedOnCue,
  faulty,
  manualClock,
  runActor,
  TestDeadline,
  unlessDied,
} from '../../src/testing/index.ts'
import { failureOf, thrownBy } from '../support/failure.ts'
import { within } from '../support/within.ts'

const double = defineActor('double', (n: number) => n * 2)
const skip = { onFailure: 'skip' } as const

/* ── When ───────────────────────────────────────────────────────────────── */

const cues = suite('faulty, its cues')

/** Sequences and attempts at which something went wrong. */
async function struck(given: Cues<number>, attempts = 2) {
  const flaky = faulty(double, given)
  await runActor(flaky, [10, 11, 12, 13], { ...skip, retry: { attempts } })
  return flaky.faults.map(({ kind, sequence, attempt }) => `${kind} ${sequence}.${attempt}`)
}

cues('are a sequence, several, or an object that says when', async () => {
  assert.equal(await struck({ fails: 1 }), ['failed 1.1', 'failed 1.2'])
  assert.equal(await struck({ fails: [0, 3] }, 1), ['failed 0.1', 'failed 3.1'])
  assert.equal(await struck({ fails: { at: [0, 3], attempt: 1 } }), ['failed 0.1', 'failed 3.1'])
  assert.equal(await struck({ fails: { attempt: 2 } }), [])
  assert.equal(await struck({ fails: [1, { at: 2, attempt: [1, 2] }] }), [
    'failed 1.1',
    'failed 1.2',
    'failed 2.1',
    'failed 2.2',
  ])
  assert.equal(await struck({ fails: { when: n => n > 11, attempt: 1 } }), ['failed 2.1', 'failed 3.1'])
  assert.equal(await struck({ fails: {} }, 1), ['failed 0.1', 'failed 1.1', 'failed 2.1', 'failed 3.1'])
  assert.equal(await struck({}), [])
})

cues('strike the same items for any number of workers', async () => {
  for (const workers of [1, 4]) {
    const flaky = faulty(async (n: number) => n, { fails: [1, 5], dies: 3 })
    const { emitted } = await runActor(flaky, [0, 1, 2, 3, 4, 5, 6], { ...skip, workers })
    assert.equal(emitted, [0, 2, 4, 6])
  }
})

cues('that are none are shown as they came', () => {
  assert.match(
    thrownBy(() => (faulty as any)(double)).message,
    'got undefined (undefined); there are fails, hangs, dies',
  )
  assert.match(thrownBy(() => faulty(double, { fails: null } as any)).message, 'got null (object); there are at, ')
})

cues('may say a class of errors, and a function that makes one', async () => {
  class Declined extends Error {}
  for (const [error, message] of [
    [Declined, 'failed on cue: item 0, attempt 1'],
    [RangeError, 'failed on cue: item 0, attempt 1'],
    [(n: number) => new Declined(`no ${n}`), 'no 7'],
  ] as const) {
    const { failure } = await runActor(faulty(double, { fails: { at: 0, error } }), [7])
    const cause = failure!.cause as Error
    assert.is(cause.message, message)
    assert.instance(cause, error === RangeError ? RangeError : Declined)
  }
})

cues('are checked, all of them, when they are said', () => {
  const error = thrownBy(() => faulty(double, { fials: 1, hangs: { at: -1 }, dies: { att: 2 } } as any))
  assert.instance(error, InvalidOptions)
  assert.match(error.message, 'unknown option `fials`: did you mean `fails`?')
  assert.match(error.message, '`at` must be a whole number from 0, or an array of such, got -1 (number)')
  assert.match(error.message, 'unknown option `att`: did you mean `at`?, in faulty(double): dies')
  assert.match(thrownBy(() => faulty(double, { fails: { flush: 1 } })).message, '`flush` is never called')
  for (const none of [undefined, 3, null])
    assert.instance(
      thrownBy(() => faulty(double, none as any)),
      InvalidOptions,
    )
  assert.instance(
    thrownBy(() => faulty(3 as any, {})),
    InvalidOption,
  )
  assert.match(thrownBy(() => faulty(pipeline<number>('p') as any, {})).message, 'make a stage of it faulty')
})

cues.run()

/* ── What it is ─────────────────────────────────────────────────────────── */

const same = suite('faulty')

same('is the same actor where nothing is due', async () => {
  const bodies: ((n: number) => unknown)[] = [
    n => n,
    async n => n,
    function* (n) {
      yield n
      yield n
    },
    async function* (n) {
      yield n
    },
    n => of(n, n),
    () => undefined,
  ]
  for (const body of bodies) {
    const { emitted } = await runActor(body, [1, 2, 3])
    assert.equal((await runActor(faulty(body, { fails: 9 }), [1, 2, 3])).emitted, emitted)
    // What was held up emits the same as well, when it goes on.
    const slow = faulty(body, { hangs: 1 })
    const run = runActor(slow, [1, 2, 3])
    await slow.happened('hung')
    assert.is(slow.release(), 1)
    assert.equal((await within(4_000, run)).emitted, emitted)
  }
})

same('keeps state, resources, key and argument of the actor', async () => {
  const total = defineActor('total', {
    key: (n: number) => n % 2,
    setup: (by: number) => ({ by }),
    start: (by: number, { key }) => ({ sum: 0, by, key }),
    receive(n: number, state, { resources }) {
      state.sum += n * resources.by
    },
    flush: ({ sum }) => sum,
  })
  const flaky = faulty(total, { fails: 2 })
  const { emitted, states } = await runActor(flaky.with(10), [1, 2, 3, 4], skip)
  assert.equal(emitted, [10, 60])
  assert.equal(states.get(0), { sum: 60, by: 10, key: 0 })
  assert.is(flaky.counts.failed, 1, 'what happens to `with(…)` is counted with the one that it is of')
})

same('does not make a stateless actor a stateful one', async () => {
  const plain = defineActor('plain', { receive: (n: number) => n })
  const { emitted, failure } = await runActor(faulty(plain, { dies: 1 }), [0, 1, 2], { workers: 3 })
  assert.is(failure, undefined)
  assert.equal(emitted, [0, 2])
})

same('is a stage of a pipeline like any other', async () => {
  const flaky = faulty(double, { fails: { at: 1, attempt: 1 } })
  const made = pipeline('p')
    .from([1, 2])
    .stage('double', flaky, { retry: { attempts: 2 } })
  const results: number[] = []
  for await (const n of made.run()) results.push(n)
  assert.equal(results, [2, 4])
})

same('counts what happened', async () => {
  const body = { setup: () => 1, receive: (n: number) => n, flush: () => 7, stop: () => {} }
  const flaky = faulty(defineActor('counted', body), { fails: { at: 1, attempt: 1 }, dies: 2 })
  const { restarts } = await runActor(flaky, [0, 1, 2, 3], {
    ...{ retry: { attempts: 2 }, onFailure: 'restart' },
  }).then(async run => run)
  assert.is(restarts, 0, 'a stateful actor cannot be restarted')
  assert.equal(flaky.counts, {
    ...{ received: 5, handled: 2, failed: 1, hung: 0, died: 2 },
    ...{ setups: 1, flushes: 0, stops: 1 },
  })
  assert.equal(
    flaky.faults.map(({ kind, call, sequence, attempt, item }) => [kind, call, sequence, attempt, item]),
    [
      ['failed', 'receive', 1, 1, 1],
      ['died', 'receive', 2, 1, 2],
      ['died', 'receive', 2, 2, 2],
    ],
  )
})

same('goes over a body over the whole stream as well', async () => {
  const sums = defineActor('sums', import.meta, {
    async *stream(items: AsyncIterable<number>) {
      let sum = 0
      for await (const n of items) yield (sum += n)
    },
  })
  const flaky = faulty(sums, { fails: 2 })
  const { emitted, failure } = await runActor(flaky, [1, 2, 3, 4])
  assert.equal(emitted, [1, 3])
  assert.is(failure?.sequence, 2)
  const slow = faulty(sums, { hangs: 1 })
  const run = runActor(slow, [1, 2, 3])
  await slow.happened('hung')
  slow.release()
  assert.equal((await within(4_000, run)).emitted, [1, 3, 6])
})

same.run()

/* ── Failing ────────────────────────────────────────────────────────────── */

const failing = suite('faulty, failing')

failing('throws an error of its own, or the one it was given', async () => {
  const thrown = async (fails: Cues<number>['fails']) => {
    const { failure } = await runActor(faulty(double, { fails: fails! }), [1, 2])
    return failure?.cause
  }
  const own = await thrown(1)
  assert.instance(own, FailedOnCue)
  assert.is((own as Error).message, 'failed on cue: item 1, attempt 1')
  const given = new RangeError('busy')
  assert.is(await thrown({ at: 1, error: given }), given)
  assert.is(await thrown({ at: 1, error: (n: number) => `no ${n}` }), 'no 2')
})

failing('fails before the handler is called; or after, when its work is done and what it emitted is lost', async () => {
  const written: number[] = []
  const write = function* (n: number) {
    written.push(n)
    yield n
  }
  for (const after of [false, true]) {
    written.length = 0
    const flaky = faulty(write, { fails: { at: 1, attempt: 1, after } })
    const { emitted } = await runActor(flaky, [0, 1], { retry: { attempts: 2 } })
    assert.equal(emitted, [0, 1])
    assert.equal(written, after ? [0, 1, 1] : [0, 1])
  }
})

failing('fails in `setup`, `flush` and `stop` by the number of the call', async () => {
  const body = { setup: () => 1, receive: (n: number) => n, flush: () => 7, stop: () => {} }
  for (const part of ['setup', 'flush', 'stop'] as const) {
    const flaky = faulty(defineActor('b', body), { fails: { [part]: 1 } })
    const { failure } = await runActor(flaky, [1])
    assert.instance(failure?.cause, FailedOnCue)
    assert.equal(
      flaky.faults.map(({ call }) => call),
      [part],
    )
  }
})

failing.run()

/* ── Hanging ────────────────────────────────────────────────────────────── */

const hanging = suite('faulty, hanging')

hanging('hangs until its signal aborts', async () => {
  const flaky = faulty(double, { hangs: 1 })
  const { emitted, deadLetters } = await runActor(flaky, [1, 2, 3], {
    ...{ ...skip, clock: manualClock(), timeout: 1_000 },
  })
  assert.equal(emitted, [2, 6])
  assert.instance(deadLetters[0]!.error, ItemTimeout)
  assert.is(flaky.counts.handled, 2)
  assert.is(flaky.release(), 0, 'it does not hang any more')
})

hanging('hangs for ever if it is deaf, and is abandoned by name', async () => {
  const clock = manualClock()
  const flaky = faulty(double, { hangs: { at: 0, deaf: true } })
  const run = pipeline<number>('p').stage('s', flaky).run({ clock })
  await run.send(1)
  await flaky.happened('hung')
  const error = await failureOf(clock.until(run.stop()))
  assert.equal(error.abandoned, ['p/s#0 item 0'])
  assert.is(flaky.release(), 1)
})

hanging('goes on when it is released: a gate', async () => {
  const flaky = faulty(double, { hangs: { at: [0, 1] } })
  const run = runActor(flaky, [1, 2, 3], { concurrency: 2 })
  const { sequence } = await flaky.happened('hung', 2)
  assert.is(sequence, 1)
  assert.is(flaky.release(), 2)
  assert.equal((await within(4_000, run)).emitted, [2, 4, 6])
})

hanging('may hang in `setup` and `stop` too', async () => {
  for (const part of ['setup', 'stop'] as const) {
    const flaky = faulty(defineActor('b', { receive: (n: number) => n }), { hangs: { [part]: 1 } })
    const run = runActor(flaky, [1])
    await flaky.happened('hung')
    flaky.release()
    assert.equal((await within(4_000, run)).emitted, [1])
  }
})

hanging('says what has happened instead, when somebody waits for what does not happen', async () => {
  const flaky = faulty(double, { fails: 0, hangs: 9 })
  await runActor(flaky, [1, 2], skip)
  const error = await failureOf(flaky.happened('hung', 1, 30))
  assert.instance(error, TestDeadline)
  assert.match(error.message, 'has not hung (it was handed items 2 times, failed 1, hung 0 and died 0 times)')
  assert.instance(
    thrownBy(() => flaky.happened('hangs' as any)),
    InvalidOption,
  )
})

hanging(
  'waits for ever for what is to happen, if that is asked for, and for nothing that cannot be asked for',
  async () => {
    const flaky = faulty(double, { hangs: 0 })
    const hung = flaky.happened('hung', 1, Infinity)
    await sleep(2) // a timer of Node for what is too long rings after one
    const run = runActor(flaky, [1])
    assert.is((await within(4_000, hung)).sequence, 0)
    flaky.release()
    await run
    for (const [times, deadline] of [
      [0, 5],
      [NaN, 5],
      ['1', 5],
      [1, 0],
      [1, NaN],
    ] as [any, any][]) {
      assert.instance(
        thrownBy(() => flaky.happened('hung', times, deadline)),
        InvalidOption,
      )
    }
  },
)

hanging.run()

/* ── Dying ──────────────────────────────────────────────────────────────── */

const dying = suite('faulty, dying')

dying('takes its worker with it, and the item, whatever else the policy is', async () => {
  for (const onFailure of ['stop', 'skip', 'restart', () => 'skip' as const] as const) {
    const flaky = faulty(defineActor('d', { setup: () => 1, receive: (n: number) => n }), { dies: 1 })
    const { emitted, deadLetters, restarts, failure } = await runActor(flaky, [0, 1, 2], { onFailure })
    assert.is(failure, undefined)
    assert.equal(emitted, [0, 2])
    assert.instance(deadLetters[0]!.error, DiedOnCue)
    assert.is(restarts, 1)
    assert.is(flaky.counts.setups, 2)
  }
})

dying('is a restart in a pipeline by `unlessDied`, which leaves the rest to the policy', async () => {
  const flaky = faulty(double, { dies: 1, fails: 3 })
  const run = pipeline('p')
    .from([0, 1, 2, 3])
    .stage('s', flaky, { onFailure: unlessDied(({ sequence }) => (sequence === 3 ? 'stop' : 'skip')) })
    .run()
  const results: number[] = []
  run.deadLetters.subscribe()
  run.output.subscribe({ next: n => void results.push(n), error: () => {} })
  const error = await failureOf(run.done)
  assert.instance(error, StageFailed)
  assert.is(error.sequence, 3)
  assert.equal(results, [0, 4])
})

dying('leaves the rest to a policy that there is', () => {
  for (const policy of [undefined, 'skipp', 3]) {
    assert.match(thrownBy(() => unlessDied(policy as any)).message, "`policy` must be 'stop', 'skip', 'restart'")
  }
})

dying('fails to be set up again, until the budget is spent', async () => {
  const flaky = faulty(double, { dies: 0, fails: { setup: [2, 3, 4, 5] } })
  const { failure, millis } = await runActor(flaky, [1, 2], {
    ...{ clock: manualClock(), supervise: { maxRestarts: 2, within: 10_000, backoff: (n: number) => n * 100 } },
  })
  assert.instance(failure?.cause, TooManyRestarts)
  assert.is(millis, 100 + 200 + 300)
  assert.is(flaky.counts.setups, 4)
})

dying.run()
