/**
 * A pipeline that is a stage: each worker has the whole of it, and asks it for what an item leads to.
 *
 * One with state has a copy for each key of the outer stage, as any state has, and is flushed with it.
 */
import { Many } from '../actor/behaviour.ts'
import { SendAfterEnd } from '../errors.ts'
import type { BehaviourBody } from '../stage/plan.ts'

/** The inner run, as the stage around it uses it. */
export interface InnerRun extends AsyncIterable<unknown> {
  /** Rejects when it has failed by itself, e.g. by more dead letters than it tolerates. */
  readonly done: Promise<unknown>
  ask(item: unknown, options: { signal: AbortSignal }): Promise<unknown[]>
  end(): void
  stop(): Promise<unknown>
}

export function nestedBody(start: () => InnerRun, stateful: boolean): Omit<BehaviourBody, 'kernel'> {
  const begin = () => {
    const run = start()
    // Told to the next item, or when the worker is stopped.
    run.done.catch(() => {})
    return run
  }
  const ask = async (run: InnerRun, item: unknown, { signal }: { signal: AbortSignal }) => {
    try {
      return new Many(await run.ask(item, { signal }))
    } catch (error) {
      // A run that has ended by itself says best why.
      if (error instanceof SendAfterEnd) await run.done
      throw error
    }
  }
  const common = { self: undefined, stateful, volatile: false }
  if (!stateful) {
    return {
      ...common,
      setup: begin,
      receive: (item, _state, context) => ask(context.resources, item, context),
      stop: run => run.stop(),
    }
  }
  return {
    ...common,
    setup: () => new Set<InnerRun>(),
    start: ({ resources }) => {
      const run = begin()
      ;(resources as Set<InnerRun>).add(run)
      return run
    },
    receive: (item, run, context) => ask(run, item, context),
    async *flush(run: InnerRun, { resources }: { resources: Set<InnerRun> }) {
      run.end()
      yield* run
      resources.delete(run)
    },
    stop: async runs => {
      await Promise.all([...(runs as Set<InnerRun>)].map(run => run.stop()))
    },
  }
}
