import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineActor } from '../../src/actor/define-actor.ts'
import { InvalidBlueprint, InvalidOption, UndefinedItem, UnreadOutput } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { expectModel, faulty, ModelMismatch, manualClock, TestDeadline, unlessDied } from '../../src/testing/index.ts'
import { failureOf } from '../support/failure.ts'
import { built, items, recipes } from '../support/recipe.ts'
import { upTo } from '../support/take.ts'
import { within } from '../support/within.ts'

/** Waits for some turns of the event loop, the more the larger `n` modulo 7: so that items pass each other. */
async function some(n: number) {
  for (let i = 0; i < (n * 5) % 7; i++) await turn()
}

const late = async (n: number) => {
  await some(n)
  return n
}

const mismatch = async (promise: Promise<unknown>): Promise<ModelMismatch> => {
  const error = await within(8_000, failureOf(promise))
  assert.instance(error, ModelMismatch, `${error}`)
  return error
}

/* ── What agrees ────────────────────────────────────────────────────────── */

const agrees = suite('expectModel')

const total = defineActor('total', {
  start: () => ({ sum: 0 }),
  async receive(n: number, state) {
    await some(n)
    state.sum += n
    return { n, sum: state.sum }
  },
  flush: ({ sum }, { key }) => ({ n: -1, sum, key }),
})

agrees('gives the results of a pipeline that does as the model says', async () => {
  const made = pipeline<number>('sums')
    .filter(n => n % 3 > 0)
    .stage('wait', late, { workers: 3, concurrency: 2 })
    .stage('total', total, { key: n => n % 4, workers: 4 })
  const results = await expectModel(made, [1, 2, 3, 4])
  assert.equal(results.slice(0, 3), [
    { n: 1, sum: 1 },
    { n: 2, sum: 2 },
    { n: 4, sum: 4 },
  ])
  assert.equal(await expectModel(pipeline<number>('nothing'), [1, 2]), [1, 2])
  assert.equal(await expectModel(made, []), [])
})

agrees('takes the place of a source, and reads any input, also a function of it', async () => {
  const made = pipeline('p')
    .from([99])
    .map(n => n + 1)
  async function* later() {
    yield 1
    yield 2
  }
  for (const input of [[1, 2], new Set([1, 2]), later(), () => [1, 2], later]) {
    assert.equal(await expectModel(made, input), [2, 3])
  }
})

agrees('agrees on dead letters and on the failure, with what came before', async () => {
  const made = (onFailure: 'skip' | 'stop') =>
    pipeline<number>('p')
      .stage('half', late, { concurrency: 3 })
      .stage(
        'odd',
        n => {
          if (n % 4 === 3) throw new RangeError(`odd ${n}`)
          return n
        },
        { onFailure, retry: { attempts: 2 } },
      )
  assert.equal(await expectModel(made('skip'), upTo(9)), [0, 1, 2, 4, 5, 6, 8])
  assert.equal(await expectModel(made('stop'), upTo(9)), [0, 1, 2])
})

agrees('agrees on pipelines in pipelines, their failures and dead letters', async () => {
  const inner = pipeline<number>('inner')
    .stage('halve', n => (n % 2 ? assert.unreachable('odd') : n / 2), { onFailure: 'skip' })
    .stage('check', n => (n === 5 ? assert.unreachable('five') : n))
  const outer = pipeline<number>('outer').stage('in', inner, { workers: 3, concurrency: 2, onFailure: 'skip' })
  assert.equal(await expectModel(outer, upTo(13)), [0, 1, 2, 3, 4, 6])
  assert.equal(await expectModel(pipeline<number>('outer').stage('in', inner), upTo(13)), [0, 1, 2, 3, 4])
})

agrees('takes what ran ahead, within a stage, of a failure that took the whole item with it', async () => {
  const inner = pipeline<number>('inner')
    .stage(
      'ahead',
      function* (n) {
        yield n
        if (n === 2) throw new Error('ahead')
      },
      { emit: 'streaming', onFailure: 'skip' },
    )
    .map(n => (n === 2 ? assert.unreachable('two') : n))
  assert.equal(
    await expectModel(pipeline<number>('outer').stage('in', inner, { onFailure: 'skip' }), upTo(4)),
    [0, 1, 3],
  )
})

