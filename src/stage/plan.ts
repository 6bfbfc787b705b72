/**
 * What a stage needs to know to run: the blueprint's words with every default filled in.
 */
import type { StandardSchema } from '../actor/behaviour.ts'
import type { OpenFeed } from '../actor/feed.ts'
import type { Capacity } from '../channel/channel.ts'
import type { Kernel, Step } from '../runtime/inline/kernel.ts'
import type { SeatOrder } from '../runtime/remote/protocol.ts'
import type { SeatLink, SeatLinkHost } from '../runtime/remote/seat-link.ts'
import type { Backoff } from './backoff.ts'

export interface StagePlan {
  readonly pipeline: string
  readonly name: string
  readonly body: Body
  readonly workers: number
  readonly concurrency: number
  /** Throws `InvalidKey` where an item has none. */
  readonly keyOf: ((item: any) => string | number) | undefined
  readonly order: 'input' | 'completion'
  /** Of the channel before the stage. */
  readonly capacity: Capacity
  readonly overflow: 'wait' | 'drop-newest' | 'drop-oldest' | 'fail'
  /** Infinity: bounded by the channels alone. */
  readonly inFlight: number
  readonly emit: 'whole' | 'streaming'
  /** ms; Infinity: none. */
  readonly timeout: number
  readonly attempts: number
  readonly deaths: number
  readonly backoff: Backoff | undefined
  readonly onFailure: FailurePolicy | ((failure: any) => FailurePolicy)
  readonly schema: StandardSchema<any> | undefined
  /** Bytes that an item may take on its way to a worker elsewhere, and back. */
  readonly maxMessageBytes: number
  /** Begins a worker that claims its items by itself. Absent where the stage has to hand them out. */
  readonly seated?: ((index: number, seat: SeatOrder, host: SeatLinkHost) => SeatLink) | undefined
}

export type FailurePolicy = 'skip' | 'restart' | 'stop'

export type Body =
  /** Unnamed maps and filters: no context, no state, one loop. */
  | { readonly kind: 'fused'; readonly steps: readonly Step[]; readonly kernel: Kernel }
  /** A function of the item. */
  | { readonly kind: 'handler'; readonly handler: (item: any, context: any) => unknown; readonly kernel: Kernel }
  /** One item at a time, with state by key and resources by worker. */
  | ({ readonly kind: 'behaviour' } & BehaviourBody)
  /** Something that is fed and emits when it likes: a body over the whole stream, RxJS operators. */
  | {
      readonly kind: 'feed'
      readonly open: OpenFeed
      readonly setup?: (worker?: Worker) => unknown
      readonly stop?: (resources: any) => unknown
      readonly remote?: { readonly hand: number }
    }

/** A behaviour, its argument already given. */
export interface BehaviourBody {
  readonly kernel: Kernel
  readonly self: unknown
  readonly stateful: boolean
  readonly volatile: boolean
  /** Where the workers live elsewhere: how many items one of them may be handed, which changes with what an item costs. */
  readonly remote?: { readonly hand: number } | undefined
  /** `worker`: for bodies that have it live elsewhere. */
  setup?: ((worker?: Worker) => unknown) | undefined
  start?: ((context: { key: string | number | undefined; resources: unknown }) => unknown) | undefined
  receive: (item: any, state: any, context: any) => unknown
  flush?: ((state: any, context: any) => unknown) | undefined
  stop?: ((resources: any) => unknown) | undefined
  snapshot?: ((state: any) => unknown) | undefined
  restore?: ((snapshot: any) => unknown) | undefined
}

/** A worker, as a body may know it that has it live elsewhere. */
export interface Worker {
  readonly index: number
  /** It has died. `isCharged`: with an item in hand, which may be why. */
  died(error: unknown, isCharged: boolean): void
  /** A handler that nobody waits for any more keeps it from other items; or does no longer. */
  occupied(isOccupied: boolean): void
  /** Ends it whatever it does. */
  kill: (() => void) | undefined
}

/** An item that failed for good, as policies and dead letters see it. */
export interface Failure {
  readonly stage: string
  readonly worker: number
  readonly sequence: number
  readonly key?: string | number
  readonly item: unknown
  readonly error: unknown
  readonly attempts: number
  readonly deaths: number
}
