import { NEVER, Observable, of } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  AskTimeout,
  ItemDropped,
  OutputLimit,
  RunEnded,
  SendAfterEnd,
  StageFailed,
  UndefinedItem,
} from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { failureOf, thrownBy } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const asking = suite('ask')

asking('resolves with all that the item led to, in order', async () => {
  const run = pipeline<number>('p')
    .stage('many', function* (n: number) {
      for (let i = 0; i < n; i++) yield `${n}.${i}`
    })
    .map(text => text.toUpperCase())
    .run()
  assert.equal(await within(1_000, run.ask(3)), ['3.0', '3.1', '3.2'])
  assert.equal(await within(1_000, run.ask(0)), [])
  await within(1_000, run.stop())
})

asking('gives results to the asker alone', async () => {
  const run = pipeline<number>('p')
    .map(n => n * 2)
    .run()
  const read: number[] = []
  run.output.subscribe(n => read.push(n))
  const [two, , six] = await within(1_000, Promise.all([run.ask(1), run.send(2), run.ask(3)]))
  assert.equal([two, six], [[2], [6]])
  run.end()
  await within(1_000, run.done)
  assert.equal(read, [4])
})

asking('needs no reader', async () => {
  const clock = manualClock()
  const run = pipeline<number>('p')
    .map(n => n + 1)
    .run({ clock })
  for (const n of upTo(3000)) assert.equal(await run.ask(n), [n + 1])
  clock.advance(60_000)
  run.end()
  assert.is((await within(1_000, run.done)).emitted, 3000)
})

asking('answers in the order of the questions, whatever each takes', async () => {
  const gates = [gate(), gate(), gate()]
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number) => {
        await gates[n]!.promise
        return n
      },
      { concurrency: 3 },
    )
    .run()
  const answered: number[] = []
  const asks = upTo(3).map(n => run.ask(n).then(([answer]) => answered.push(answer!)))
  for (const n of [2, 1, 0]) {
    gates[n]!.open()
    await turns()
  }
  await within(1_000, Promise.all(asks))
  assert.equal(answered, [0, 1, 2])
  await run.stop()
})

asking('answers as they finish with `order: completion`', async () => {
  const gates = [gate(), gate(), gate()]
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number) => {
        await gates[n]!.promise
        return n
      },
      { concurrency: 3, order: 'completion' },
    )
    .run()
  const answered: number[] = []
  const asks = upTo(3).map(n => run.ask(n).then(([answer]) => answered.push(answer!)))
  for (const n of [2, 1, 0]) {
    await turns()
    gates[n]!.open()
  }
  await within(1_000, Promise.all(asks))
  assert.equal(answered, [2, 1, 0])
  await run.stop()
})

asking('rejects with the failure of its item, which is told nobody else', async () => {
  const run = pipeline<number>('p')
    .stage(
      's',
      (n: number) => {
        if (n < 0) throw new RangeError('negative')
        return n
      },
      { onFailure: 'skip', retry: { attempts: 2 } },
    )
    .run()
  const letters: unknown[] = []
  assert.equal(await run.ask(1), [1])
  const error = await failureOf(run.ask(-1))
  assert.instance(error, StageFailed)
  assert.instance(error.cause, RangeError)
  assert.equal([error.pipeline, error.stage, error.sequence, error.attempt], ['p', 's', 1, 2])
  assert.equal(await run.ask(2), [2])
  run.deadLetters.subscribe(letter => letters.push(letter))
  run.end()
  assert.is((await within(1_000, run.done)).deadLetters, 1)
  assert.equal(letters, [])
})

asking('rejects with the failure that stopped the run', async () => {
  const run = pipeline<number>('p')
    .map(n => {
      if (n < 0) throw new RangeError('negative')
      return n
    })
    .run()
  const asks = [run.ask(1), failureOf(run.ask(-1)), failureOf(run.ask(2))] as const
  const failure = await failureOf(run.done)
  assert.equal(await asks[0], [1])
  assert.is(await asks[1], failure)
  assert.is(await asks[2], failure)
  assert.is(failure.cause.message, 'negative')
})

asking('rejects when one of several descendants fails, further down', async () => {
  const run = pipeline<number>('p')
    .stage('many', function* (n: number) {
      yield n
      yield -n
      yield n
    })
    .stage(
      's',
      (n: number) => {
        if (n < 0) throw new RangeError('negative')
        return n
      },
      { onFailure: 'skip' },
    )
    .run()
  assert.is((await failureOf(run.ask(4))).cause.message, 'negative')
  await within(1_000, run.stop())
})

