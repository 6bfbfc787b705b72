/**
 * One item under way, where it takes more than a synchronous loop: its attempt, its outputs so far, its place in the order.
 *
 * Used again for another item once it is committed (in the lane, once its handler is done), together with its callbacks and
 * its context, so that an asynchronous item allocates nothing but its promise. A work that is given up on while its handler still runs (a timeout) is never
 * used again: what that handler says later meets `over`.
 */

import type { Tag, Ticket } from '../channel/ticket.ts'
import type { Clock } from '../clock.ts'
import { allocateHere } from '../memory/allocate.ts'
import type { Charge } from './charges.ts'
import type { KeyState } from './keys.ts'
import type { Lane } from './lane.ts'
import type { Failure, FailurePolicy } from './plan.ts'
import type { InlineWorker } from './worker.ts'

/** What a work asks of its stage. */
export interface WorkHost {
  resolved(work: Work, value: unknown): void
  rejected(work: Work, error: unknown): void
  progressed(work: Work): void
  forgot(): void
  endOfBatch(sequence: number): boolean
  readonly clock: Clock
  readonly self: unknown
  readonly aborted: boolean
  /** Why it was. */
  readonly reason: unknown
}

export class Work implements Charge {
  // What every item in the lane touches comes first, and so lies together in memory.
  readonly host: WorkHost
  readonly context: ItemContext
  readonly onValue: (value: unknown) => void
  readonly onError: (error: unknown) => void
  worker!: InlineWorker
  item: unknown = undefined
  /** One output, as most items have; `many` where there is, or may be, more than one. */
  one: unknown = undefined
  /** The handler has ended, well or not. */
  settled = false
  /** Where it goes the short way, as long as it does. */
  lane: Lane | undefined = undefined
  controller: AbortController | undefined = undefined

  /** There is no item: what is left of a state is emitted. */
  isFlush = false
  /** Its place among the open works. */
  place = -1
  sequence = 0
  /** The last worker that it may take with it: it is tried with nothing else in hand. */
  isSolo = false
  /** Its handler runs elsewhere: who has it told that nobody waits any more, or not for long. */
  onAbort: ((reason: unknown, isStray: boolean) => void) | undefined = undefined
  /** The schema has seen it. */
  isChecked = false
  tag: Tag | undefined = undefined
  key: KeyState | undefined = undefined
  bornAt = 0
  /** Keyed: what its item weighs. */
  weight = 0
  /** Attempts whose handler threw. */
  attempts = 0
  deaths = 0
  /** ms; when the first attempt began, or `progress` was called. Only where there is a timeout or a retry. */
  startedAt = 0
  /** ms; when the attempt that is timed began, -1 where it is not. */
  timedAt = -1
  /** Items that this measurement stands for. */
  timedFor = 0
  /** Outputs, where there are, or may be, more than one. */
  many: unknown[] | undefined = undefined
  /** Streaming: how many of `many` have left; the rest waits. */
  gone = 0
  /** What of `many` waits weighs. */
  bytes = 0
  /** Outputs beyond one that wait with it to leave, and what all of them weigh, as the exit has counted it. */
  surplus = 0
  heldBytes = 0
  /** Streaming: how many outputs were yielded, and what they were. */
  left = 0
  digest = 0
  /** Streaming, in a retry: how many have to come again before new ones do, how many did, and what those were. */
  toRepeat = 0
  repeated = 0
  replay = 0
  /** Streaming: where the next outputs come from. */
  iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined = undefined
  isAsync = false
  isPulling = false
  /** An attempt is under way, or waits for its retry. */
  isRunning = false
  /** Given up: what it costs. */
  failure: (Failure & { policy: FailurePolicy }) | undefined = undefined
  /** The slot that its outputs hold (`inFlight`). */
  hold: Ticket | undefined = undefined
  /** Nobody waits any more for what its handler says. */
  over = false
  /** Ends what the handler left running: an iterator, a subscription. */
  cancel: (() => void) | undefined = undefined
  forget = false

