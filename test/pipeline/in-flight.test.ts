import { Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ChannelFull } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { failureOf } from '../support/failure.ts'
import { type Gate, gate } from '../support/gate.ts'
import { all, take, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const inFlight = suite('inFlight')

/** Three stages that note when they begin and end an item, and a reader that does. */
async function interleaving(how: object, options: object = {}): Promise<string[]> {
  const noted: string[] = []
  const stage = (name: string) => async (n: number) => {
    noted.push(`${name}${n}`)
    await turns(1)
    noted.push(`/${name}${n}`)
    return n
  }
  const run = pipeline('p')
    .from(upTo(4))
    .stage('a', stage('a'), how)
    .stage('b', stage('b'), how)
    .stage('c', stage('c'), how)
    .run(options)
  for await (const n of run) {
    noted.push(`r${n}`)
    await turns(3)
    noted.push(`/r${n}`)
  }
  return noted
}

const oneByOne = upTo(4).flatMap(n => ['a', 'b', 'c', 'r'].flatMap(name => [`${name}${n}`, `/${name}${n}`]))

inFlight('of 1 at every stage runs strictly one item at a time, up to the reader', async () => {
  assert.equal(await interleaving({ inFlight: 1 }), oneByOne)
})

inFlight('of 1 end to end runs strictly one item at a time, up to the reader', async () => {
  assert.equal(await interleaving({}, { inFlight: 1 }), oneByOne)
})

inFlight('is not 1 by itself: stages and reader overlap', async () => {
  assert.not.equal(await interleaving({}), oneByOne)
})

inFlight('is a slot that is taken before computing and comes back when the reader asks for the next', async () => {
  let computed = 0
  const run = pipeline('p')
    .from(upTo(10))
    .stage('s', (n: number) => ++computed && n, { inFlight: 2 })
    .run()
  const loop = run[Symbol.asyncIterator]()
  await turns()
  assert.is(computed, 2)
  await take(loop, 1)
  await turns()
  assert.is(computed, 2, 'the reader has the first, and is not done with it')
  await take(loop, 1)
  await turns()
  assert.is(computed, 3)
  await loop.return!()
})

inFlight('is one slot for all outputs of one item, and none for an item without', async () => {
  let computed = 0
  const run = pipeline('p')
    .from(upTo(10))
    .stage(
      's',
      function* (n: number) {
        computed++
        if (n % 2 === 1) for (let i = 0; i < 3; i++) yield n
      },
      { inFlight: 1 },
    )
    .run()
  const loop = run[Symbol.asyncIterator]()
  await turns()
  assert.is(computed, 2)
  await take(loop, 3)
  await turns()
  assert.is(computed, 2)
  await take(loop, 1)
  await turns()
  assert.is(computed, 4)
  await loop.return!()
})

inFlight('comes back when the last of several readers is done', async () => {
  let computed = 0
  const run = pipeline('p')
    .from(upTo(10))
    .stage('s', (n: number) => ++computed && n, { inFlight: 1 })
    .run()
  const slow = run[Symbol.asyncIterator]()
  const fast = run[Symbol.asyncIterator]()
  await take(slow, 1)
  await take(fast, 1)
  const next = fast.next()
  await turns()
  assert.is(computed, 1)
  await take(slow, 1)
  assert.is((await next).value, 1)
  await slow.return!()
  await fast.return!()
})

inFlight('comes back from dead letters, drops and items that were filtered out', async () => {
  const run = pipeline('p')
    .from(upTo(100))
    .stage('a', (n: number) => n, { inFlight: 1 })
    .filter(n => n % 3 > 0)
    .stage(
      'b',
      (n: number) => {
        if (n % 3 === 1) throw new Error('no')
        return n
      },
      { onFailure: 'skip' },
    )
    .run({ inFlight: 2 })
  run.deadLetters.subscribe()
  assert.equal(
    await all(run),
    upTo(100).filter(n => n % 3 === 2),
  )
})

inFlight('does not hold up `stop()`: results that nobody reads give their slots back', async () => {
  const ways = [
    { how: { inFlight: 1 }, options: {} },
    { how: {}, options: { inFlight: 1 } },
  ]
  for (const { how, options } of ways) {
    const run = pipeline<number>('p')
      .stage('a', (n: number) => n, how)
      .stage('b', (n: number) => n, how)
      .run(options)
    const sent = upTo(5).map(n => run.send(n))
    await turns()
    const summary = await within(1_000, run.stop())
    await within(1_000, Promise.all(sent))
    assert.equal([summary.received, summary.emitted, summary.unfinished], [5, 5, 0])
    assert.equal(await all(run), upTo(5))
  }
})

inFlight('bounds source items under way end to end, for every kind of source', async () => {
  const sources: Record<string, () => any> = {
    iterable: () => upTo(50),
    'async iterable': () =>
      async function* () {
        yield* upTo(50)
      },
  }
  for (const [kind, source] of Object.entries(sources)) {
    let under = 0
    let most = 0
    const run = pipeline('p')
      .from(source())
      .stage(
        'a',
        async (n: any) => {
          most = Math.max(most, ++under)
          await turns(1)
          return n as number
        },
        { concurrency: 10 },
      )
      .stage(
        'b',
        async (n: number) => {
          await turns(1)
          under--
          return n
        },
        { concurrency: 10 },
      )
      .run({ inFlight: 3 })
    assert.equal(await all(run), upTo(50), kind)
    assert.is(most, 3, kind)
  }
})

inFlight('bounds what an Observable emits: that cannot wait, so it fails, or drops', async () => {
  const failing = new Subject<number>()
  const never = pipeline('p')
    .from(failing)
    .stage('s', (_: number) => gate().promise)
  const run = never.run({ inFlight: 2, grace: 0 })
  const failed = failureOf(run.done)
  await turns()
  for (const n of upTo(3)) failing.next(n)
  const error = await failed
  assert.equal(error.abandoned, ['p/s#0 item 0'])
  assert.instance(error.cause, ChannelFull)
  assert.match(error.cause.message, '`inFlight` items of the source are under way')

  for (const [overflow, kept] of [
    ['drop-newest', [0, 1]],
    ['drop-oldest', [0, 1]],
  ] as const) {
    const subject = new Subject<number>()
    const held = gate()
    const dropping = pipeline('p')
      .from(subject, { overflow })
      .stage(
        's',
        async (n: number) => {
          await held.promise
          return n
        },
        { concurrency: 2 },
      )
      .run({ inFlight: 2 })
    const results = all(dropping)
    await turns()
    for (const n of upTo(5)) subject.next(n)
    subject.complete()
    held.open()
    assert.equal(await results, kept, overflow)
    assert.is((await dropping.done).dropped, 3, overflow)
  }
})

inFlight('drops the oldest that waits, where one does', async () => {
  const subject = new Subject<number>()
  const held = gate()
  const run = pipeline('p')
    .from(subject, { overflow: 'drop-oldest' })
    .stage('s', async (n: number) => {
      await held.promise
      return n
    })
    .run({ inFlight: 2 })
  const results = all(run)
  await turns()
  for (const n of upTo(5)) subject.next(n)
  subject.complete()
  held.open()
  assert.equal(await results, [0, 4])
})

inFlight('bounds what is sent: `send` waits for a slot', async () => {
  const gates: Gate[] = []
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number) => {
        const mine = gate()
        gates.push(mine)
        await mine.promise
        return n
      },
      { concurrency: 9 },
    )
    .run({ inFlight: 2 })
  run.output.subscribe()
  let sent = 0
  for (const n of upTo(5)) void run.send(n).then(() => sent++)
  await turns()
  assert.is(sent, 2)
  gates[0]!.open()
  await turns()
  assert.is(sent, 3)
  for (let i = 1; i < 5; i++) {
    gates[i]!.open()
    await turns()
  }
  run.end()
  assert.is((await within(1_000, run.done)).emitted, 5)
})

inFlight('of a run bounds what is asked for: the next enters when the one before has its answer', async () => {
  const gates = [gate(), gate()]
  const begun: number[] = []
  const run = pipeline<number>('p')
    .stage('first', (n: number) => n)
    .stage(
      's',
      async (n: number) => {
        begun.push(n)
        await gates[n]!.promise
        return n
      },
      { concurrency: 2 },
    )
    .run({ inFlight: 1 })
  const asks = [run.ask(0), run.ask(1)]
  await turns()
  assert.equal(begun, [0])
  gates[0]!.open()
  assert.equal(await within(1_000, asks[0]!), [0])
  await until(() => begun.length === 2, 'the second')
  gates[1]!.open()
  assert.equal(await within(1_000, asks[1]!), [1])
  await within(1_000, run.stop())
})

inFlight.run()