asking('gives up after its timeout, and the run goes on', async () => {
  const clock = manualClock()
  const held = gate()
  const run = pipeline<number>('p')
    .stage('s', async (n: number) => {
      if (n === 1) await held.promise
      return n
    })
    .run({ clock })
  const read: number[] = []
  run.output.subscribe(n => read.push(n))
  const failed = failureOf(run.ask(1, { timeout: 100 }))
  const next = run.ask(2, { timeout: 10_000 })
  await turns()
  clock.advance(100)
  const error = await failed
  assert.instance(error, AskTimeout)
  assert.is(error.message, 'p did not answer within 100 ms')
  held.open()
  assert.equal(await within(1_000, next), [2])
  run.end()
  await within(1_000, run.done)
  assert.equal(read, [])
  assert.is(clock.pending, 0)
})

const waiting: Record<string, { body: (n: number) => unknown; how?: object }> = {
  'an Observable': { body: n => (n === 0 ? NEVER : of(n)) },
  'a retry': {
    body: n => {
      if (n === 0) throw new Error('zero')
      return n
    },
    how: { retry: { attempts: 2, backoff: () => 1_000 } },
  },
  'room for what a generator yields': {
    body: function* (n) {
      yield n
      if (n === 0) for (;;) yield n
    },
    how: { emit: 'streaming' },
  },
}
for (const [what, { body, how }] of Object.entries(waiting)) {
  asking(`gives up after its timeout, though its item waits for ${what}: the next one is handled`, async () => {
    const clock = manualClock()
    const run = pipeline<number>('p')
      .stage('s', body as (n: number) => number, how)
      .stage('t', async (n: number, { signal }) => (n === 0 ? aborted(signal) : n), { capacity: 1 })
      .run({ clock })
    const late = failureOf(run.ask(0, { timeout: 50 }))
    await turns()
    const answer = run.ask(1)
    await turns()
    clock.advance(50)
    assert.instance(await late, AskTimeout)
    assert.equal(await within(1_000, answer), [1])
    await within(1_000, run.stop())
  })
}

asking('may be given up by the very handler: what that still yields goes nowhere', async () => {
  const control = new AbortController()
  const run = pipeline<number>('p')
    .stage('s', function* (n: number) {
      yield `${n}.0`
      if (n === 0) control.abort(new Error('enough'))
      yield `${n}.1`
    })
    .run()
  const seen: string[] = []
  run.output.subscribe(text => seen.push(text))
  const asked = [run.ask(0, { signal: control.signal }), run.ask(1), run.ask(2)]
  assert.is((await failureOf(asked[0]!)).message, 'enough')
  assert.equal(await within(1_000, asked[1]!), ['1.0', '1.1'])
  assert.equal(await within(1_000, asked[2]!), ['2.0', '2.1'])
  await within(1_000, run.stop())
  assert.equal(seen, [])
})

asking('may be given up in the midst of a subscription: the next one is handled', async () => {
  const control = new AbortController()
  const run = pipeline<number>('p')
    .stage(
      's',
      (n: number) =>
        new Observable<number>(subscriber => {
          if (n === 0) return control.abort(new Error('enough'))
          subscriber.next(n)
          subscriber.complete()
        }),
    )
    .run()
  const asked = [run.ask(0, { signal: control.signal }), run.ask(1)]
  assert.is((await failureOf(asked[0]!)).message, 'enough')
  assert.equal(await within(1_000, asked[1]!), [1])
  await within(1_000, run.stop())
})

asking('while it waits in line gives up after its timeout, and its item is not handled', async () => {
  const clock = manualClock()
  const held = gate()
  const handled: number[] = []
  const run = pipeline<number>('p')
    .stage(
      's',
      async (n: number) => {
        handled.push(n)
        await held.promise
      },
      { capacity: 1 },
    )
    .run({ clock })
  const asks = upTo(5).map(n => failureOf(run.ask(n, { timeout: 50 })))
  await turns()
  clock.advance(50)
  for (const each of asks) assert.instance(await each, AskTimeout)
  held.open()
  run.end()
  const summary = await within(1_000, run.done)
  assert.equal(handled, [0])
  assert.is(summary.received, 2)
})

asking('rejects with the reason of its signal, also one that was aborted before', async () => {
  const run = pipeline<number>('p')
    .stage('s', () => new Promise<number>(() => {}))
    .run()
  const controller = new AbortController()
  const failed = failureOf(run.ask(1, { signal: controller.signal }))
  await turns()
  controller.abort('never mind')
  assert.is(await failed, 'never mind')
  assert.is(await failureOf(run.ask(1, { signal: AbortSignal.abort('before') })), 'before')
  await failureOf(run.stop({ grace: 0 }))
})

asking('after the end is refused', async () => {
  const run = pipeline<number>('p').run()
  run.end()
  const error = await failureOf(run.ask(1))
  assert.instance(error, SendAfterEnd)
  assert.is(error.item, 1)
  await within(1_000, run.done)
})

asking('for `undefined` is refused', async () => {
  const run = pipeline<any>('p').run()
  assert.instance(await failureOf(run.ask(undefined)), UndefinedItem)
  await run.stop()
})

asking('is answered before `stop()` resolves', async () => {
  const run = pipeline<number>('p')
    .stage('s', async (n: number) => n)
    .run()
  const answer = run.ask(1)
  await within(1_000, run.stop())
  assert.equal(await answer, [1])
})

