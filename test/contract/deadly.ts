/** Actors that end, block or burden the thread that they are on: for runtimes that bear it. */
import { appendFileSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { parentPort, threadId } from 'node:worker_threads'
import { defineActor, pipeline } from '../../src/index.ts'

/** How often something has happened, written down where whoever dies of it does not take it along. */
export function times(log: string, what: string): number {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter(line => line === what).length
}

/** Ends its thread, or its process, for one item, so many times. */
export const exiting = defineActor('exiting', import.meta, {
  setup: (given: { log: string; deadly: number; most: number; code: number }) => given,
  receive: (n: number, _: undefined, { resources }) => {
    const { log, deadly, most, code } = resources
    if (n !== deadly) return n
    appendFileSync(log, 'called\n')
    if (times(log, 'called') <= most) process.exit(code)
    return n
  },
})

export const leaving = defineActor('leaving', import.meta, () => process.exit(4))

export const throwingLater = defineActor('throwing later', import.meta, {
  setup: (log: string) => log,
  receive: async (n: number, _: undefined, { resources: log }) => {
    if (n === 2) appendFileSync(log, 'called\n')
    if (n === 2 && times(log, 'called') === 1) {
      setTimeout(() => {
        throw new Error('out of turn')
      })
      await new Promise(() => {})
    }
    return n
  },
})

export const looping = defineActor('looping', import.meta, (n: number) => {
  if (n === 2) for (;;);
  return n
})

const dying = {
  setup: (log: string) => log,
  start: () => ({ sum: 0 }),
  receive: (n: number, state: { sum: number }, { resources: log }: { resources: string }) => {
    state.sum += n
    if (n === 5) appendFileSync(log, 'called\n')
    if (n === 5 && times(log, 'called') === 1) process.exit(1)
    return state.sum
  },
}

export const forgetful = defineActor('forgetful', import.meta, dying)
export const careless = defineActor('careless', import.meta, { ...dying, volatile: true })
export const careful = defineActor('careful', import.meta, {
  ...dying,
  snapshot: (state: { sum: number }) => state.sum,
  restore: (sum: number) => ({ sum }),
})

/** Where it is. */
export const place = defineActor('place', import.meta, (_: number) => `${process.pid}/${threadId}`)

/** Which modules its thread has loaded. */
export const modules = defineActor('modules', import.meta, (_: number) => {
  const session = new Session()
  const urls: string[] = []
  session.connect()
  session.on('Debugger.scriptParsed', ({ params }) => void urls.push(params.url))
  session.post('Debugger.enable')
  session.disconnect()
  return urls
})

/** Whether what its name leads to is what its file leads to. */
export const millraces = defineActor('millraces', import.meta, async (_: number) => {
  const [named, there] = await Promise.all([import('millrace'), import('../../src/index.ts')])
  return named.MillraceError === there.MillraceError && named.pipeline === pipeline
})

export const boundless = defineActor('boundless', import.meta, (n: number) => (n === 3 ? () => n : n))

export const brittle = defineActor('brittle', import.meta, {
  setup: (what: string) => {
    if (what === 'setup') throw new TypeError('no such database')
    return what
  },
  receive: (n: number) => n,
  stop: what => {
    if (what === 'stop') throw new Error('not closed')
  },
})

/** Yields, for one item, what cannot be cloned. */
export const unfit = defineActor('unfit', import.meta, async function* (n: number) {
  yield n
  if (n === 1) yield () => n
  yield -n
})

/** Ends late, whatever it is told, and gives what no other item gives. */
export const late = defineActor('late', import.meta, async (n: number) => {
  await new Promise(resolve => setTimeout(resolve, n === 1 ? 380 : n === 2 ? 150 : 1))
  return n === 1 ? 'late' : n
})

/** Its name is known to its constructor alone. */
export class Private extends Error {
  readonly #name = 'Private'

  override get name(): string {
    return this.#name
  }
}

export const odd = defineActor('odd', import.meta, (what: string) => {
  if (what === 'endless') {
    const errors: unknown[] = []
    for (let n = 0; n < 16; n++) errors.push(new AggregateError(errors, 'one of itself'))
    for (const each of errors as AggregateError[]) each.errors = errors
    throw new AggregateError(errors, 'endless')
  }
  const error = what === 'private' ? new Private('odd') : new RangeError('odd')
  throw Object.assign(error, { shared: new SharedArrayBuffer(8), code: 'ODD' })
})

export const leavingAtLast = defineActor('leaving at last', import.meta, {
  receive: (n: number) => n,
  stop: () => process.exit(6),
})

export const given = defineActor('given', import.meta, { setup: (arg: unknown) => arg, receive: (n: number) => n })

/** A dead letter inside it has an item that cannot be cloned. */
export const innerLetters = pipeline<number>('inner letters', import.meta)
  .stage('wrap', (n: number) => ({ n, wrapped: () => n }))
  .stage(
    'unwrap',
    ({ n, wrapped }: { n: number; wrapped: () => number }) => {
      if (n === 1) throw new RangeError('not that one')
      return wrapped()
    },
    { onFailure: 'skip' },
  )

/** Uses the way home of its thread for something else. */
export const chatty = defineActor('chatty', import.meta, (n: number) => {
  if (n === 1) parentPort?.postMessage('hello')
  return n
})

/** Takes its thread with it, with the third item in hand, once. */
export const dyingOfLarge = defineActor('dying of large', import.meta, {
  setup: (log: string) => log,
  receive: (value: Buffer, _: undefined, { resources: log }) => {
    if (value[0] === 2) appendFileSync(log, 'called\n')
    if (value[0] === 2 && times(log, 'called') === 1) process.exit(1)
    return value
  },
})
