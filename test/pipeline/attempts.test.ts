import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ItemTimeout, NotRepeatable, StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { exponential } from '../../src/stage/backoff.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const timeout = suite('timeout')

/** Moves the clock step by step, with time for everything to happen in between. */
async function pass(clock: ManualClock, millis: number, step = 10): Promise<void> {
  await turns(2)
  for (let passed = 0; passed < millis; passed += step) {
    clock.advance(Math.min(step, millis - passed))
    await turns(2)
  }
}

timeout('ends an item whose promise never settles, and tells its handler', async () => {
  const clock = manualClock()
  let reason: any
  const run = pipeline('p')
    .from([1, 2, 3])
    .stage(
      's',
      async (n: number, { signal }) => {
        if (n !== 2) return n
        signal.addEventListener('abort', () => (reason = signal.reason))
        return new Promise<never>(() => {})
      },
      { timeout: 100, onFailure: 'skip' },
    )
    .run({ clock })
  const letters: any[] = []
  run.deadLetters.subscribe(letter => letters.push(letter))
  const results = all(run)
  await pass(clock, 99)
  assert.equal(letters, [])
  await pass(clock, 1)
  assert.equal(await results, [1, 3])
  assert.equal(
    letters.map(({ sequence, item, attempts }) => [sequence, item, attempts]),
    [[1, 2, 1]],
  )
  assert.instance(letters[0].error, ItemTimeout)
  assert.is(letters[0].error.message, 'took longer than its `timeout` of 100 ms, all attempts together')
  assert.is(reason, letters[0].error)
  await within(1_000, run.done)
  assert.is(clock.pending, 0)
})

timeout('is told a handler that looks at its signal only afterwards', async () => {
  const clock = manualClock()
  const seen: unknown[] = []
  const run = pipeline('p')
    .from([1, 2])
    .stage(
      's',
      async (n: number, context) => {
        if (n === 2) return n
        await new Promise<void>(resolve => clock.setTimeout(resolve, 150))
        seen.push(context.signal.aborted, context.signal.reason instanceof ItemTimeout)
        return n
      },
      { timeout: 100, onFailure: 'skip', concurrency: 2 },
    )
    .run({ clock })
  run.deadLetters.subscribe()
  const results = all(run)
  await pass(clock, 150)
  assert.equal(await results, [2])
  assert.equal(seen, [true, true])
  await within(1_000, run.done)
})

timeout('stops the run where nothing else is said', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', () => new Promise<never>(() => {}), { timeout: 50 })
    .run({ clock })
  run.output.subscribe()
  const failed = failureOf(run.done)
  await turns()
  clock.advance(50)
  const error = await failed
  assert.instance(error, StageFailed)
  assert.instance(error.cause, ItemTimeout)
  assert.is(error.sequence, 0)
})

timeout('is that of each item, however many are in flight', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([30, 500, 60, 500, 90])
    .stage(
      's',
      async (millis: number) => {
        await new Promise<void>(resolve => clock.setTimeout(resolve, millis))
        return millis
      },
      { timeout: 100, concurrency: 2, onFailure: 'skip' },
    )
    .run({ clock })
  const letters: number[] = []
  run.deadLetters.subscribe(letter => letters.push(letter.sequence))
  const results = all(run)
  await pass(clock, 600)
  assert.equal(await results, [30, 60, 90])
  assert.equal(letters, [1, 3])
})

timeout('is for all attempts together', async () => {
  const clock = manualClock()
  const attempts: number[] = []
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      async (_: number, { attempt }) => {
        attempts.push(attempt)
        await new Promise<void>(resolve => clock.setTimeout(resolve, 40))
        throw new Error('no')
      },
      { timeout: 100, retry: { attempts: 10 }, onFailure: 'skip' },
    )
    .run({ clock })
  const letters: any[] = []
  run.deadLetters.subscribe(letter => letters.push(letter))
  const results = all(run)
  await pass(clock, 200)
  assert.equal(await results, [])
  assert.equal(attempts, [1, 2, 3])
  assert.instance(letters[0].error, ItemTimeout)
})

