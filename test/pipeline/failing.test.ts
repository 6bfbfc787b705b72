import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidOption, StageFailed, StateLost } from '../../src/errors.ts'
import type { Failure, PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { even, Odd } from '../support/even.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'

const failing = suite('a failed item')

failing('stops the pipeline where nothing else is said; what came before it arrives', async () => {
  const run = pipeline('p').from([0, 2, 4, 5, 6, 7]).stage('s', even).run()
  const seen: number[] = []
  run.output.subscribe(n => seen.push(n))
  const error = await failureOf(run.done)
  assert.instance(error, StageFailed)
  assert.instance(error.cause, Odd)
  assert.equal(
    [error.code, error.pipeline, error.stage, error.worker, error.sequence, error.attempt],
    ['ERR_STAGE_FAILED', 'p', 's', 0, 3, 1],
  )
  assert.equal(seen, [0, 2, 4])
})

failing('is not needed for a worker to fail: one whose `stop` throws is named', async () => {
  let workers = 0
  const run = pipeline('p')
    .from(upTo(4))
    .stage(
      's',
      {
        setup: () => workers++,
        receive: (n: number) => n,
        stop: worker => {
          if (worker > 0) throw new Odd(`${worker}`)
        },
      },
      { workers: 3 },
    )
    .run()
  run.output.subscribe({ error: () => {} })
  const error = await failureOf(run.done)
  assert.equal([error.stage, error.worker, error.sequence, error.cause.message], ['s', 1, undefined, '1'])
  assert.equal(error.suppressed.map(String), ['Error: 2'])
})

failing('is the first in the order, whatever fails first in time; later ones are suppressed', async () => {
  const gates = upTo(5).map(() => gate())
  const run = pipeline('p')
    .from(upTo(5))
    .stage(
      's',
      async (n: number) => {
        await gates[n]!.promise
        if (n > 0) throw new Error(`no ${n}`)
        return n
      },
      { concurrency: 5 },
    )
    .run()
  const seen: number[] = []
  run.output.subscribe(n => seen.push(n))
  const failed = failureOf(run.done)
  for (const n of [4, 2, 3, 1, 0]) {
    gates[n]!.open()
    await turns(2)
  }
  const error = await failed
  assert.equal([error.sequence, error.cause.message, seen], [1, 'no 1', [0]])
  assert.equal(error.suppressed.map((each: Error) => each.message).sort(), ['no 2', 'no 3', 'no 4'])
})

failing('further down comes first: it takes the place of the one before', async () => {
  const held = gate()
  const run = pipeline('p')
    .from(upTo(10))
    .stage('a', (n: number) => {
      if (n === 5) throw new Error('a')
      return n
    })
    .stage('b', async (n: number) => {
      await held.promise
      if (n === 2) throw new Error('b')
      return n
    })
    .run()
  const seen: number[] = []
  run.output.subscribe(n => seen.push(n))
  await turns()
  held.open()
  const error = await failureOf(run.done)
  assert.equal([error.stage, error.sequence, error.cause.message, seen], ['b', 2, 'b', [0, 1]])
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['a'],
  )
})

failing('with `skip` is a dead letter that says all', async () => {
  const before = Date.now()
  const { results, deadLetters, summary } = await execute(
    pipeline('p')
      .from(upTo(6))
      .stage('s', even, { onFailure: 'skip', retry: { attempts: 2 }, key: (n: number) => `k${n % 3}` }),
  )
  assert.equal(results, [0, 2, 4])
  assert.is(summary!.deadLetters, 3)
  const { at, error, ...letter } = deadLetters[0]!
  assert.equal(letter, { stage: 's', worker: 0, sequence: 1, key: 'k1', item: 1, attempts: 2, deaths: 0 })
  assert.instance(error, Odd)
  assert.ok(at >= before && at <= Date.now())
})

failing('keeps its place among the dead letters, whenever it failed', async () => {
  const clock = manualClock()
  const { deadLetters } = await execute(
    pipeline('p')
      .from(upTo(20))
      .stage(
        's',
        async (n: number) => {
          await new Promise<void>(resolve => clock.setTimeout(resolve, (n * 7) % 11))
          return even(n)
        },
        { onFailure: 'skip', concurrency: 7 },
      ),
    { clock },
  )
  assert.equal(
    deadLetters.map(letter => letter.sequence),
    upTo(20).filter(n => n % 2),
  )
})

