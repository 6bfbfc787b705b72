import { setImmediate as turn } from 'node:timers/promises'
import { of } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineActor } from '../../src/actor/define-actor.ts'
import {
  GraceExceeded,
  Inactive,
  InvalidBlueprint,
  InvalidOption,
  ItemTimeout,
  SchemaMismatch,
  StageFailed,
  StateLost,
} from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock, runActor, TestDeadline } from '../../src/testing/index.ts'
import { failureOf } from '../support/failure.ts'
import { within } from '../support/within.ts'

/* ── What it emits ──────────────────────────────────────────────────────── */

const emits = suite('runActor')

const average = defineActor('average', {
  start: () => ({ sum: 0, count: 0 }),
  receive(n: number, state) {
    state.sum += n
    state.count++
  },
  flush: ({ sum, count }) => sum / count,
})

emits('gives what an actor emits, in order, whatever its handler gives back', async () => {
  const bodies = [
    (n: number) => n * 2,
    async (n: number) => n * 2,
    function* (n: number) {
      yield n * 2
    },
    async function* (n: number) {
      yield n * 2
    },
    (n: number) => of(n * 2),
  ]
  for (const body of bodies) assert.equal((await runActor(body as (n: number) => number, [1, 2, 3])).emitted, [2, 4, 6])
})

emits('ends the input, so that what is left comes as well', async () => {
  assert.equal((await runActor(average, [1, 2, 3])).emitted, [2])
})

emits('takes an actor with its argument, a behaviour, a body over the whole stream and a pipeline', async () => {
  const times = defineActor('times', import.meta, {
    setup: (by: number) => ({ by }),
    receive: (n: number, _state, { resources }) => n * resources.by,
  })
  assert.equal((await runActor(times.with(3), [1, 2])).emitted, [3, 6])
  assert.equal((await runActor({ receive: (n: number) => n + 1 }, [1, 2])).emitted, [2, 3])
  const pairs = defineActor('pairs', import.meta, {
    async *stream(items: AsyncIterable<number>) {
      let last = 0
      for await (const n of items) {
        yield last + n
        last = n
      }
    },
  })
  assert.equal((await runActor(pairs, [1, 2, 3])).emitted, [1, 3, 5])
  const even = pipeline<number>('even')
    .filter(n => n % 2 === 0)
    .stage('text', n => `${n}`)
  assert.equal((await runActor(even, [1, 2, 4])).emitted, ['2', '4'])
})

emits('takes any iterable, also one that waits', async () => {
  async function* later() {
    for (const n of [1, 2]) {
      await turn()
      yield n
    }
  }
  assert.equal((await runActor((n: number) => n, new Set([1, 2]))).emitted, [1, 2])
  assert.equal((await runActor((n: number) => n, later())).emitted, [1, 2])
  assert.equal((await runActor((n: number) => n, [])).emitted, [])
})

emits('runs it as a stage is run: workers, concurrency, retry, schema, the address of its context', async () => {
  let most = 0
  let under = 0
  const slow = async (n: number, { address, attempt }: { address: string; attempt: number }) => {
    most = Math.max(most, ++under)
    await turn()
    under--
    if (n === 2 && attempt === 1) throw new Error('once')
    return `${n} ${address.replace(/#.*/, '')} ${attempt}`
  }
  const { emitted } = await runActor(slow, [1, 2, 3, 4], { workers: 2, concurrency: 2, retry: { attempts: 2 } })
  assert.equal(emitted, ['1 runActor/slow 1', '2 runActor/slow 2', '3 runActor/slow 1', '4 runActor/slow 1'])
  assert.is(most, 4)
  const positive = {
    '~standard': {
      version: 1 as const,
      validate: (n: unknown) => ((n as number) > 0 ? { value: n } : { issues: [{}] }),
    },
  }
  const { deadLetters } = await runActor((n: number) => n, [1, -1], { schema: positive, onFailure: 'skip' })
  assert.instance(deadLetters[0]!.error, SchemaMismatch)
})

emits('does the same again: an actor is a value', async () => {
  for (let i = 0; i < 3; i++) assert.equal((await runActor(average, [2, 4])).emitted, [3])
})

