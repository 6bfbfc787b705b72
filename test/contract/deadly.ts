/** Actors that end, block or burden the thread that they are on: for runtimes that bear it. */
import { Session } from 'node:inspector'
import { threadId } from 'node:worker_threads'
import { defineActor } from '../../src/actor/define-actor.ts'

/** Counts in shared memory how often it was called for an item, and ends its thread for some. */
export const exiting = defineActor('exiting', import.meta, {
  setup: (given: { calls: Int32Array; deadly: number; times: number; code: number }) => given,
  receive: (n: number, _: undefined, { resources }) => {
    const { calls, deadly, times, code } = resources
    const before = Atomics.add(calls, n, 1)
    if (n === deadly && before < times) process.exit(code)
    return n
  },
})

export const throwingLater = defineActor('throwing later', import.meta, {
  setup: (calls: Int32Array) => calls,
  receive: async (n: number, _: undefined, { resources: calls }) => {
    if (n === 2 && Atomics.add(calls, n, 1) === 0) {
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
  setup: (calls: Int32Array) => calls,
  start: () => ({ sum: 0 }),
  receive: (n: number, state: { sum: number }, { resources: calls }: { resources: Int32Array }) => {
    state.sum += n
    if (n === 5 && Atomics.add(calls, n, 1) === 0) process.exit(1)
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

export const thread = defineActor('thread', import.meta, (_: number) => threadId)

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