timeout('is restarted by `progress()`', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      async (n: number, { progress }) => {
        for (let i = 0; i < 5; i++) {
          await new Promise<void>(resolve => clock.setTimeout(resolve, 80))
          progress()
        }
        return n
      },
      { timeout: 100 },
    )
    .run({ clock })
  const results = all(run)
  await pass(clock, 420)
  assert.equal(await results, [1])
})

timeout('ends an item that goes on after `progress()` for too long', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      async (_: number, { progress }) => {
        await new Promise<void>(resolve => clock.setTimeout(resolve, 80))
        progress()
        await new Promise<never>(() => {})
      },
      { timeout: 100 },
    )
    .run({ clock })
  run.output.subscribe()
  let error: any
  run.done.catch(reason => (error = reason))
  await pass(clock, 179)
  assert.is(error, undefined)
  await pass(clock, 2)
  assert.instance(error.cause, ItemTimeout)
})

timeout('frees the slot: the next item begins while the old handler still runs, which is heard no more', async () => {
  const clock = manualClock()
  const late: (() => void)[] = []
  const run = pipeline('p')
    .from(upTo(4))
    .stage('s', (n: number) => (n % 2 ? n : new Promise<number>(resolve => late.push(() => resolve(100 + n)))), {
      timeout: 10,
      onFailure: 'skip',
    })
    .run({ clock })
  run.deadLetters.subscribe()
  const results = all(run)
  await pass(clock, 12, 2)
  late[0]!()
  await pass(clock, 12, 2)
  assert.equal(await results, [1, 3])
})

timeout('holds for generators, async generators and keyed items as well', async () => {
  const never = new Promise<never>(() => {})
  const bodies = {
    async *'async generator'(n: number) {
      yield n
      if (n === 1) await never
    },
    keyed: async (n: number) => (n === 1 ? never : n),
  }
  for (const [name, body] of Object.entries(bodies)) {
    const clock = manualClock()
    const how = { timeout: 10, onFailure: 'skip', ...(name === 'keyed' && { key: (n: number) => n % 2 }) } as const
    const run = pipeline('p')
      .from(upTo(4))
      .stage('s', body as any, how)
      .run({ clock })
    run.deadLetters.subscribe()
    const results = all(run)
    await pass(clock, 30)
    assert.equal(await results, [0, 2, 3], name)
  }
})

timeout.run()

const retry = suite('retry')

/** Fails an item so often before it lets it pass. */
const stubborn = (times: number) => {
  const seen = new Map<number, number>()
  return (n: number) => {
    const tried = (seen.get(n) ?? 0) + 1
    seen.set(n, tried)
    if (tried <= times) throw new Error(`no ${n}, ${tried}`)
    return n
  }
}

retry('tries an item again, in its place', async () => {
  for (const how of [{}, { workers: 3 }, { concurrency: 4 }, { key: (n: number) => n % 3 }]) {
    const tried = stubborn(2)
    const sync = pipeline('p')
      .from(upTo(20))
      .stage('s', (n: number) => tried(n), { retry: { attempts: 3 }, ...how })
    assert.equal(await all(sync.run()), upTo(20))
    const again = stubborn(2)
    const async = pipeline('p')
      .from(upTo(20))
      .stage('s', async (n: number) => again(n), { retry: { attempts: 3 }, ...how })
    assert.equal(await all(async.run()), upTo(20))
  }
})

retry('is over with the attempts: the last error counts', async () => {
  const run = pipeline('p')
    .from([7])
    .stage('s', stubborn(3), { retry: { attempts: 3 } })
    .run()
  run.output.subscribe()
  const error = await failureOf(run.done)
  assert.equal([error.cause.message, error.attempt, error.sequence], ['no 7, 3', 3, 0])
  assert.is(error.message, 'p/s failed on item 0 (attempt 3): Error: no 7, 3')
})

retry('waits as its backoff says', async () => {
  const clock = manualClock()
  const begun: number[] = []
  const tried = stubborn(4)
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      (n: number) => {
        begun.push(clock.now())
        return tried(n)
      },
      { retry: { attempts: 5, backoff: exponential({ from: 100, to: 500 }) } },
    )
    .run({ clock })
  const results = all(run)
  await pass(clock, 1200, 50)
  assert.equal(await results, [1])
  assert.equal(begun, [0, 100, 300, 700, 1200])
})

