/** Asynchronous items on their short way, and what meets them there. */
import { Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StageFailed } from '../../src/errors.ts'
import { model } from '../../src/model/model.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { Held } from '../support/collect.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const lane = suite('asynchronous items')

lane('end where some are answered at once, and the channel behind is full of the others', async () => {
  const some = (n: number) => (n < 9 ? Promise.resolve(n) : n)
  const made = pipeline('p')
    .from(upTo(40))
    .stage('some', some, { concurrency: 8 })
    .stage('slow', (n: number) => new Promise<number>(resolve => setImmediate(resolve, n)), { capacity: 2 })
  assert.equal(await within(5_000, all(made.run())), upTo(40))
})

lane('end where a cache answers at once, and what it answers fills the channel behind', async () => {
  const cache = new Map<number, Uint8Array>()
  const load = (n: number) =>
    cache.get(n) ??
    new Promise<Uint8Array>(resolve => setImmediate(() => resolve(cache.set(n, new Uint8Array(900)).get(n)!)))
  const made = pipeline('p')
    .from(Array.from({ length: 60 }, (_, i) => i % 8))
    .stage('load', load, { concurrency: 16 })
    .stage('size', async (page: Uint8Array) => page.length, { capacity: { bytes: 6_000 } })
  assert.equal((await within(5_000, all(made.run()))).length, 60)
})

for (const concurrency of [1, 2, 4]) {
  lane(`end where a handler feeds the source, ${concurrency} in hand`, async () => {
    const source = new Subject<number>()
    let next = 0
    const feed = (count: number) => {
      for (; count > 0 && next < 20; count--) source.next(next++)
      if (next === 20) source.complete()
    }
    const run = pipeline('crawl')
      .from(source)
      .stage('a', (n: number): number | Promise<number> => (n % 2 ? Promise.resolve(n) : n), { concurrency: 1 })
      .stage(
        'b',
        (n: number) => {
          feed(2)
          return Promise.resolve(n)
        },
        { concurrency },
      )
      .run()
    const results: number[] = []
    run.output.subscribe(n => results.push(n))
    await turns()
    feed(1)
    await within(5_000, run.done)
    assert.equal(results, upTo(20))
  })
}

const busy: Record<string, [body: (n: number) => unknown, how?: object]> = {
  'gives promises': [async n => n],
  'gives generators': [
    async function* (n) {
      yield n
    },
  ],
  'gives generators that stream': [
    async function* (n) {
      yield n
    },
    { emit: 'streaming', concurrency: 8 },
  ],
  'gives a generator without end': [
    async function* (n) {
      for (;;) yield n
    },
    { emit: 'streaming' },
  ],
  'gives what is like a promise': [n => ({ then: (resolve: (n: number) => void) => resolve(n) })],
  rejects: [n => Promise.reject(n), { onFailure: 'skip' }],
  'rejects at first': [
    (
      (times: number) => (n: number) =>
        times++ % 2 ? Promise.resolve(n) : Promise.reject(n)
    )(0),
    { retry: { attempts: 2 } },
  ],
}
for (const [what, [body, how = {}]] of Object.entries(busy)) {
  lane(`leave the event loop its turns: a handler that ${what}`, async () => {
    const endless = function* () {
      for (let n = 0; ; n++) yield n
    }
    const run = pipeline('p').from(endless).stage('s', body, how).run({ grace: 500 })
    run.output.subscribe()
    run.deadLetters.subscribe()
    await within(5_000, new Promise(resolve => setTimeout(resolve, 20)))
    await within(
      5_000,
      run.stop().catch(() => {}),
    )
  })
}

lane('are counted as one where a promise calls back at once', async () => {
  class Eager extends Promise<number> {
    override then(answer: any): any {
      answer(this.value)
      return Promise.resolve()
    }
    value = 0
  }
  const eager = (n: number) => Object.assign(new Eager(() => {}), { value: n })
  assert.equal(
    await within(5_000, all(pipeline('p').from(upTo(10)).stage('s', eager, { concurrency: 3 }).run())),
    upTo(10),
  )
})

lane('hold back no more outputs than the channel behind may hold, where some lead to many', async () => {
  const held = gate()
  let computed = 0
  const many = function* () {
    for (let n = 0; n < 100; n++) {
      computed++
      yield n
    }
  }
  const run = pipeline('p')
    .from(upTo(1_000))
    .stage('s', (n: number): unknown => (n === 0 ? held.promise : many()), { concurrency: 4 })
    .stage('t', (n: unknown) => n, { capacity: 200 })
    .run()
  run.output.subscribe()
  await turns(50)
  assert.ok(computed <= 200 + 4 * 100, `${computed}`)
  held.open()
  await within(5_000, run.done)
})

