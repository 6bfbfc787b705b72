import * as assert from 'node:assert/strict'
import { Observable, Subject } from 'rxjs'
import { suite } from 'uvu'
import type { StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { within } from '../support/within.ts'

/** Sentences that were false once. */
const mended = suite('what was mended')

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const any = (made: unknown) => made as any

mended('a key keeps its order by completion, though only its first item takes time', async () => {
  const clock = manualClock()
  const slowly = (n: number) => new Promise<number>(resolve => clock.setTimeout(() => resolve(n), 10))
  const made = pipeline('p')
    .from(upTo(4))
    .stage('s', (n: number): number | Promise<number> => (n === 0 ? slowly(n) : n), {
      key: () => 'k',
      order: 'completion',
    })
  assert.deepEqual((await execute(made, { clock })).results, [0, 1, 2, 3])
})

mended('a long line behind one key is worked off without a deep stack', async () => {
  const clock = manualClock()
  const slowly = (n: number) => new Promise<number>(resolve => clock.setTimeout(() => resolve(n), 10))
  const made = pipeline('p')
    .from(upTo(20_000), { capacity: Infinity })
    .stage('s', (n: number): number | Promise<number> => (n === 0 ? slowly(n) : n), { key: () => 'k' })
  assert.equal((await within(10_000, execute(made, { clock }))).results.length, 20_000)
})

mended('a handler that aborts its own run is not called with what is not there', async () => {
  const control = new AbortController()
  const seen: unknown[] = []
  const run = pipeline('p')
    .from(upTo(500))
    .stage('s', (n: number) => {
      seen.push(n)
      if (n === 20) control.abort(new Error('enough'))
      return n
    })
    .run({ signal: control.signal })
  run.output.subscribe({ error: () => {} })
  assert.equal((await failureOf(run.done)).message, 'enough')
  assert.deepEqual(seen, upTo(seen.length))
  assert.equal(run.snapshot().stages[0]!.queued, 0)
})

mended('an item that its schema refuses never reaches the handler, however often it is tried', async () => {
  const seen: unknown[] = []
  const validate = (value: unknown) => (value === 'bad' ? { issues: [{ message: 'bad' }] } : { value })
  const made = any(pipeline('p').from(['good', 'bad'])).stage(
    's',
    { receive: (text: string) => void seen.push(text), flush: () => 'end' },
    { schema: { '~standard': { version: 1, validate } }, retry: { attempts: 3 }, onFailure: 'skip' },
  )
  const { results, deadLetters, error } = await execute(made)
  assert.equal(error, undefined)
  assert.deepEqual([seen, results, deadLetters.length], [['good'], ['end'], 1])
})

mended('a source that a handler has emit loses nothing uncounted, and gives nothing twice', async () => {
  const subject = new Subject<number>()
  const seen: number[] = []
  let next = 0
  const run = pipeline('p')
    .from(subject, { capacity: 16, overflow: 'drop-oldest' })
    .stage('s', (n: number) => {
      seen.push(n)
      for (let i = 0; i < 3 && next < 600; i++) subject.next(next++)
    })
    .run()
  for (let i = 0; i < 10; i++) subject.next(next++)
  await within(5_000, new Promise<void>(resolve => setTimeout(resolve, 20)))
  subject.complete()
  const { received, dropped } = await within(5_000, run.done)
  assert.equal(new Set(seen).size, seen.length)
  assert.equal(seen.length + dropped, received)
})

mended('a worker is set up anew once for each restart, and stopped as often as it was set up', async () => {
  let ups = 0
  let downs = 0
  const made = any(pipeline('p').from(upTo(6))).stage(
    's',
    {
      setup: async () => ++ups,
      start: () => ({ sum: 0 }),
      receive: (n: number, state: { sum: number }) => {
        state.sum += n
        return n
      },
      snapshot: ({ sum }: { sum: number }) => {
        if (sum % 3 === 1) throw new Error('no picture')
        return sum
      },
      restore: (sum: number) => ({ sum }),
      stop: () => void downs++,
    },
    { onFailure: 'restart' },
  )
  await within(5_000, execute(made))
  assert.equal(downs, ups)
})

mended('an Observable whose teardown throws does not keep a run from ending', async () => {
  const never = () =>
    new Observable<number>(() => () => {
      throw new Error('teardown')
    })
  for (const end of ['stop', 'abort'] as const) {
    const control = new AbortController()
    const run = pipeline('p').from([1]).stage('s', never).run({ grace: 50, signal: control.signal })
    run.output.subscribe({ error: () => {} })
    await new Promise(resolve => setImmediate(resolve))
    if (end === 'stop')
      await within(
        2_000,
        run.stop().catch(() => {}),
      )
    else {
      control.abort(new Error('away'))
      assert.equal((await failureOf(run.done)).message, 'away')
    }
  }
})

mended('operators that are none, or throw, fail the run with their place', async () => {
  const operators: [unknown, RegExp][] = [
    [(n: number) => n * 2, /`pipe` takes RxJS operators/],
    [
      () => {
        throw new Error('not today')
      },
      /not today/,
    ],
  ]
  for (const [operator, message] of operators) {
    const { error } = await within(2_000, execute(any(pipeline('p').from([1])).pipe(operator)))
    assert.equal((error as StageFailed).stage, 'pipe@1')
    assert.match((error as StageFailed).message, message)
  }
})

mended('what is left is flushed by workers that are there', async () => {
  let open = false
  const flushed: [unknown, boolean][] = []
  const made = any(pipeline('p').from(['a', 'b', 'c'])).stage(
    's',
    {
      setup: () => {
        open = true
      },
      start: () => 0,
      receive: () => {},
      flush: (_state: unknown, { key }: { key: string }) => {
        flushed.push([key, open])
        if (key === 'a') throw new Error('a')
      },
      stop: () => {
        open = false
      },
      volatile: true,
    },
    { key: (text: string) => text, onFailure: 'restart' },
  )
  const { summary } = await within(5_000, execute(made))
  assert.deepEqual(flushed.slice(0, 2), [
    ['a', true],
    ['b', true],
  ])
  assert.equal(summary?.restarts, 1)
})

mended('a worker is stopped only when no handler uses what it was set up with', async () => {
  const clock = manualClock()
  const control = new AbortController()
  const seen: string[] = []
  const run = any(pipeline('p').from([1]))
    .stage('s', {
      setup: () => ({ open: true }),
      receive: async (_n: number, _state: unknown, { resources }: any) => {
        await new Promise<void>(resolve => clock.setTimeout(resolve, 300))
        seen.push(`ended, open: ${resources.open}`)
      },
      stop: (resources: { open: boolean }) => {
        resources.open = false
        seen.push('stopped')
      },
    })
    .run({ clock, signal: control.signal })
  const done = failureOf(run.done)
  await new Promise(resolve => setImmediate(resolve))
  control.abort(new Error('away'))
  await new Promise(resolve => setImmediate(resolve))
  clock.advance(300)
  assert.equal((await done).message, 'away')
  assert.deepEqual(seen, ['ended, open: true', 'stopped'])
})

mended('a timeout that stops the pipeline leaves no timer', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from(upTo(3))
    .stage('s', () => new Promise<number>(() => {}), { concurrency: 3, timeout: 1_000 })
    .supervise({ grace: 0 })
  const { error } = await within(5_000, execute(made, { clock }))
  assert.match((error as Error).message, /timeout|grace/)
  assert.equal(clock.pending, 0)
})