agrees('agrees on restarts and retries of a faulty actor', async () => {
  const flaky = faulty(late, { fails: { at: 2, attempt: 1 }, dies: { at: 4 } })
  const made = pipeline<number>('p').stage('s', flaky, {
    ...{ workers: 2, retry: { attempts: 2 }, onFailure: unlessDied('stop') },
  })
  assert.equal(await expectModel(made, upTo(7)), [0, 1, 2, 3, 5, 6])
})

agrees('agrees on a faulty body over the whole stream, time and again', async () => {
  const sums = defineActor('sums', import.meta, {
    async *stream(items: AsyncIterable<number>) {
      let last = 0
      for await (const n of items) {
        yield n + last
        last = n
      }
    },
  })
  const made = pipeline<number>('p').stage('s', faulty(sums, { fails: 1 }), { onFailure: 'skip' })
  for (let i = 0; i < 2; i++) assert.equal(await expectModel(made, [1, 2, 3, 4]), [1, 3, 7])
})

agrees('passes backoffs in no time under a manual clock, and handlers that wait by it', async () => {
  const clock = manualClock()
  const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
  const made = pipeline<number>('p').stage(
    's',
    async (n, { attempt }) => {
      await sleep((n * 7_000) % 30_000)
      if (n === 3 && attempt < 3) throw new Error('busy')
      return n
    },
    { concurrency: 4, retry: { attempts: 3, backoff: () => 60_000 } },
  )
  assert.equal(await expectModel(made, upTo(9), { clock }), upTo(9))
})

agrees('gives each side items of its own, as far as they are plain data', async () => {
  const made = pipeline<{ tags: string[]; seen?: number }>('p').stage('mark', item => {
    item.seen = (item.seen ?? 0) + 1
    item.tags.push('seen')
    return item
  })
  const input = [{ tags: ['a'] }]
  assert.equal(await expectModel(made, input), [{ tags: ['a', 'seen'], seen: 1 }])
  assert.equal(input, [{ tags: ['a'] }], 'they are not those of the test')
})

agrees('holds for random pipelines', async () => {
  // Always the same ones: this is about the helper. Whether runs equal the model is asked anew each time in test/model.
  const property = fc.asyncProperty(recipes, items, async (recipe, input) => {
    const clock = manualClock()
    const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
    await within(15_000, expectModel(built(recipe, sleep, pipeline('random')), input, { clock }), 'a case')
  })
  await fc.assert(property, { numRuns: 100, seed: 1, includeErrorInReport: true })
})

agrees.run()

/* ── Order by completion ────────────────────────────────────────────────── */

const completes = suite("expectModel, order: 'completion'")

completes('takes any mix that keeps the order of each key, then goes on with that', async () => {
  const made = pipeline<number>('p')
    .map(n => n + 1)
    .stage('mix', late, { concurrency: 4, order: 'completion' })
    .map(n => n * 10)
    .stage('rank', { start: () => ({ rank: 0 }), receive: (n: number, state) => ({ n, rank: state.rank++ }) })
  const results = await expectModel(made, upTo(20))
  assert.not.equal(
    results.map(({ n }) => n),
    upTo(20).map(n => (n + 1) * 10),
    'they do pass each other',
  )
  const keyed = pipeline<number>('p').stage(
    'pairs',
    async function* (n: number) {
      await some(n)
      yield n
      yield n % 2 // the same for many items
    },
    { key: n => n % 3, workers: 3, order: 'completion' },
  )
  await expectModel(keyed, upTo(30))
})

completes('compares dead letters, and that it fails', async () => {
  const made = (onFailure: 'skip' | 'stop') =>
    pipeline<number>('p').stage(
      'mix',
      async n => {
        await some(n)
        if (n % 5 === 4) throw new Error(`no ${n}`)
        return n
      },
      { concurrency: 4, order: 'completion', onFailure },
    )
  assert.is((await expectModel(made('skip'), upTo(20))).length, 16)
  await expectModel(made('stop'), upTo(20))
})

