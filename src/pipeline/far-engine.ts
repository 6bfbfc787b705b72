/**
 * `run()` in a worker: the module that its actor comes from may be a whole program, and gets to its `run()` here as well.
 * There it has to stop, as nothing of what would follow is to happen twice: what `run` gives never settles.
 *
 * Takes the place of engine.ts, so that a worker loads neither RxJS nor XState: they would make its start three times as long.
 */
import { farSide } from '../actor/far-side.ts'
import type { Mistake } from '../errors.ts'

export function startRun(): any {
  farSide()?.reached()
  return inertRun()
}

export const mistakesOf = (): readonly Mistake[] => []
export const validate = (): readonly Mistake[] => []

const never = (): Promise<never> => new Promise(() => {})

/** Everything that a run has, and nothing ever happens. */
function inertRun(): object {
  const silent = inertObservable()
  return {
    done: never(),
    output: silent,
    events: silent,
    deadLetters: silent,
    channel: () => silent,
    snapshot: () => ({ pipeline: '', at: 0, latency: {}, stages: [] }),
    consume: never,
    send: never,
    ask: never,
    end() {},
    stop: never,
    [Symbol.asyncIterator]: () => ({ next: never, return: never }),
    [Symbol.asyncDispose]: never,
  }
}

function inertObservable(): object {
  const observable = {
    subscribe: () => ({ unsubscribe() {}, closed: false }),
    forEach: never,
    pipe: () => observable,
    [Symbol.observable ?? '@@observable']: () => observable,
  }
  return observable
}