emits.run()

/* ── What it keeps ──────────────────────────────────────────────────────── */

const keeps = suite('runActor, the state')

interface Payment {
  account: string
  cents: number
}
const ledger = defineActor('ledger', {
  start: () => ({ balance: 0 }),
  receive({ account, cents }: Payment, state, { forget }) {
    if (cents < 0) throw new RangeError(`${account} owes`)
    state.balance += cents
    if (cents === 0) forget()
    return state.balance
  },
})
const payments = [
  { account: 'b', cents: 5 },
  { account: 'a', cents: 1 },
  { account: 'b', cents: 7 },
]

keeps('is there when all is done', async () => {
  const { state, states } = await runActor(average, [1, 2, 3])
  assert.equal(state, { sum: 6, count: 3 })
  assert.is(states.size, 0)
})

keeps('is there without an item, as `start` made it', async () => {
  assert.equal((await runActor(average, [])).state, { sum: 0, count: 0 })
})

keeps('is there by key, in the order in which keys appeared, for any number of workers', async () => {
  for (const workers of [1, 4]) {
    const { state, states } = await runActor(ledger, payments, { key: 'account', workers })
    assert.is(state, undefined)
    assert.equal(
      [...states],
      [
        ['b', { balance: 12 }],
        ['a', { balance: 1 }],
      ],
    )
  }
})

keeps('is found by a key that stands in the actor', async () => {
  const keyed = defineActor('keyed', {
    key: (n: number) => n % 2,
    start: () => ({ count: 0 }),
    receive: (_n: number, state) => void state.count++,
  })
  assert.equal(
    [...(await runActor(keyed, [1, 2, 3])).states],
    [
      [1, { count: 2 }],
      [0, { count: 1 }],
    ],
  )
})

keeps('leaves out what was forgotten, unless it came again', async () => {
  const forgotten = [...payments, { account: 'b', cents: 0 }]
  assert.equal([...(await runActor(ledger, forgotten, { key: 'account' })).states.keys()], ['a'])
  const { states } = await runActor(ledger, [...forgotten, { account: 'b', cents: 9 }], { key: 'account' })
  assert.equal(states.get('b'), { balance: 9 })
})

keeps('of an actor that failed is what its handlers had last', async () => {
  const failing = [...payments, { account: 'c', cents: 0 }, { account: 'a', cents: -1 }, { account: 'b', cents: 100 }]
  const { states, failure } = await runActor(ledger, failing, { key: 'account' })
  assert.is(failure?.sequence, 4)
  assert.equal(states.get('a'), { balance: 1 })
  assert.equal(states.get('b'), { balance: 12 })
  assert.is(states.has('c'), false)
})

keeps('may come later, from a `start` that waits', async () => {
  const slow = defineActor('slow', {
    start: async () => ({ n: 1 }),
    receive: (n: number, state) => {
      state.n += n
    },
  })
  assert.equal((await runActor(slow, [4])).state, { n: 5 })
})

keeps('is that after a restart: what was saved, or begun anew', async () => {
  const body = {
    start: () => ({ sum: 0 }),
    receive: (n: number, state: { sum: number }) => {
      state.sum += n
      if (n > 9) throw new Error('too much')
    },
  }
  const saved = { ...body, snapshot: ({ sum }: { sum: number }) => sum, restore: (sum: number) => ({ sum }) }
  const volatile = { ...body, volatile: true }
  const options = { onFailure: 'restart' } as const
  assert.equal((await runActor(saved, [1, 10, 2], options)).state, { sum: 3 })
  assert.equal((await runActor(volatile, [1, 10, 2], options)).state, { sum: 2 })
  const { failure } = await runActor(body, [1, 10, 2], options)
  assert.instance(failure?.cause, StateLost)
})

