/**
 * The life of a stage.
 *
 *     waiting ─start─▶ starting ─started─▶ running ─spent─▶ flushing ─finished─▶ stopping ─stopped─▶ ended
 *        │                │                   │  └──────────────│───finished───────▲ ▲
 *        └────────────────┴──────abandon──────┴─────────────────┴─▶ abandoned ───────┘
 *                                                                   quiet, giveUp
 *
 * `starting`: its workers are set up, all at once. `flushing`: there is no more input, and what actors have gathered is
 * handed on. `abandoned`: nothing is handed on any more, but its handlers still run; workers are stopped when nobody uses
 * what they were set up with, or at the end of the grace period. `ended`: its workers are gone.
 *
 * Control plane only: it knows no item, and no timer of one.
 */
import { setup } from 'xstate'
import type { StageEvent, StageLifeHost, StagePhase } from '../stage/life.ts'
import { opened } from './reason.ts'

const entered = (phase: StagePhase) => ({ type: 'entered' as const, params: { phase } })

export const stageLifecycle = setup({
  types: {
    context: {} as { readonly host: StageLifeHost },
    input: {} as { host: StageLifeHost },
    events: {} as StageEvent,
  },
  actions: {
    entered: ({ context }, { phase }: { phase: StagePhase }) => context.host.entered(phase),
    setUp: ({ context }) => context.host.setUp(),
    tellStarted: ({ context }) => context.host.started(),
    abandon: ({ context, event }) => context.host.abandon(event.type === 'abandon' ? opened(event.reason) : undefined),
    dismiss: ({ context }) => context.host.dismiss(),
    tellEnded: ({ context }) => context.host.ended(),
  },
}).createMachine({
  id: 'stage',
  context: ({ input }) => ({ host: input.host }),
  initial: 'waiting',
  states: {
    waiting: { entry: entered('waiting'), on: { start: 'starting', abandon: 'abandoned' } },
    starting: { entry: [entered('starting'), 'setUp'], on: { started: 'running', abandon: 'abandoned' } },
    running: {
      entry: [entered('running'), 'tellStarted'],
      on: { spent: 'flushing', finished: 'stopping', abandon: 'abandoned' },
    },
    flushing: { entry: entered('flushing'), on: { finished: 'stopping', abandon: 'abandoned' } },
    abandoned: { entry: [entered('abandoned'), 'abandon'], on: { quiet: 'stopping', giveUp: 'stopping' } },
    stopping: { entry: [entered('stopping'), 'dismiss'], on: { stopped: 'ended' } },
    ended: { entry: [entered('ended'), 'tellEnded'], type: 'final' },
  },
})