mended('a backoff of restarts that throws ends the run', async () => {
  const boom = new Error('no backoff')
  const made = pipeline('p')
    .from(upTo(3))
    .stage(
      's',
      {
        receive: (n: number) => {
          if (n === 1) throw new Error('one')
          return n
        },
      },
      { onFailure: 'restart' },
    )
    .supervise({
      backoff: () => {
        throw boom
      },
    })
  const { error } = await within(5_000, execute(made))
  assert.equal((error as StageFailed).cause, boom)
})

mended('workers of threads are no pause, though `on` is not said: they want an actor that travels', () => {
  const [mistake] = any(pipeline('p').from([1]))
    .stage('s', (n: number) => n, { workers: { threads: 2 } })
    .validate()
  assert.equal(mistake.code, 'CLOSURE')
})

mended('a misspelt part of a behaviour is a mistake', () => {
  const [mistake] = any(pipeline('p').from([1]))
    .stage('s', { start: () => 0, receive: () => {}, fluhs: () => 1 })
    .validate()
  assert.equal(mistake.message, 'unknown option `fluhs`: did you mean `flush`?')
})

mended('a handler that says it is getting on is not taken for one that hangs', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([1])
    .stage('s', async (n: number, { progress }) => {
      for (let i = 0; i < 10; i++) {
        await new Promise<void>(resolve => clock.setTimeout(resolve, 60))
        progress()
      }
      return n
    })
    .supervise({ inactivity: 100 })
  assert.deepEqual((await within(5_000, execute(made, { clock }))).results, [1])
})

for (const concurrency of [1, 2, 64]) {
  mended(
    `promises that came true leave, although the last item is answered at once, ${concurrency} in hand`,
    async () => {
      const answer = (n: number) => (n === 0 ? undefined : Promise.resolve(n))
      const made = pipeline('p').from([1, 2, 3, 0]).stage('s', answer, { concurrency })
      assert.deepEqual((await within(5_000, execute(made))).results, [1, 2, 3])
    },
  )
}

mended.run()