lane('are timed one by one where they take their time', async () => {
  const clock = manualClock()
  const wait = (n: number) => new Promise<number>(resolve => clock.setTimeout(() => resolve(n), n === 7 ? 50 : 1))
  const run = pipeline('p').from(upTo(40)).stage('s', wait, { concurrency: 4 }).run({ clock })
  run.output.subscribe()
  await within(5_000, clock.until(run.done))
  const { service } = run.snapshot().stages[0]!
  assert.ok(service.max < 51 && service.mean < 5, JSON.stringify(service))
})

for (const concurrency of [1, 3]) {
  lane(`end where the source stops the run when it is asked, ${concurrency} in hand`, async () => {
    const controller = new AbortController()
    const source = function* () {
      for (let n = 0; n < 10; n++) {
        if (n === 5) controller.abort(new Error('enough'))
        yield n
      }
    }
    const run = pipeline('p')
      .from(source)
      .stage('s', async (n: number) => n, { concurrency })
      .run({ signal: controller.signal, grace: 60_000 })
    const error = await within(5_000, failureOf(all(run)))
    assert.is((error as Error).message, 'enough')
  })
}

lane('end where a handler stops the run, and then answers at once', async () => {
  const controller = new AbortController()
  const stopping = (n: number): number | Promise<number> => {
    if (n < 5) return Promise.resolve(n)
    controller.abort(new Error('enough'))
    return n
  }
  const run = pipeline('p')
    .from(upTo(10))
    .stage('s', stopping, { concurrency: 2 })
    .run({ signal: controller.signal, grace: 60_000 })
  const error = await within(5_000, failureOf(all(run)))
  assert.is((error as Error).message, 'enough')
})

lane('are counted at any moment', async () => {
  const received: number[] = []
  const run = pipeline('p')
    .from(upTo(100))
    .stage('s', async (n: number) => {
      received.push(run.snapshot().stages[0]!.received - n)
      return n
    })
    .run()
  assert.equal(await within(5_000, all(run)), upTo(100))
  // The first goes in a frame, which is counted when it is over.
  assert.equal(
    received.slice(1),
    upTo(99).map(() => 1),
  )
})

lane('of an array are read ahead by no more than a moment takes', async () => {
  const clock = manualClock()
  let handled = 0
  const slow = (n: number) => {
    handled++
    return new Promise<number>(resolve => clock.setTimeout(() => resolve(n), 10))
  }
  const run = pipeline('p').from(upTo(1_000)).stage('s', slow).run({ clock })
  run.output.subscribe()
  for (let time = 0; time < 20; time++) {
    await turns(2)
    clock.advance(10)
  }
  const before = handled
  await within(5_000, clock.until(run.stop()))
  assert.ok(before > 10 && handled <= before + 2, `${before}, ${handled}`)
})

lane('wait for nobody when no promise is about to come true', async () => {
  const held = gate()
  const run = pipeline('p')
    .from(upTo(5))
    .stage('s', (n: number) => (n < 3 ? Promise.resolve(n) : held.promise.then(() => n)))
    .stage('t', async (n: number) => n)
    .run()
  const results: number[] = []
  run.output.subscribe(n => results.push(n))
  await turns(2)
  assert.equal(results, [0, 1, 2])
  held.open()
  await within(5_000, run.done)
})

lane('of maps are one, whatever they are', async () => {
  const generator = function* () {
    yield 1
    yield 2
  }
  for (const first of [-1, 0, 1]) {
    const some = (n: number): unknown => (n === first ? Promise.resolve('first') : generator())
    const shape = (values: readonly unknown[]) => values.map(value => typeof value)
    const results = await within(5_000, all(pipeline('p').from([0, 1, 2]).map(some).run()))
    assert.equal(shape(results), shape((await model(pipeline<number>('p').map(some), [0, 1, 2])).results))
    assert.is(results.length, 3)
  }
})

lane.run()

const sources = suite('an array')

sources('whose length throws fails the run as its source', async () => {
  const odd = new Proxy([1, 2, 3], {
    get(target, name) {
      if (name === 'length') throw new Error('no length')
      return Reflect.get(target, name)
    },
  })
  const run = pipeline('p')
    .from(odd)
    .stage('s', (n: number) => n)
    .run()
  const error = await failureOf(all(run))
  assert.is((error as StageFailed).stage, 'source')
})

sources.run()

const kernels = suite('what V8 has learned of maps')

kernels('keeps none of them', async () => {
  const closures = new Held()
  for (let n = 0; n < 50; n++) {
    await execute(
      pipeline('p')
        .from([1, 2])
        .map(Number)
        .map(closures.add((x: number) => x + n)),
    )
  }
  assert.ok((await closures.count()) <= 2, `${await closures.count()} closures`)
})

kernels.run()
