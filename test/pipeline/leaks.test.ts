import * as assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Observable } from 'rxjs'
import { suite } from 'uvu'
import { StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { heapUsed } from '../support/collect.ts'
import { within } from '../support/within.ts'

const leaks = suite('a thousand pipelines, run and ended at random moments')

/** A pseudo-random sequence that is the same each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

leaks('leave no listener, timer, handle or promise behind', async () => {
  const random = randomOf(20_261_120)
  const pick = (below: number) => Math.floor(random() * below)
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  const unhandled: unknown[] = []
  const rejected = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', rejected)
  const shared = new AbortController()
  let aborts = 0
  const { addEventListener, removeEventListener } = shared.signal
  shared.signal.addEventListener = ((...args: Parameters<typeof addEventListener>) => {
    aborts++
    return addEventListener.apply(shared.signal, args)
  }) as typeof addEventListener
  shared.signal.removeEventListener = ((...args: Parameters<typeof removeEventListener>) => {
    aborts--
    return removeEventListener.apply(shared.signal, args)
  }) as typeof removeEventListener
  let subscriptions = 0
  let generators = 0
  let open = 0
  const handles = () =>
    process.getActiveResourcesInfo().filter(name => name === 'Timeout' || name === 'Immediate').length
  await turn()
  const before = handles()

  const endless = function* () {
    generators++
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      generators--
    }
  }
  const endlessly = async function* () {
    generators++
    try {
      for (let n = 0; ; n++) {
        if (n % 7 === 0) await turn()
        yield n
      }
    } finally {
      generators--
    }
  }
  const observed = () =>
    new Observable<number>(subscriber => {
      subscriptions++
      subscriber.next(1)
      return () => subscriptions--
    })

  const one = async () => {
    const kind = pick(4)
    const from = [endless, endlessly, observed(), [1, 2, 3]][kind] as Iterable<number>
    const bodies: ((n: number) => any)[] = [
      (n: number) => n + 1,
      async (n: number) => {
        if (n % 5 === 0) await turn()
        return n
      },
      function* (n: number) {
        yield n
        yield n
      },
    ]
    const fails = random() < 0.2
    const signal = random() < 0.5 ? shared.signal : undefined
    const local = new AbortController()
    const run = pipeline('p')
      .from(from)
      .stage('a', bodies[pick(3)]!, { concurrency: 1 + pick(4), ...(random() < 0.5 && { timeout: 60_000 }) })
      .stage('b', {
        setup: () => {
          open++
          return { open: true }
        },
        receive: (n: number) => {
          if (fails && n > 50) throw new Error('enough')
          return n
        },
        stop: () => {
          open--
        },
      })
      .supervise({ inactivity: 60_000 })
      .run({ ...(signal ? { signal } : { signal: local.signal }) })
    run.events.subscribe(() => {})
    run.channel('b').subscribe(() => {})
    const heard = run.done.catch(() => {})
    // One that has nothing more to say is not waited for in a loop.
    const end = kind === 2 ? 1 + pick(3) : pick(4)
    if (end === 0) {
      try {
        for await (const n of run) if (n > pick(200)) break
      } catch (error) {
        // A loop that is not left before the fiftieth item, as happens now and then, comes to the failure.
        assert.ok(fails && error instanceof StageFailed)
      }
    } else {
      run.output.subscribe({ error: () => {} })
      for (let turns = pick(6); turns > 0; turns--) await turn()
      if (end === 1) await run.stop().catch(() => {})
      else if (end === 2 && !signal) local.abort(new Error('away'))
      else await run[Symbol.asyncDispose]().catch(() => {})
    }
    await within(10_000, heard, 'a run')
  }
  for (let batch = 0; batch < 50; batch++) await within(20_000, Promise.all(Array.from({ length: 20 }, one)))
  for (let i = 0; i < 20; i++) await turn()
  // An async generator that was asked to end while it had an item under way ends when it has given it.
  for (const until = performance.now() + 2_000; generators > 0 && performance.now() < until; ) await sleep(5)

  process.off('warning', warned)
  process.off('unhandledRejection', rejected)
  assert.deepEqual(warnings, [])
  assert.deepEqual(unhandled, [])
  assert.equal(aborts, 0, 'listeners on a shared signal')
  assert.equal(subscriptions, 0, 'subscriptions to sources')
  assert.equal(generators, 0, 'generators')
  assert.equal(open, 0, 'workers')
  assert.ok(handles() <= before + 1, `timers and immediates: ${before} before, ${handles()} after`)
})

/** Promises that somebody still holds and that never settle. */
function pendingPromises() {
  const pending = new Set<number>()
  const hook = createHook({
    init: (id, type) => void (type === 'PROMISE' && pending.add(id)),
    promiseResolve: id => void pending.delete(id),
    destroy: id => void pending.delete(id),
  }).enable()
  return { pending, end: () => void hook.disable() }
}

leaks('keep no memory, and nothing that waits for ever', async () => {
  const random = randomOf(7)
  const pick = (below: number) => Math.floor(random() * below)
  const inner = pipeline<number>('inner').stage('in', async (n: number) => n + 1)
  const shared = new AbortController()

  const one = async () => {
    const run = pipeline<number>('p')
      .stage('a', async (n: number) => (n % 4 ? n : undefined), {
        concurrency: 1 + pick(3),
        timeout: 60_000,
        capacity: pick(3),
      })
      .stage('inner', inner, { workers: 1 + pick(2) })
      .stage('b', (n: number) => (n === 1_000 ? Promise.reject(new Error('no')) : n), {
        retry: { attempts: 2, backoff: () => 60_000 },
        onFailure: 'skip',
      })
      .supervise({ inactivity: 60_000 })
      .run({ signal: shared.signal })
    const quiet = (promise: Promise<unknown>) => void promise.catch(() => {})
    quiet(run.done)
    run.deadLetters.subscribe()
    for (let n = 0; n < 20; n++) quiet(pick(2) ? run.send(n) : run.ask(n, { timeout: 60_000, signal: shared.signal }))
    if (pick(3) === 0) quiet(run.send(1_000))
    const how = pick(4)
    if (how === 0) quiet(run.consume(async () => turn()))
    else if (how === 1) run.output.subscribe({ error() {} })
    for (let turns = pick(5); turns > 0; turns--) await turn()
    if (how === 2) for await (const _ of run) break
    else await run.stop({ grace: pick(2) ? 0 : 5 }).catch(() => {})
    await run.done.catch(() => {})
  }
  const many = async (count: number) => {
    for (let i = 0; i < count; i++) await within(10_000, one(), 'a run')
    for (let i = 0; i < 20; i++) await turn()
    return heapUsed()
  }
  await many(100)
  const { pending, end } = pendingPromises()
  const before = await many(100)
  const waiting = pending.size
  const after = await many(300)
  end()
  assert.ok(pending.size <= waiting + 20, `${waiting} promises pending after 100 runs, ${pending.size} after 400`)
  // Whoever measures coverage keeps every kernel that was copied.
  const most = process.env.NODE_V8_COVERAGE ? 10_000_000 : 2_000_000
  assert.ok(after - before < most, `the heap grew by ${after - before} bytes in 300 runs`)
})

leaks.run()
