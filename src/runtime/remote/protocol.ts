/**
 * What a stage and a worker that lives elsewhere say to each other.
 *
 *     stage ──items, flush──▶ worker      the mailbox of the worker: begun in this order, `concurrency` at once
 *     stage ◀────answers───── worker      in any order; many in one message
 *
 * Calls are numbered from 1, in the order in which they are made, and are begun in that order.
 */
import type { SharedPlane } from '../../ring/plane.ts'
import type { Spilled } from '../../ring/spills.ts'
import type { PackedError } from './packed-error.ts'
import type { Resources } from './resources.ts'

/** What is found by its name, on the other side. */
export interface Traveller {
  readonly kind: 'actor' | 'pipeline'
  /** The module that defines the actor, or exports the pipeline. */
  readonly url: string
  readonly name: string
  /** Of the text of the module, as it was when this process first sent a worker there; absent where it is no file. */
  readonly digest: string | undefined
  readonly arg: unknown
  /** `with` was called. */
  readonly isGiven: boolean
}

/** What a worker is told before anything else. */
export interface Order {
  readonly traveller: Traveller
  readonly pipeline: string
  readonly stage: string
  /** The worker's number in its stage. */
  readonly index: number
  readonly concurrency: number
  readonly emit: 'whole' | 'streaming'
  /** ms of a teardown, for pipelines that are stages. */
  readonly grace: number
  readonly resources: Resources
  /** It claims its items by itself, from memory that is shared; absent where it is sent them. */
  readonly seat?: SeatOrder
}

/** A place at a table. */
export interface SeatOrder {
  readonly plane: SharedPlane
  /** Number of the table: 0 is that of the source. */
  readonly table: number
  readonly seat: number
  /** Its own among all that ever write in the section. */
  readonly writer: number
  /** Column of the pool for large values under way in the section; absent where there is no pool. */
  readonly transit: number | undefined
  /** See src/stage/section/tally.ts. */
  readonly tally: SharedArrayBuffer
}

/** Calls next to each other: the n-th has number `first + n`. */
export interface Items {
  readonly type: 'items'
  readonly first: number
  readonly items: readonly unknown[]
  readonly sequences: readonly number[]
  /** Absent where the stage has no keys. */
  readonly keys?: readonly (string | number | undefined)[]
  /** Absent where all of them are first attempts. */
  readonly attempts?: readonly number[]
  /** What was saved of the state of an item's key, where that has to be restored first. */
  readonly saved?: ReadonlyMap<number, unknown>
}

export type ToWorker =
  | Items
  /** Makes the state of a key. */
  | { readonly type: 'start'; readonly call: number; readonly key: string | number | undefined }
  | {
      readonly type: 'flush'
      readonly call: number
      readonly key: string | number | undefined
      readonly sequence: number
      readonly saved?: { readonly value: unknown }
    }
  /** Streaming: one more output is wanted of a call; or none any more. */
  | { readonly type: 'pull'; readonly call: number }
  | { readonly type: 'leave'; readonly call: number }
  | { readonly type: 'abort'; readonly call: number; readonly reason: PackedError }
  /** For a body over the whole stream; `feed` is the number of its stream, from 1. */
  | { readonly type: 'feed'; readonly feed: number; readonly say: ToFeed }
  /** At a table: all workers of the stage are set up, and may claim. */
  | { readonly type: 'begin' }
  /** The same: somebody has spilled to memory that it does not know. */
  | { readonly type: 'spilled'; readonly spilled: Spilled }
  /** The same: what was fetched. */
  | { readonly type: 'attached'; readonly number: number; readonly list: readonly unknown[] }
  /** What becomes of an item that failed. */
  | { readonly type: 'verdict'; readonly sequence: number; readonly verdict: SeatVerdict; readonly attempt: number }
  /** What it has in hand is to end. */
  | { readonly type: 'dismiss'; readonly reason: PackedError }
  /** Run `stop`, and end. */
  | { readonly type: 'stop' }

/**
 * Of an item that a worker has claimed, and that failed: it is tried `again`; or given up, and then the worker goes on with
 * the next (`skip`), gives the rest back (`leave`), or ends the stage there (`last`).
 */
export type SeatVerdict = 'again' | 'skip' | 'leave' | 'last'

export type ToFeed =
  | { readonly what: 'open' }
  | { readonly what: 'push'; readonly item: unknown; readonly sequence: number }
  /** What it has emitted has left: it may go on. */
  | { readonly what: 'room' }
  | { readonly what: 'end' }
  | { readonly what: 'cancel'; readonly reason: PackedError }

export type FromFeed =
  | { readonly what: 'took' | 'taken' | 'ended' | 'closed' }
  | { readonly what: 'emit'; readonly value: unknown }
  | { readonly what: 'failed'; readonly error: PackedError }

/** What became of a call. */
export const answered = {
  /** One output, or none: `undefined`. */
  one: 0,
  /** Several, in an array. */
  many: 1,
  /** An error. */
  threw: 2,
  /** Streaming: one output; more may follow. */
  yielded: 3,
  /** Streaming: that was all. */
  ended: 4,
} as const

export interface Answers {
  readonly type: 'answers'
  /** In turn: number of the call, and one of `answered`. */
  readonly calls: readonly number[]
  /** Of each call. */
  readonly values: readonly unknown[]
  /** Calls that asked to forget their key. */
  readonly forgotten?: readonly number[]
  /** What is to be saved of the states that calls have left, by call. */
  readonly saved?: ReadonlyMap<number, unknown>
  /** An error that has its own bounds, and says what could not be sent. */
  readonly isBounded?: boolean
  /** ms a call took, on average, side by side with `concurrency` − 1 others. */
  readonly cost: number
}

/** What a pipeline that is a stage has to say of what goes on in it. */
export type Inside =
  | { readonly what: 'dead letter'; readonly stage: string; readonly letter: unknown; readonly error: PackedError }
  | { readonly what: 'dropped'; readonly stage: string }

export type FromWorker =
  | Answers
  /** Its module is loaded, `setup` has ended well. */
  | { readonly type: 'ready' }
  /** It could not be set up, or its `stop` has failed. */
  | { readonly type: 'failed'; readonly error: PackedError }
  | { readonly type: 'progress'; readonly call: number }
  /** At a table: an item failed, and waits for its verdict. */
  | {
      readonly type: 'item failed'
      readonly sequence: number
      /** Undefined where it is in nobody's power to carry it. */
      readonly item: unknown
      readonly error: PackedError
      /** It is not to be tried again. */
      readonly isRefused: boolean
    }
  /** The same: there is nothing more to claim. */
  | { readonly type: 'over' }
  /** The same: it has spilled to memory that others do not know. */
  | { readonly type: 'spilled'; readonly spilled: Spilled }
  /** The same: what cannot be bytes of a frame that it is about to commit; and what it needs of one that it is to read. */
  | { readonly type: 'attach'; readonly number: number; readonly frame: number; readonly list: readonly unknown[] }
  | { readonly type: 'fetch'; readonly number: number }
  | { readonly type: 'inside'; readonly inside: Inside }
  | { readonly type: 'feed'; readonly feed: number; readonly say: FromFeed }
