/**
 * The life of a worker.
 *
 *     starting ─ready─▶ ready ─restart─▶ emptying ─empty─▶ renewing ─ready─▶ ready
 *        └──failed──▶ failed ◀──────failed, no restart left──────┘
 *
 *     renewing      stop ─stopped, failed─▶ backoff ─after─▶ setup
 *                                              ▲─failed, again─┘
 *
 *     dismissed in  ready, emptying ─▶ stopping ─stopped, failed─▶ stopped
 *                   starting, setup ─▶ leaving ─ready─▶ stopping
 *                                         └─failed─▶ stopped
 *                   stop ─▶ leaving ─stopped, failed─▶ stopped
 *                   backoff, failed ─▶ stopped
 *
 * `setUp` and `stop` are the two hooks of an actor, and take turns: each `setUp` that ended well is followed by one `stop`,
 * and none begins before the other has ended. `leaving`: dismissed while a hook runs, so that has to end first. After
 * `dismiss` no `setUp` begins.
 *
 * The incarnation is 1 with the first `setUp`, and one more with each that follows. The backoff runs on the clock of the run.
 *
 * Control plane only: it knows no item, and no timer of one.
 */
import { assign, setup } from 'xstate'
import type { WorkerEvent, WorkerLifeHost, WorkerPhase } from '../stage/life.ts'
import { opened } from './reason.ts'

interface Context {
  readonly host: WorkerLifeHost
  readonly incarnation: number
  /** ms */
  readonly backoff: number
}

const errorOf = (event: WorkerEvent) => (event.type === 'failed' ? opened(event.error) : undefined)
const entered = (phase: WorkerPhase) => ({ type: 'entered' as const, params: { phase } })

export const workerLifecycle = setup({
  types: {
    context: {} as Context,
    input: {} as { host: WorkerLifeHost },
    events: {} as WorkerEvent,
  },
  actions: {
    entered: ({ context }, { phase }: { phase: WorkerPhase }) => context.host.entered(phase),
    incarnate: assign({ incarnation: ({ context }) => context.incarnation + 1 }),
    setUp: ({ context }) => context.host.setUp(context.incarnation),
    stop: ({ context }) => context.host.stop(),
    askBackoff: assign({ backoff: ({ context }) => context.host.backoff(context.incarnation) }),
    tellRestarting: ({ context, event }) => {
      if (event.type === 'restart') context.host.restarting(opened(event.cause))
    },
    tellEmptied: ({ context }) => context.host.emptied(),
    tellFailed: ({ context, event }) => context.host.failed(errorOf(event)),
    giveUp: ({ context, event }) => context.host.gaveUp(errorOf(event)),
    giveUpExhausted: ({ context, event }) => context.host.exhausted(errorOf(event)),
    tellStopFailed: ({ context, event }) => context.host.stopFailed(errorOf(event)),
  },
  guards: {
    isGranted: ({ event }) => event.type === 'failed' && event.again,
    isNoWait: ({ context }) => !(context.backoff > 0),
  },
  delays: {
    backoff: ({ context }) => context.backoff,
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({ host: input.host, incarnation: 0, backoff: 0 }),
  initial: 'starting',
  states: {
    starting: {
      entry: [entered('starting'), 'incarnate', 'setUp'],
      on: { ready: 'ready', failed: { target: 'failed', actions: 'giveUp' }, dismiss: 'leaving' },
    },
    ready: {
      entry: entered('ready'),
      on: { restart: 'emptying', dismiss: { target: 'stopping', actions: 'stop' } },
    },
    emptying: {
      entry: [entered('emptying'), 'tellRestarting'],
      on: { empty: 'renewing', dismiss: { target: 'stopping', actions: 'stop' } },
    },
    renewing: {
      entry: [entered('renewing'), 'tellEmptied'],
      initial: 'stop',
      states: {
        stop: {
          entry: 'stop',
          on: { stopped: 'backoff', failed: { target: 'backoff', actions: 'tellFailed' }, dismiss: '#worker.leaving' },
        },
        backoff: {
          entry: 'askBackoff',
          always: { guard: 'isNoWait', target: 'setup' },
          after: { backoff: 'setup' },
          on: { failed: { target: '#worker.failed', actions: 'giveUp' }, dismiss: '#worker.stopped' },
        },
        setup: {
          entry: ['incarnate', 'setUp'],
          on: {
            ready: '#worker.ready',
            failed: [
              { guard: 'isGranted', target: 'backoff', actions: 'tellFailed' },
              { target: '#worker.failed', actions: ['tellFailed', 'giveUpExhausted'] },
            ],
            dismiss: '#worker.leaving',
          },
        },
      },
    },
    leaving: {
      entry: entered('leaving'),
      on: {
        ready: { target: 'stopping', actions: 'stop' },
        stopped: 'stopped',
        failed: { target: 'stopped', actions: ['tellFailed', 'giveUp'] },
      },
    },
    failed: { entry: entered('failed'), on: { dismiss: 'stopped' } },
    stopping: {
      entry: entered('stopping'),
      on: { stopped: 'stopped', failed: { target: 'stopped', actions: 'tellStopFailed' } },
    },
    stopped: { entry: entered('stopped'), type: 'final' },
  },
})
