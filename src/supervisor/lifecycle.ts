/**
 * The life of a run.
 *
 *     waiting ─begin─▶ running ─────────────────────settled──────────────────────▶ ended
 *                        ├─drain──▶ draining ─12/15 of grace─▶ aborting ─settled─────▲
 *                        ├─fail───▶ failing ──────────────────────┬──────settled─────┤
 *                        └─cancel─▶ cancelling ───────────────────┤                  │
 *                                              grace is over ─────┴─▶ over ──────────┘
 *
 * `fail` and `cancel` also lead out of draining and aborting. `failing`: what came before the failure is still on its way
 * to the readers. `over`: what has not ended is abandoned, by name.
 *
 * Control plane only: some events in the life of a run, none per item.
 */
import { assign, setup } from 'xstate'
import { Teardown } from './teardown.ts'

export type RunEvent =
  | { type: 'begin' }
  /** Take no more input, finish what is in hand. */
  | { type: 'drain'; grace: number }
  /** A stage, the source or a reader has failed. */
  | { type: 'fail' }
  /** Nobody wants the rest. */
  | { type: 'cancel' }
  /** Everything has ended, and is gone. */
  | { type: 'settled' }

export const runLifecycle = setup({
  types: {
    context: {} as { grace: number },
    input: {} as { grace: number },
    events: {} as RunEvent,
  },
  actions: {
    begin: () => {},
    closeInput: () => {},
    abortHandlers: () => {},
    abandonAll: () => {},
    giveUp: () => {},
    stopping: (_, _params: { reason: 'asked' | 'failed' }) => {},
    setGrace: assign({ grace: ({ context, event }) => (event.type === 'drain' ? event.grace : context.grace) }),
  },
  delays: {
    untilAbort: ({ context: { grace } }) => (grace === Infinity ? Infinity : (new Teardown(0, grace).next(0) ?? 0)),
    untilOver: ({ context: { grace } }) => {
      const teardown = new Teardown(0, grace)
      return teardown.remaining(teardown.next(0) ?? 0)
    },
    grace: ({ context }) => context.grace,
  },
}).createMachine({
  id: 'run',
  context: ({ input }) => ({ grace: input.grace }),
  initial: 'waiting',
  states: {
    waiting: {
      exit: 'begin',
      on: { begin: 'running', drain: 'draining', fail: 'failing', cancel: 'cancelling' },
    },
    running: { on: { drain: 'draining', fail: 'failing', cancel: 'cancelling', settled: 'ended' } },
    draining: {
      entry: ['setGrace', { type: 'stopping', params: { reason: 'asked' } }, 'closeInput'],
      after: { untilAbort: 'aborting' },
      on: { fail: 'failing', cancel: 'cancelling', settled: 'ended' },
    },
    aborting: {
      entry: 'abortHandlers',
      after: { untilOver: 'over' },
      on: { fail: 'failing', cancel: 'cancelling', settled: 'ended' },
    },
    failing: {
      entry: { type: 'stopping', params: { reason: 'failed' } },
      after: { grace: 'over' },
      on: { cancel: 'cancelling', settled: 'ended' },
    },
    cancelling: { entry: 'abandonAll', after: { grace: 'over' }, on: { settled: 'ended' } },
    over: { entry: 'giveUp', on: { settled: 'ended' } },
    ended: { type: 'final' },
  },
})