completes('is found in a pipeline within, where items stay in order', async () => {
  const inner = pipeline<number>('inner')
    .stage('many', function* (n) {
      for (let i = 0; i < 4; i++) yield n * 10 + i
    })
    .stage('mix', late, { concurrency: 4, order: 'completion' })
  await expectModel(pipeline<number>('outer').stage('in', inner, { workers: 2 }), upTo(9))
  const free = { workers: 2, order: 'completion' } as const
  await expectModel(pipeline<number>('outer').stage('in', inner, free), upTo(9))
})

completes('holds for random pipelines whose stages are free or not', async () => {
  const stages = fc.array(
    fc.record({
      isFree: fc.boolean(),
      keys: fc.constantFrom(0, 1, 3),
      workers: fc.integer({ min: 1, max: 3 }),
      concurrency: fc.integer({ min: 1, max: 3 }),
      capacity: fc.constantFrom(1024, 0, 1, 3),
      isStateful: fc.boolean(),
      failing: fc.constantFrom(0, 0, 4),
      onFailure: fc.constantFrom('skip', 'stop'),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const property = fc.asyncProperty(stages, items, async (stages, input) => {
    const clock = manualClock()
    const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
    let made = pipeline<number>('free')
    for (const [index, each] of stages.entries()) {
      const { isFree, keys, capacity, isStateful, failing, onFailure } = each
      const isSingle = isStateful && keys === 0
      const { workers, concurrency } = isSingle ? { workers: 1, concurrency: 1 } : each
      const receive = async function* (n: number, state: { sum: number } | undefined) {
        await sleep((n * 13) % 20)
        if (failing > 0 && n % failing === 3) throw new Error(`no ${n}`)
        if (state) yield (state.sum = (state.sum + n) % 1009)
        if (n % 3 > 0) yield n
        yield (n * 7) % 31
      }
      const state = { start: () => ({ sum: 0 }), flush: ({ sum }: { sum: number }) => sum }
      made = made.stage(
        `s${index}`,
        { ...(isStateful && state), receive },
        {
          ...{
            workers,
            concurrency,
            capacity,
            onFailure: onFailure as 'stop',
            order: isFree ? 'completion' : 'input',
          },
          ...(keys > 0 && { key: (n: number) => n % keys }),
        },
      )
    }
    await within(15_000, expectModel(made, input, { clock }), 'a case')
  })
  await fc.assert(property, { numRuns: 100, seed: 1, includeErrorInReport: true })
})

completes('does not take what changes the order of a key', async () => {
  let calls = 0
  // Swaps two items of one key, in the run alone: where order is free, that comes first.
  const swap = pipeline<string>('p').stage(
    'swap',
    item => (calls++ < 4 ? item : ({ a1: 'a2', a2: 'a1' }[item] ?? item)),
    { key: item => item[0]!, order: 'completion' },
  )
  const error = await mismatch(expectModel(swap, ['a1', 'b1', 'a2', 'b2']))
  assert.match(error.message, /^p: result \d comes before one of its key that it has to follow/)
})

completes('does not take what is missing, or none of the model', async () => {
  const odd = (change: (n: number) => number | undefined) => {
    let calls = 0
    return pipeline<number>('p')
      .stage('s', n => (calls++ < 5 ? change(n) : n), { order: 'completion' })
      .map(n => n)
  }
  const missing = await mismatch(
    expectModel(
      odd(n => (n === 3 ? undefined : n)),
      upTo(5),
    ),
  )
  assert.is(missing.message, 'p/s: a result is missing\n  wanted  3\n  got     none')
  const extra = await mismatch(
    expectModel(
      odd(n => (n === 3 ? 7 : n)),
      upTo(5),
    ),
  )
  assert.match(extra.message, /^p\/s: result 3 is none that the model has/)
})

completes.run()

/* ── What does not ──────────────────────────────────────────────────────── */

const differs = suite('expectModel, a difference')

differs('is shown: which result, what was wanted, what came', async () => {
  let calls = 0
  const counting = pipeline<string>('orders').stage('count', id => ({ id, call: calls++ }))
  const error = await mismatch(expectModel(counting, ['a', 'b', 'c']))
  assert.is(
    error.message,
    [
      'orders: result 0 is not what the model says',
      "  wanted  { id: 'a', call: 0 }",
      "  got     { id: 'a', call: 3 }",
      'The model handles one item after another: look for chance, time, or state that is not from `start`.',
    ].join('\n'),
  )
  assert.is(error.index, 0)
  assert.equal(error.expected, { id: 'a', call: 0 })
  assert.equal(error.actual, { id: 'a', call: 3 })
})

differs('is explained where the run bears less than the model', async () => {
  const failing = pipeline<number>('p').stage('s', () => assert.unreachable('no'), { onFailure: 'skip' })
  const error = await mismatch(expectModel(failing.supervise({ tolerate: { deadLetters: 0 } }), [1, 2]))
  assert.match(error.message, 'got     s fails: TooManyDeadLetters')
  assert.match(error.message, 'The model bears every dead letter: `tolerate` must not strike.')
})

differs('is not looked for in an input that no run would take', async () => {
  const error = await failureOf(expectModel(pipeline<unknown>('p'), [1, undefined]))
  assert.instance(error, UndefinedItem)
  assert.match(error.message, 'the input gave `undefined` as item 1')
})

differs('is found where a handler goes by chance, even if it changes its items', async () => {
  const chance = pipeline<{ n: number }>('p').stage('s', item => Object.assign(item, { chance: Math.random() }))
  await mismatch(expectModel(chance, [{ n: 1 }]))
})

differs('is found where resources are used as state', async () => {
  const counter = defineActor('counter', {
    setup: () => ({ count: 0 }),
    receive: async (n: number, _state, { resources }) => {
      await turn()
      return n + resources.count++
    },
  })
  assert.equal(await expectModel(pipeline<number>('p').stage('s', counter), upTo(6)), [0, 2, 4, 6, 8, 10])
  await mismatch(expectModel(pipeline<number>('p').stage('s', counter, { workers: 2 }), upTo(6)))
})

differs('is found where handlers under way at once share something', async () => {
  let shared = 0
  const racing = pipeline<number>('p').stage(
    's',
    async n => {
      shared = n
      await turn()
      return shared
    },
    { concurrency: 3 },
  )
  await mismatch(expectModel(racing, upTo(6)))
})

differs('is found in results too many, too few, or in another order', async () => {
  const after = (change: (n: number) => number | undefined) => {
    let calls = 0
    return pipeline<number>('p').stage('s', n => (calls++ < 3 ? n : change(n)))
  }
  assert.match(
    (
      await mismatch(
        expectModel(
          after(n => n || undefined),
          upTo(3),
        ),
      )
    ).message,
    /result 0 .*\n {2}wanted {2}0/,
  )
  const few = await mismatch(
    expectModel(
      after(n => (n === 2 ? undefined : n)),
      upTo(3),
    ),
  )
  assert.match(few.message, /result 2 .*\n {2}wanted {2}2\n {2}got {5}none: there are 2\nResults 0 to 1 agree. /)
  const order = await mismatch(
    expectModel(
      after(n => 2 - n),
      upTo(3),
    ),
  )
  assert.match(order.message, 'The run has the same results in another order.')
})

differs('is found in a failure: none, another one, another item', async () => {
  const failing = (first: (n: number) => boolean, second: (n: number) => boolean, text = 'no') => {
    let calls = 0
    return pipeline<number>('p').stage('s', n => {
      const isModel = calls++ < 3
      if ((isModel ? first : second)(n)) throw new Error(isModel ? 'no' : text)
    })
  }
  const none = () => false
  const one = (n: number) => n === 1
  const two = (n: number) => n === 2
  const unexpected = await mismatch(expectModel(failing(none, one), upTo(3)))
  assert.is(
    unexpected.message,
    'p: that it fails is not what the model says\n  wanted  no failure\n  got     s fails on item 1: Error: no',
  )
  assert.is((unexpected.cause as { sequence?: number }).sequence, 1)
  assert.match((await mismatch(expectModel(failing(two, none), upTo(3)))).message, 'got     no failure')
  assert.match(
    (await mismatch(expectModel(failing(two, one), upTo(3)))).message,
    /wanted .* item 2.*\n .*got .* item 1/,
  )
  assert.match((await mismatch(expectModel(failing(two, two, 'other'), upTo(3)))).message, 'Error: other')
})

differs('is found in dead letters', async () => {
  let calls = 0
  const made = pipeline<number>('p').stage(
    's',
    n => {
      if (n === (calls++ < 3 ? 1 : 2)) throw new Error('no')
    },
    { onFailure: 'skip' },
  )
  assert.is(
    (await mismatch(expectModel(made, upTo(3)))).message,
    'p: dead letter 0 of s is not what the model says\n  wanted  item 1: Error: no\n  got     item 2: Error: no',
  )
})

differs('is a timeout that strikes: the model knows no time', async () => {
  let calls = 0
  const made = pipeline<number>('p').stage('s', n => (calls++ < 3 ? n : new Promise<number>(() => {})), {
    timeout: 1_000,
  })
  const error = await mismatch(expectModel(made, upTo(3), { clock: manualClock() }))
  assert.match(error.message, 'The model knows no time')
})

differs('is shown around the place, where values are long', async () => {
  let calls = 0
  const made = pipeline<number>('p').map(() => ({ text: `${'x'.repeat(500)}${calls++}`, more: 'y'.repeat(500) }))
  const { message } = await mismatch(expectModel(made, [1]))
  assert.match(message, /wanted {2}….*xxx0.*\n {2}got {5}….*xxx1/)
  assert.ok(Math.max(...message.split('\n').map(line => line.length)) < 140)
})

differs('says what ended a run that the model knows nothing of', async () => {
  const clock = manualClock()
  let calls = 0
  const made = pipeline<number>('p')
    .stage('s', (n, { signal }) => {
      if (calls++ === 0) return Promise.resolve(n)
      return new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    .supervise({ inactivity: 1_000 })
  const error = await mismatch(expectModel(made, [1], { clock }))
  assert.match(error.message, /^p: the run ended with what the model knows nothing of: Inactive/)
  assert.not.instance(error.cause, UnreadOutput)
})

differs.run()

/* ── It never hangs ─────────────────────────────────────────────────────── */

const ends = suite('expectModel, the deadline')

ends('says where the model waits, and where the run', async () => {
  const never = () => new Promise<number>(() => {})
  const stuck = pipeline<number>('p').stage('s', n => (n === 2 ? never() : Promise.resolve(n)))
  const model = await within(4_000, failureOf(expectModel(stuck, upTo(4), { deadline: 60 })))
  assert.instance(model, TestDeadline)
  assert.match(model.message, /^the model of pipeline p, .* it waits for item 2 of its input, or what that led to$/)
  let calls = 0
  const later = pipeline<number>('p').stage('s', n => (calls++ < 4 ? Promise.resolve(n) : never()))
  const run = await within(4_000, failureOf(expectModel(later, upTo(4), { deadline: 60 })))
  assert.instance(run, TestDeadline)
  assert.match(run.message, /^pipeline p is not done .* it waits for item 0 \(0\), which p\/s#0 has in hand$/)
})

ends('refuses what is no pipeline, has mistakes, or is no input', async () => {
  const fine = pipeline<number>('p')
  assert.instance(await failureOf(expectModel({} as any, [])), InvalidOption)
  assert.instance(await failureOf(expectModel(fine.stage('s', 3 as any), [])), InvalidBlueprint)
  for (const options of [{ dedline: 3 }, null, 3]) {
    assert.instance(await failureOf(expectModel(fine, [], options as any)), InvalidBlueprint)
  }
  assert.instance(await failureOf(expectModel(fine, 'text' as any)), InvalidOption)
  assert.instance(await failureOf(expectModel(fine, (() => 3) as any)), InvalidOption)
})

ends.run()
