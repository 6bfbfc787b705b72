/** The lifecycle of a run, as an XState machine under the run's clock. */
import { createActor } from 'xstate'
import type { Clock } from '../../clock.ts'
import { runLifecycle } from '../../supervisor/lifecycle.ts'

/** What the machine has done when it comes into a state. */
export interface Actions {
  begin(): void
  closeInput(): void
  abandonAll(): void
  giveUp(): void
  stopping(reason: 'asked' | 'failed'): void
}

export type Machine = ReturnType<typeof startMachine>

/** `grace`: ms; Infinity for a teardown that may take for ever. */
export function startMachine(actions: Actions, grace: number, clock: Clock, inspect?: (event: any) => void) {
  const lifecycle = runLifecycle.provide({
    actions: {
      begin: () => actions.begin(),
      closeInput: () => actions.closeInput(),
      abortHandlers: () => actions.abandonAll(),
      abandonAll: () => actions.abandonAll(),
      giveUp: () => actions.giveUp(),
      stopping: (_, { reason }) => actions.stopping(reason),
    },
  })
  const timers = {
    setTimeout: (fn: () => void, millis: number) => (millis === Infinity ? undefined : clock.setTimeout(fn, millis)),
    clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
  }
  const input = { grace, now: () => clock.now() }
  return createActor(lifecycle, { input, clock: timers, ...(inspect && { inspect }) }).start()
}