  constructor(host: WorkHost) {
    this.host = host
    this.context = new ItemContext(this)
    this.onValue = value => {
      if (this.lane !== undefined) this.lane.completed(this, value)
      else if (!this.over) host.resolved(this, value)
    }
    this.onError = error => {
      if (this.lane !== undefined) this.lane.failed(this, error)
      else if (!this.over) host.rejected(this, error)
    }
  }

  /** How many outputs wait to leave, beside `one`. */
  get waiting(): number {
    return this.many === undefined ? 0 : this.many.length - this.gone
  }

  /** A generator that is asked for nothing, until what it has yielded has left. */
  get isAtRest(): boolean {
    return this.iterator !== undefined && !this.isPulling
  }

  /** Ready for another item. */
  clear(): void {
    this.isFlush = false
    this.item = undefined
    this.isChecked = false
    this.tag = undefined
    this.key = undefined
    this.attempts = 0
    this.deaths = 0
    this.timedAt = -1
    this.one = undefined
    this.many = undefined
    this.gone = 0
    this.bytes = 0
    this.surplus = 0
    this.heldBytes = 0
    this.left = 0
    this.digest = 0
    this.toRepeat = 0
    this.iterator = undefined
    this.isPulling = false
    this.isRunning = false
    this.settled = false
    this.failure = undefined
    this.hold = undefined
    this.cancel = undefined
    this.controller = undefined
    this.onAbort = undefined
    this.isSolo = false
    this.forget = false
  }

  /** Stands for the same item, as one attempt more that failed. */
  takePlaceOf(work: Work): void {
    this.worker = work.worker
    this.isFlush = work.isFlush
    this.sequence = work.sequence
    this.context.sequence = work.sequence
    this.item = work.item
    this.tag = work.tag
    this.key = work.key
    this.bornAt = work.bornAt
    this.attempts = work.attempts + 1
    this.many = work.many
    this.gone = work.gone
    this.bytes = work.bytes
    this.surplus = work.surplus
    this.heldBytes = work.heldBytes
    this.hold = work.hold
    this.isRunning = true
  }

  clearOutputs(): void {
    this.one = undefined
    this.many = undefined
    this.gone = 0
    this.bytes = 0
  }

  abort(reason: unknown): void {
    this.onAbort?.(reason, this.over)
    // Also for a handler that looks at its signal only later.
    this.controller ??= new AbortController()
    this.controller.abort(reason)
    this.cancel?.()
  }
}

/** What a handler sees of its item; see `Context` for what each of these means. */
export class ItemContext {
  readonly #work: Work
  sequence = 0

  constructor(work: Work) {
    this.#work = work
  }

  get address(): string {
    return this.#work.worker.address
  }

  get attempt(): number {
    return this.#work.attempts + 1
  }

  get key(): string | number | undefined {
    return this.#work.key?.key
  }

  get resources(): unknown {
    return this.#work.worker.resources
  }

  get endOfBatch(): boolean {
    return this.#work.host.endOfBatch(this.sequence)
  }

  get signal(): AbortSignal {
    const work = this.#work
    work.controller ??= new AbortController()
    if (work.host.aborted) work.controller.abort(work.host.reason)
    return work.controller.signal
  }

  get clock(): Clock {
    return this.#work.host.clock
  }

  get self(): unknown {
    return this.#work.host.self
  }

  readonly forget = (): void => {
    this.#work.forget = true
    this.#work.host.forgot()
  }

  /** Only for bodies whose handlers run elsewhere. */
  whenAborted(tell: (reason: unknown, isStray: boolean) => void): void {
    this.#work.onAbort = tell
  }

  /** The same: one that nobody waits for just now has failed. */
  failed(error: unknown): void {
    this.#work.onError(error)
  }

  readonly progress = (): void => {
    this.#work.host.progressed(this.#work)
  }

  readonly allocate = allocateHere
}
