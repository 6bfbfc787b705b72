/**
 * The life of a run.
 *
 *     waiting ─begin─▶ running ─────────────────────settled──────────────────────▶ ended
 *                        ├─drain──▶ draining ─12/15 of grace─▶ aborting ─settled─────▲
 *                        ├─fail───▶ failing ──────────────────────┬──────settled─────┤
 *                        └─cancel─▶ cancelling ───────────────────┤                  │
 *                                              grace is over ─────┴─▶ over ──────────┘
 *
 * `fail` and `cancel` also lead out of draining and aborting; `drain`, said again, hurries them or gives them more time.
 * `failing`: what came before the failure is still on its way to the readers. `over`: what has not ended is abandoned, by
 * name. There is one deadline for all: the grace period begins with the first of them. At 13/15 of it, threads and processes
 * are ended that are still there.
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

/** What a run is told to do. */
export interface RunLifeHost {
  begin(): void
  /** Nothing more is taken in. */
  closeInput(): void
  /** Nothing more is handed on; handlers are told by their signal. */
  abandonAll(): void
  /** Workers that live elsewhere are ended, whatever they do. */
  killAll(): void
  /** What still runs is abandoned, by name. */
  giveUp(): void
  stopping(reason: 'asked' | 'failed'): void
}

/** When everything has to have ended. */
interface Deadline {
  /** ms */
  readonly grace: number
  readonly now: () => number
  /** When the teardown began. */
  readonly since: number
}

type Context = Deadline & { readonly host: RunLifeHost }

/** The first step of a teardown. */
const begun = <State extends string>(target: State) => ({ target, actions: 'beginTeardown' as const })
/** The same state anew, with its clock. */
const again = <State extends string>(target: State) => ({ target, reenter: true as const })
/** Threads that did not end when they were told to. */
const killed = { untilTerminate: { actions: 'killAll' as const } }
const teardownOf = ({ since, grace }: Deadline) => new Teardown(since, grace)

export const runLifecycle = setup({
  types: {
    context: {} as Context,
    input: {} as Omit<Context, 'since'>,
    events: {} as RunEvent,
  },
  actions: {
    begin: ({ context }) => context.host.begin(),
    closeInput: ({ context }) => context.host.closeInput(),
    abortHandlers: ({ context }) => context.host.abandonAll(),
    abandonAll: ({ context }) => context.host.abandonAll(),
    killAll: ({ context }) => context.host.killAll(),
    giveUp: ({ context }) => context.host.giveUp(),
    stopping: ({ context }, { reason }: { reason: 'asked' | 'failed' }) => context.host.stopping(reason),
    /** Only the first step of a teardown comes from `waiting` or `running`. */
    beginTeardown: assign({ since: ({ context }) => context.now() }),
    setGrace: assign({
      grace: ({ context, event }) => (event.type === 'drain' ? event.grace : context.grace),
      since: ({ context }) => context.now(),
    }),
  },
  delays: {
    untilAbort: ({ context }) => {
      const now = context.now()
      const next = teardownOf(context).next(now)
      if (next === undefined) return context.grace === Infinity ? Infinity : 0
      return next - now
    },
    untilTerminate: ({ context }) => Math.max(0, teardownOf(context).at('terminate') - context.now()),
    untilOver: ({ context }) => teardownOf(context).remaining(context.now()),
  },
}).createMachine({
  id: 'run',
  context: ({ input }) => ({ ...input, since: input.now() }),
  initial: 'waiting',
  states: {
    waiting: {
      exit: 'begin',
      on: { begin: 'running', drain: 'draining', fail: begun('failing'), cancel: begun('cancelling') },
    },
    running: {
      on: { drain: 'draining', fail: begun('failing'), cancel: begun('cancelling'), settled: 'ended' },
    },
    draining: {
      entry: ['setGrace', { type: 'stopping', params: { reason: 'asked' } }, 'closeInput'],
      after: { untilAbort: 'aborting' },
      on: { drain: again('draining'), fail: 'failing', cancel: 'cancelling', settled: 'ended' },
    },
    aborting: {
      entry: 'abortHandlers',
      after: { ...killed, untilOver: 'over' },
      on: {
        drain: { ...again('aborting'), actions: 'setGrace' },
        fail: 'failing',
        cancel: 'cancelling',
        settled: 'ended',
      },
    },
    failing: {
      entry: { type: 'stopping', params: { reason: 'failed' } },
      after: { ...killed, untilOver: 'over' },
      on: { cancel: 'cancelling', settled: 'ended' },
    },
    cancelling: { entry: 'abandonAll', after: { ...killed, untilOver: 'over' }, on: { settled: 'ended' } },
    over: { entry: 'giveUp', on: { settled: 'ended' } },
    ended: { type: 'final' },
  },
})