failing('with `restart` costs the worker as well: it is stopped and set up anew', async () => {
  const noted: string[] = []
  const events: PipelineEvent[] = []
  const run = pipeline('p')
    .from(upTo(5))
    .stage(
      's',
      {
        setup: () => {
          noted.push('setup')
          return noted.filter(word => word === 'setup').length
        },
        receive: (n: number, _state, { resources }) => {
          noted.push(`${n} by ${resources}`)
          return even(n)
        },
        stop: resources => void noted.push(`stop ${resources}`),
      },
      { onFailure: 'restart' },
    )
    .run()
  run.deadLetters.subscribe()
  run.events.subscribe(event => events.push(event))
  assert.equal(await all(run), [0, 2, 4])
  const first = ['setup', '0 by 1', '1 by 1', 'stop 1']
  assert.equal(noted, [...first, 'setup', '2 by 2', '3 by 2', 'stop 2', 'setup', '4 by 3', 'stop 3'])
  assert.is((await run.done).restarts, 2)
  const words = events.flatMap(event => (event.type.startsWith('worker') ? [event.type] : []))
  assert.equal(words, ['worker.failed', 'worker.restarted', 'worker.failed', 'worker.restarted'])
})

failing('with `restart` is not charged to the restart budget', async () => {
  const { summary, error } = await execute(
    pipeline('p').from(upTo(199)).stage('s', even, { onFailure: 'restart' }).supervise({ maxRestarts: 0 }),
  )
  assert.is(error, undefined)
  assert.equal([summary!.deadLetters, summary!.restarts], [99, 99])
})

failing('with `restart` fails with `StateLost` where state goes with the worker', async () => {
  const body = {
    start: () => ({ sum: 0 }),
    receive: (n: number, state: { sum: number }) => {
      even(n)
      return (state.sum += n)
    },
  }
  const lost = await execute(pipeline('p').from([2, 4, 5, 6]).stage('s', body, { onFailure: 'restart' }))
  assert.instance((lost.error as StageFailed).cause, StateLost)
  assert.instance(((lost.error as StageFailed).cause as StateLost).cause, Odd)
  assert.equal(lost.results, [2, 6])

  const forgetful = { ...body, volatile: true }
  assert.equal(
    (await execute(pipeline('p').from([2, 4, 5, 6]).stage('s', forgetful, { onFailure: 'restart' }))).results,
    [2, 6, 6],
  )

  const saved = {
    ...body,
    snapshot: ({ sum }: { sum: number }) => sum,
    restore: (sum: number) => ({ sum }),
  }
  assert.equal(
    (await execute(pipeline('p').from([2, 4, 5, 6]).stage('s', saved, { onFailure: 'restart' }))).results,
    [2, 6, 12],
  )
})

failing('costs what a function of the failure says', async () => {
  const asked: Failure<number>[] = []
  const policy = (failure: Failure<number>) => {
    asked.push(failure)
    return failure.item === 5 ? ('stop' as const) : ('skip' as const)
  }
  const { results, error, deadLetters } = await execute(
    pipeline('p').from(upTo(8)).stage('s', even, { onFailure: policy }),
  )
  assert.equal(results, [0, 2, 4])
  assert.equal(
    deadLetters.map(letter => letter.item),
    [1, 3],
  )
  assert.is((error as StageFailed).sequence, 5)
  assert.equal(
    asked.map(({ stage, item, sequence, attempts }) => [stage, item, sequence, attempts]),
    [
      ['s', 1, 1, 1],
      ['s', 3, 3, 1],
      ['s', 5, 5, 1],
    ],
  )
})

failing('stops the pipeline where that function throws, or says nothing known', async () => {
  const thrown = await execute(
    pipeline('p')
      .from([1])
      .stage('s', even, {
        onFailure: () => {
          throw new Error('cannot decide')
        },
      }),
  )
  assert.instance((thrown.error as StageFailed).cause, Odd)
  assert.equal(
    (thrown.error as StageFailed).suppressed.map(error => (error as Error).message),
    ['cannot decide'],
  )

  const odd = await execute(
    pipeline('p')
      .from([1])
      .stage('s', even, { onFailure: (() => 'ignore') as never }),
  )
  assert.instance((odd.error as StageFailed).cause, Odd)
  const [said] = (odd.error as StageFailed).suppressed
  assert.instance(said, InvalidOption)
  assert.is(
    (said as Error).message,
    "`onFailure` must be a function that gives 'stop', 'skip' or 'restart', got \"ignore\" (string), in p/s",
  )
})

failing.run()