asking('rejects when the run is torn down', async () => {
  const run = pipeline<number>('p')
    .stage('s', async (n: number) => n, { workers: 0 })
    .run()
  const failed = failureOf(run.ask(1))
  await turns()
  await within(1_000, run.stop({ grace: 0 }))
  assert.instance(await failed, RunEnded)
})

asking('says at once what is wrong with its options', () => {
  const run = pipeline<number>('p').run()
  const ask = run.ask.bind(run) as (...args: any[]) => unknown
  assert.is(
    thrownBy(() => ask(1, { timeout: -1 })).message,
    '`timeout` must be a number of milliseconds above 0, got -1 (number), in p: ask',
  )
  assert.is(
    thrownBy(() => ask(1, { timeot: 1 })).message,
    'unknown option `timeot`: did you mean `timeout`?, in p: ask',
  )
  assert.match(thrownBy(() => ask(1, { signal: {} })).message, '`signal` must be an AbortSignal, got {} (object)')
  void run.stop()
})

for (const overflow of ['drop-newest', 'drop-oldest'] as const) {
  asking(
    `rejects when something that the item led to was dropped by \`${overflow}\`, once the rest has ended`,
    async () => {
      const held = gate()
      const run = pipeline<number>('p')
        .stage('many', function* (n: number) {
          yield* upTo(n)
        })
        .stage('slow', (n: number) => held.promise.then(() => n), { capacity: 2, overflow })
        .run()
      const lost = failureOf(run.ask(5))
      await turns()
      held.open()
      const error = await lost
      assert.instance(error, ItemDropped)
      assert.equal([error.code, error.stage], ['ERR_ITEM_DROPPED', 'slow'])
      assert.match(error.message, /^something asked of p was dropped before slow, whose channel was full: /)
      assert.equal(await within(1_000, run.ask(2)), [0, 1])
      assert.is((await within(1_000, run.stop())).dropped, run.snapshot().stages[1]!.dropped)
    },
  )

  asking(`rejects when the item itself was dropped by \`${overflow}\``, async () => {
    const held = gate()
    const run = pipeline<number>('p')
      .stage('slow', (n: number) => held.promise.then(() => n), { capacity: 2, overflow })
      .run()
    const answers = Promise.allSettled(upTo(6).map(n => run.ask(n)))
    await turns()
    held.open()
    const settled = await within(1_000, answers)
    const answered = settled.flatMap((answer, n) => (answer.status === 'fulfilled' ? [[n, ...answer.value]] : []))
    assert.ok(answered.length >= 2 && answered.length < 6, `${answered}`)
    for (const [n, result] of answered) assert.is(n, result)
    for (const answer of settled) if (answer.status === 'rejected') assert.instance(answer.reason, ItemDropped)
    assert.is((await within(1_000, run.stop())).dropped, 6 - answered.length)
  })
}

asking('tells a failure rather than a drop', async () => {
  const run = pipeline<number>('p')
    .stage('many', function* (n: number) {
      yield* upTo(n)
    })
    .stage(
      'odd',
      async (n: number) => {
        if (n === 0) throw new Error('zero')
        return n
      },
      { capacity: 2, overflow: 'drop-newest', onFailure: 'skip' },
    )
    .run()
  const error = await failureOf(run.ask(5))
  assert.instance(error, StageFailed)
  assert.is(error.cause.message, 'zero')
  await within(1_000, run.stop())
})

asking('rejects where the answer has no end, and the next question is answered', async () => {
  const outputs: unknown[] = [1, 'x'.repeat(1024)]
  for (const output of outputs) {
    const run = pipeline<number>('p')
      .stage(
        's',
        function* (n: number) {
          yield output
          while (n === 0) yield output
        },
        { emit: 'streaming' },
      )
      .run()
    const error = await failureOf(run.ask(0))
    assert.instance(error, OutputLimit)
    assert.match(error.message, /1,000,000 results|64 MiB of results/)
    assert.equal(await within(1_000, run.ask(1)), [output])
    await within(1_000, run.stop())
  }
})

asking('may be answered with one result of any size', async () => {
  const run = pipeline<number>('p')
    .stage('s', (n: number) => new Uint8Array(n))
    .run()
  const [bytes] = await within(1_000, run.ask(65 * 1024 * 1024))
  assert.is(bytes!.length, 65 * 1024 * 1024)
  await within(1_000, run.stop())
})

asking('from the outputs of a flush gets nothing: they belong to nobody', async () => {
  const run = pipeline<number>('p')
    .stage('sum', {
      start: () => ({ sum: 0 }),
      receive: (n: number, state) => void (state.sum += n),
      flush: state => state.sum,
    })
    .run()
  assert.equal(await within(1_000, Promise.all([run.ask(1), run.ask(2)])), [[], []])
  run.end()
  assert.equal(await all(run), [3])
})

asking.run()
