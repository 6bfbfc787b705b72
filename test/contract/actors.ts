/** Actors that the contract is tried with: each can travel, and does one thing that a promise is about. */
import { appendFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { defineActor, pipeline } from '../../src/index.ts'

/** Gives what it is given. */
export const same = defineActor('same', import.meta, (value: any) => value)

export const args = defineActor('args', import.meta, (_: number) => process.argv.slice(2))

/** What it was given is a Buffer, and so is what it is for. */
export const buffers = defineActor('buffers', import.meta, {
  setup: (mark: Buffer) => mark,
  receive: (value: any, _: undefined, { resources: mark }) => {
    const found = value instanceof Uint8Array ? value : value instanceof Map ? value.get('a') : value.a[0].b
    return [Buffer.isBuffer(found), Buffer.isBuffer(mark), new Map([['a', value]])]
  },
})

/** Takes longer for some than for others, so that none is done in its turn. */
export const uneven = defineActor('uneven', import.meta, async (n: number) => {
  for (let i = 0; i < (n * 7) % 5; i++) await turn()
  return n
})

export const address = defineActor('address', import.meta, async (_: number, context) => {
  await turn()
  return { address: context.address, sequence: context.sequence, attempt: context.attempt }
})

export const expand = defineActor('expand', import.meta, function* (n: number) {
  for (let i = 0; i < n; i++) yield `${n}.${i}`
})

/** How many handlers run at once in one worker. */
let running = 0
export const counting = defineActor('counting', import.meta, async (_: number) => {
  running++
  for (let i = 0; i < 5; i++) await turn()
  const found = running
  await turn()
  running--
  return found
})

export class OutOfStock extends Error {
  readonly code = 'OUT_OF_STOCK'
  readonly left: number

  constructor(left: number) {
    super(`only ${left} left`, { cause: new RangeError('none behind them') })
    this.left = left
  }
}

export const refusing = defineActor('refusing', import.meta, (n: number) => {
  if (n % 3 === 1) throw new OutOfStock(n)
  return n
})

/** Throws what it is told to. */
export const throwing = defineActor('throwing', import.meta, (what: string) => {
  const things: Record<string, () => unknown> = {
    undefined: () => undefined,
    text: () => 'text',
    frozen: () => Object.freeze(new TypeError('frozen')),
    'a getter that throws': () =>
      Object.defineProperty(new Error('odd'), 'message', {
        get() {
          throw new Error('worse')
        },
      }),
    'a function': () => () => 1,
    aggregate: () => new AggregateError([new Error('one'), new SyntaxError('two')], 'both'),
    'a DOMException': () => new DOMException('gone', 'AbortError'),
  }
  throw things[what]!()
})

/** Fails the first attempts at each item. */
export const flaky = defineActor('flaky', import.meta, {
  setup: (failures: number) => failures,
  receive: (n: number, _: undefined, context) => {
    if (context.attempt <= context.resources) throw new Error(`attempt ${context.attempt}`)
    return [n, context.attempt]
  },
})

export const summing = defineActor('summing', import.meta, {
  start: (_: undefined, { key }) => ({ key, sum: 0, items: 0 }),
  receive: (n: number, state) => {
    state.sum += n
    state.items++
  },
  flush: state => state,
})

export const running2 = defineActor('running', import.meta, {
  start: () => ({ sum: 0 }),
  receive: (n: number, state, context) => {
    state.sum += n
    if (n === 0) context.forget()
    return state.sum
  },
})

/** Streams forever; for readers that stop. */
export const endless = defineActor('endless', import.meta, function* (n: number) {
  for (let i = 0; ; i++) yield n + i
})

/** What is left of a body over the whole stream: pairs. */
export const pairs = defineActor('pairs', import.meta, {
  async *stream(items: AsyncIterable<number>) {
    let last: number | undefined
    for await (const n of items) {
      if (last === undefined) last = n
      else {
        yield [last, n]
        last = undefined
      }
    }
    if (last !== undefined) yield [last]
  },
})

/** Waits until it is told, and says why. */
export const patient = defineActor('patient', import.meta, async (_: number, { signal }) => {
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
  throw signal.reason
})

/** Writes down, in a file, which of its hooks were called. */
export const hooked = defineActor('hooked', import.meta, {
  setup: (log: string) => {
    appendFileSync(log, 'setup\n')
    return log
  },
  receive: (n: number) => n,
  stop: log => appendFileSync(log, 'stop\n'),
})

export const hanging = defineActor('hanging', import.meta, (n: number) => (n === 1 ? new Promise(() => {}) : n))

export const progressing = defineActor('progressing', import.meta, async (n: number, context) => {
  for (let i = 0; i < 6; i++) {
    await new Promise(resolve => context.clock.setTimeout(() => resolve(undefined), 60))
    context.progress()
  }
  return n
})

export const inner = pipeline<number>('inner', import.meta)
  .stage('half', (n: number) => (n % 2 ? undefined : n / 2))
  .stage('twice', async (n: number) => [n, n])

/** A mebibyte of a number. */
export const made = defineActor('made', import.meta, (n: number, { allocate }) => allocate(1_048_576).fill(n % 256))
/** Keeps its thread busy for so many microseconds, and adds one. */
export const busy = defineActor('busy', import.meta, {
  setup: (micros: number) => micros,
  receive: (n: number, _: undefined, { resources: micros }) => {
    const end = performance.now() + micros / 1_000
    while (performance.now() < end);
    return n + 1
  },
})