retry('asks the backoff for each attempt that failed, but not for the last', async () => {
  const asked: number[] = []
  const backoff = (attempt: number) => {
    asked.push(attempt)
    return 0
  }
  const { error } = await execute(
    pipeline('p')
      .from([1])
      .stage('s', stubborn(9), { retry: { attempts: 3, backoff } }),
  )
  assert.instance(error, StageFailed)
  assert.equal(asked, [1, 2])
})

retry('gives up where the backoff would wait until after the timeout', async () => {
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', stubborn(9), { timeout: 100, retry: { attempts: 9, backoff: () => 150 } })
    .run({ clock })
  run.output.subscribe()
  const error = await failureOf(run.done)
  assert.is(error.cause.message, 'no 1, 1')
  assert.is(clock.pending, 0)
})

retry('is not tried again where the backoff throws: its error is suppressed', async () => {
  const backoff = () => {
    throw new Error('no backoff')
  }
  const run = pipeline('p')
    .from([1])
    .stage('s', stubborn(1), { retry: { attempts: 3, backoff } })
    .run()
  run.output.subscribe()
  const error = await failureOf(run.done)
  assert.is(error.cause.message, 'no 1, 1')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['no backoff'],
  )
})

retry('sees the state as the handler left it', async () => {
  const tried = stubborn(1)
  const sum = pipeline('p')
    .from([1, 2])
    .stage(
      'sum',
      {
        start: () => ({ sum: 0 }),
        receive: (n: number, state) => {
          state.sum += n
          tried(n)
          return state.sum
        },
      },
      { retry: { attempts: 2 } },
    )
  assert.equal(await all(sum.run()), [2, 6])
})

retry('takes back what was yielded: outputs of one item leave together or not at all', async () => {
  let tries = 0
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      function* () {
        yield `a${tries}`
        if (tries++ < 2) throw new Error('again')
        yield `b${tries}`
      },
      { retry: { attempts: 3 } },
    )
    .run()
  assert.equal(await all(run), ['a2', 'b3'])
})

retry('of a streaming item skips what has left already', async () => {
  let tries = 0
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      function* () {
        for (let i = 0; i < 5; i++) {
          if (i === 3 && tries++ === 0) throw new Error('again')
          yield i
        }
      },
      { retry: { attempts: 2 }, emit: 'streaming' },
    )
    .run()
  assert.equal(await all(run), upTo(5))
})

retry('of a streaming item fails where it yields less than before', async () => {
  let tries = 0
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      function* () {
        yield 'a'
        if (tries++ > 0) return
        yield 'b'
        throw new Error('again')
      },
      { retry: { attempts: 2 }, emit: 'streaming' },
    )
    .run()
  const read: string[] = []
  run.output.subscribe({ next: text => read.push(text), error() {} })
  assert.instance((await failureOf(run.done)).cause, NotRepeatable)
  assert.equal(read, ['a', 'b'])
})

retry('of a streaming item fails where it yields something else than before', async () => {
  let tries = 0
  const run = pipeline('p')
    .from([1])
    .stage(
      's',
      function* () {
        yield tries
        if (tries++ === 0) throw new Error('again')
      },
      { retry: { attempts: 2 }, emit: 'streaming' },
    )
    .run()
  run.output.subscribe()
  assert.instance((await failureOf(run.done)).cause, NotRepeatable)
})

retry('is not for an item that the schema refuses: it would refuse it again', async () => {
  const backoffs: number[] = []
  let checks = 0
  const schema = {
    '~standard': {
      version: 1 as const,
      validate: (value: unknown) => {
        checks++
        return value === 2 ? { issues: [{ message: 'must not be 2' }] } : { value }
      },
    },
  }
  const { results, deadLetters } = await execute(
    pipeline('p')
      .from([1, 2, 3])
      .stage('s', (n: number) => n, {
        schema: schema as never,
        retry: { attempts: 4, backoff: attempt => backoffs.push(attempt) },
        onFailure: 'skip',
      }),
  )
  assert.equal([results, checks, backoffs], [[1, 3], 3, []])
  assert.equal(
    deadLetters.map(({ item, attempts }) => [item, attempts]),
    [[2, 1]],
  )
})

retry.run()
