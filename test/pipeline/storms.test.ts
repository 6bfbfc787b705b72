/**
 * Whatever is said to a run, and in whatever order, it ends within its grace period: with actors that fail, hang and die,
 * readers that come and go, and a clock that jumps.
 */
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Context } from '../../src/actor/context.ts'
import type { Running } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'

const storms = suite('a run in a storm')

const no = () => {
  throw new Error('no')
}
const never = () => new Promise<never>(() => {})

/** Actors, made anew for each run. */
const actors: Record<string, () => { receive: (n: number, state: unknown, context: Context) => unknown }> = {
  sync: () => ({ receive: n => n }),
  async: () => ({ receive: async n => n }),
  odd: () => ({ receive: n => (n % 2 ? no() : n) }),
  hangs: () => ({ receive: never }),
  waits: () => ({ receive: (n, _, { clock }) => new Promise(resolve => clock.setTimeout(() => resolve(n), 40)) }),
  many: () => ({
    *receive(n) {
      yield n
      yield n
    },
  }),
  'cannot begin': () => ({ setup: never, receive: n => n }),
  'cannot begin again': () => {
    let setups = 0
    return { setup: () => (setups++ > 0 ? no() : setups), receive: n => (n % 2 ? no() : n) }
  },
  'cannot stop': () => ({ stop: no, receive: n => n }),
}

interface Storm {
  readonly run: Running<number, unknown>
  readonly clock: ManualClock
  readonly control: AbortController
  readonly iterator: AsyncIterator<unknown>
  item: number
}
const ignored = (promise: PromiseLike<unknown> | undefined) => void promise?.then(undefined, () => {})
const gusts: Record<string, (storm: Storm) => unknown> = {
  send: storm => ignored(storm.run.send(storm.item++)),
  ask: storm => ignored(storm.run.ask(storm.item++, { timeout: 60 })),
  end: ({ run }) => run.end(),
  stop: ({ run }) => ignored(run.stop()),
  'stop at once': ({ run }) => ignored(run.stop({ grace: 0 })),
  abort: ({ control }) => control.abort(new Error('gone')),
  read: ({ iterator }) => ignored(iterator.next()),
  leave: ({ iterator }) => ignored(iterator.return?.()),
  subscribe: ({ run }) => run.output.subscribe({ error() {} }),
  'come and go': ({ run }) => run.output.subscribe({ error() {} }).unsubscribe(),
  'throw in the reader': ({ run }) => ignored(run.consume(no)),
  dispose: ({ run }) => ignored(run[Symbol.asyncDispose]()),
  turn: () => turn(),
  'a while': ({ clock }) => clock.advance(10),
  'a long while': async ({ clock }) => {
    await turn()
    clock.advance(200)
  },
}

const stages = fc.array(
  fc.record({
    actor: fc.constantFrom(...Object.keys(actors)),
    how: fc.record(
      {
        workers: fc.integer({ min: 0, max: 3 }),
        concurrency: fc.integer({ min: 1, max: 2 }),
        onFailure: fc.constantFrom('stop' as const, 'skip' as const, 'restart' as const),
        timeout: fc.constant(50),
      },
      { requiredKeys: [] },
    ),
  }),
  { minLength: 1, maxLength: 3 },
)
const policy = fc.record(
  {
    strategy: fc.constantFrom('one-for-one' as const, 'rest-for-one' as const, 'one-for-all' as const),
    maxRestarts: fc.integer({ min: 0, max: 3 }),
    backoff: fc.constantFrom(
      () => 0,
      () => 30,
      () => Infinity,
    ),
    inactivity: fc.constant(100),
  },
  { requiredKeys: [] },
)
const storm = fc.array(fc.constantFrom(...Object.keys(gusts)), { maxLength: 14, size: 'max' })

storms('ends within its grace period, whatever is said to it in whatever order', () =>
  fc.assert(
    fc.asyncProperty(stages, policy, storm, fc.option(fc.nat({ max: 5 })), async (stages, policy, said, inspected) => {
      const [clock, control] = [manualClock(), new AbortController()]
      let made = pipeline<any>('p')
      for (const [i, { actor, how }] of stages.entries()) made = made.stage(`s${i}`, actors[actor]!() as any, how)
      // Only while the run can fail: what an inspector throws when it is over is told to nobody, and so to the process.
      let events = 0
      const inspect = () => (events++ === inspected ? no() : undefined)
      const run = made.supervise(policy).run({ clock, signal: control.signal, grace: 500, inspect })
      ignored(run.done)
      // An iterator that nobody asks is no reader.
      const at: Storm = { run, clock, control, iterator: run[Symbol.asyncIterator](), item: 0 }
      for (const gust of said) await gusts[gust]!(at)
      const [since, grace] = [clock.now(), 100]
      ignored(run.stop({ grace }))
      ignored(run.done)
      await clock.until(
        run.done.then(undefined, () => {}),
        4_000,
      )
      assert.ok(clock.now() - since <= 500, `took ${clock.now() - since} ms`)
    }),
    { numRuns: 400 },
  ),
)

storms.run()