keeps('is nothing of a handler, and nothing of what has a private field lost', async () => {
  assert.is((await runActor((n: number) => n, [1])).state, undefined)
  class Counting {
    readonly #by = 2
    start() {
      return { total: this.#by }
    }
    receive(n: number, state: { total: number }) {
      state.total += n * this.#by
      return state.total
    }
  }
  const { emitted, state } = await runActor(new Counting(), [1, 2])
  assert.equal(emitted, [4, 8])
  assert.equal(state, { total: 8 })
})

keeps.run()

/* ── How it fails ───────────────────────────────────────────────────────── */

const fails = suite('runActor, failures')

const root = defineActor('root', (n: number) => {
  if (n < 0) throw new RangeError(`${n} is below 0`)
  return Math.sqrt(n)
})

fails('tells what stopped it, where, and what it had emitted before', async () => {
  const { emitted, failure, deadLetters } = await runActor(root, [9, 4, -1, 16], { retry: { attempts: 2 } })
  assert.equal(emitted, [3, 2])
  assert.instance(failure, StageFailed)
  assert.is(failure?.stage, 'root')
  assert.is(failure?.sequence, 2)
  assert.is(failure?.attempt, 2)
  assert.is(failure?.worker, 0)
  assert.instance(failure?.cause, RangeError)
  assert.equal(deadLetters, [])
})

fails('tells what was given up, in order', async () => {
  const { emitted, failure, deadLetters } = await runActor(root, [-1, 4, -2], { onFailure: 'skip' })
  assert.equal(emitted, [2])
  assert.is(failure, undefined)
  assert.equal(
    deadLetters.map(({ sequence, item, attempts, error }) => [sequence, item, attempts, (error as Error).message]),
    [
      [0, -1, 1, '-1 is below 0'],
      [2, -2, 1, '-2 is below 0'],
    ],
  )
})

fails('tells of restarts', async () => {
  const { restarts, events } = await runActor(root, [-1, 4, -2, 9], { onFailure: 'restart' })
  assert.is(restarts, 2)
  assert.equal(events.filter(({ type }) => type === 'worker.failed').length, 2)
})

fails('tells of a `setup` that fails', async () => {
  const { failure } = await runActor({ setup: () => Promise.reject(new Error('no disk')), receive: () => 1 }, [1])
  assert.instance(failure, StageFailed)
  assert.is(String(failure?.cause), 'Error: no disk')
  assert.is(failure?.sequence, undefined)
})

fails('passes timeouts and backoffs of minutes in no time, under a manual clock', async () => {
  const clock = manualClock()
  const hang = (n: number, { attempt }: { attempt: number }) => {
    if (n === 1 && attempt < 3) throw new Error('busy')
    return n === 2 ? new Promise<number>(() => {}) : Promise.resolve(n)
  }
  const { emitted, deadLetters, millis } = await runActor(hang, [1, 2, 3], {
    ...{ clock, retry: { attempts: 3, backoff: () => 60_000 }, timeout: 600_000, onFailure: 'skip' },
  })
  assert.equal(emitted, [1, 3])
  assert.instance(deadLetters[0]!.error, ItemTimeout)
  assert.is(millis, 120_000 + 600_000)
})

fails('tells of one that does not end: inactive, or abandoned by name', async () => {
  const listens = (_n: number, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const deaf = () => new Promise<never>(() => {})
  const supervise = { inactivity: 1_000 }
  const polite = await runActor(listens, [1], { clock: manualClock(), supervise })
  assert.instance(polite.failure, Inactive)
  const { failure } = await runActor(deaf, [1], { clock: manualClock(), supervise })
  assert.instance(failure, GraceExceeded)
  assert.equal((failure as GraceExceeded).abandoned, ['runActor/deaf#0 item 0'])
})

fails('names the option that was meant, be it its own or that of a stage', async () => {
  const messageOf = async (options: unknown) =>
    (await failureOf(runActor((n: number) => n, [1], options as any))).message
  assert.match(await messageOf({ deadlne: 5 }), 'unknown option `deadlne`: did you mean `deadline`?')
  assert.match(await messageOf({ wrokers: 5 }), 'unknown option `wrokers`: did you mean `workers`?')
  assert.match(await messageOf([]), 'options must be a plain object, got []')
  assert.not.match(await messageOf({ workers: -1 }), 'more mistake')
})

fails('says all mistakes at once, before anything starts', async () => {
  let calls = 0
  const error = await failureOf(
    runActor(() => calls++, [1], { concurency: 2, deadline: -1, clock: {}, supervise: { gras: 1 } } as any),
  )
  assert.instance(error, InvalidBlueprint)
  assert.equal(error.mistakes.map(({ code }: { code: string }) => code).sort(), [
    'INVALID_OPTION',
    'INVALID_OPTION',
    'UNKNOWN_OPTION',
    'UNKNOWN_OPTION',
  ])
  assert.is(calls, 0)
  for (const options of [null, 3])
    assert.instance(await failureOf(runActor(root, [1], options as any)), InvalidBlueprint)
})

fails('refuses what is no actor, what is connected already, and what are no items', async () => {
  assert.instance(await failureOf(runActor(3 as any, [1])), InvalidBlueprint)
  assert.instance(await failureOf(runActor(pipeline('p').from([1]) as any, [1])), InvalidBlueprint)
  assert.instance(await failureOf(runActor({ recieve: () => 1 } as any, [1])), InvalidBlueprint)
  for (const items of [3, undefined, 'text']) {
    assert.instance(await failureOf(runActor(root, items as any)), InvalidOption)
  }
  const typo = await failureOf(runActor({ receive: () => 1, flsh: () => 2 } as any, [1]))
  assert.match(typo.message, 'did you mean `flush`?')
})

fails.run()

/* ── It never hangs ─────────────────────────────────────────────────────── */

const ends = suite('runActor, the deadline')

const message = async (promise: Promise<unknown>) => {
  const error = await within(4_000, failureOf(promise), 'the deadline')
  assert.instance(error, TestDeadline)
  return error.message as string
}

ends('says which item is waited for, and who has it', async () => {
  const wait = (word: string) => (word === 'slow' ? new Promise<string>(() => {}) : Promise.resolve(word))
  assert.is(
    await message(runActor(wait, ['quick', 'slow'], { deadline: 60 })),
    'the actor wait is not done within 60 ms of real time; ' +
      'it waits for item 1 ("slow"), which runActor/wait#0 has in hand',
  )
})

ends('says so under a manual clock as well', async () => {
  const wait = () => new Promise<never>(() => {})
  assert.match(await message(runActor(wait, [7], { deadline: 60, clock: manualClock() })), /waits for item 0 \(7\)/)
})

ends('says so of what waits for another attempt', async () => {
  const busy = () => {
    throw new Error('busy')
  }
  const slow = { deadline: 60, retry: { attempts: 2, backoff: () => 60_000 } }
  assert.match(await message(runActor(busy, [7], slow)), /waits for item 0 \(7\)/)
})

ends('tells `setup`, `flush`, `stop` and the source apart', async () => {
  const never = () => new Promise<never>(() => {})
  const receive = (n: number) => n
  const deadline = 60
  assert.match(
    await message(runActor({ setup: never, receive }, [1], { deadline })),
    /waits for the `setup` or `start` of/,
  )
  assert.match(await message(runActor({ flush: never, receive }, [1], { deadline })), /waits for the `flush` of/)
  assert.match(
    await message(runActor({ stop: never, receive }, [1], { deadline })),
    /the end of runActor\/actor, e\.g\. its `stop`/,
  )
  async function* idle() {
    yield 1
    await never()
  }
  assert.match(
    await message(runActor(receive, idle(), { deadline })),
    /waits for item 1, which the source has not given/,
  )
})

ends('has a hung handler told by its signal, and leaves nothing behind', async () => {
  let told = false
  const wait = (_n: number, { signal }: { signal: AbortSignal }) =>
    new Promise<void>(resolve => {
      signal.addEventListener('abort', () => {
        told = true
        resolve()
      })
    })
  await message(runActor(wait, [1], { deadline: 60 }))
  assert.is(told, true)
})

ends('names a handler that does not end after a failure, before the deadline', async () => {
  const deaf = async (n: number) => {
    if (n === 2) throw new Error('two')
    return new Promise<number>(() => {})
  }
  const { failure } = await within(4_000, runActor(deaf, [2, 1], { concurrency: 2, deadline: 1_000 }))
  assert.instance(failure, GraceExceeded)
})

ends.run()
