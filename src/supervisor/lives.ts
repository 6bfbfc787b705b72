/**
 * The lives of a run and of all that is in it: one system of XState actors.
 *
 *     orders                      the run, its root
 *     ├── orders/charge           a stage
 *     │   ├── orders/charge#0     a worker
 *     │   └── orders/charge#1
 *     └── orders/print
 *         └── orders/print#0
 *
 * So one `inspect` sees all of them, by name, and all wait on the clock of the run.
 *
 * Children are not spawned by their parent's machine, which would end them with it: a worker that was abandoned when its
 * run ended is still stopped, should its `setup` end after all.
 */
import { type AnyActorRef, createActor, type InspectionEvent } from 'xstate'
import type { Clock } from '../clock.ts'
import type { Lives, StageLife } from '../stage/life.ts'
import { sealed } from './reason.ts'
import { type RunEvent, type RunLifeHost, runLifecycle } from './run-lifecycle.ts'
import { stageLifecycle } from './stage-lifecycle.ts'
import { workerLifecycle } from './worker-lifecycle.ts'

export interface RunLife extends Lives {
  send(event: RunEvent): void
}

export interface RunLifeOptions {
  /** ms; Infinity for a teardown that may take for ever. */
  readonly grace: number
  readonly clock: Clock
  readonly inspect?: ((event: InspectionEvent) => void) | undefined
}

export function startLife(name: string, host: RunLifeHost, { grace, clock, inspect }: RunLifeOptions): RunLife {
  const input = { host, grace, now: () => clock.now() }
  const timers = {
    setTimeout: (fn: () => void, millis: number) => (millis === Infinity ? undefined : clock.setTimeout(fn, millis)),
    clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
  }
  const run = createActor(runLifecycle, { id: name, input, clock: timers, ...(inspect && { inspect }) }).start()
  return {
    send: event => run.send(event),
    stage: (id, host) => {
      const stage = createActor(stageLifecycle, { id, input: { host }, parent: run as AnyActorRef }).start()
      return stageLife(stage)
    },
  }
}

function stageLife(stage: AnyActorRef): StageLife {
  return {
    send: event => stage.send(sealed(event)),
    worker: (id, host) => {
      const worker = createActor(workerLifecycle, { id, input: { host }, parent: stage })
      return { start: () => void worker.start(), send: event => worker.send(sealed(event)) }
    },
  }
}
