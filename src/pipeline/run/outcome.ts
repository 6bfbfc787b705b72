/**
 * What a run comes to: how `done` settles, and who has heard of it.
 *
 *     abandoned handlers       GraceExceeded            nothing is worse than what still runs
 *     the reader has left      resolves                 whatever would have come after does not count
 *     nobody read, inactive    UnreadOutput, Inactive
 *     a fault                  StageFailed              the one that comes first in the order
 *     the signal was aborted   its reason
 *     unheard dead letters     UnhandledDeadLetters
 *     else                     resolves
 */
import {
  type Call,
  calledAt,
  GraceExceeded,
  type MillraceError,
  RunEnded,
  StageFailed,
  UnhandledDeadLetters,
} from '../../errors.ts'
import type { Fault } from '../../stage/stage.ts'
import type { DeadLetters } from '../../supervisor/dead-letters.ts'
import type { Summary } from '../language.ts'
import type { Ending } from '../readers/reader.ts'

/** Why nobody wants the rest. */
export type Cancellation =
  /** The last reader has left its loop: that is no failure, whatever came before. */
  | { readonly kind: 'left' }
  /** `done` rejects with the reason of the signal. */
  | { readonly kind: 'aborted'; readonly reason: unknown }
  | { readonly kind: 'given up'; readonly error: MillraceError }

/** A failure, and where: of a stage, the source, or a reader. */
export interface PlacedFault {
  readonly place: string
  readonly fault: Fault
  /** Number of the last stage that has nothing more to do: -1 for the source, that of no stage for a reader. */
  readonly last: number
}

export class Outcome {
  readonly done: Promise<Summary>
  /** Resolves when the run is settled, well or not. */
  readonly over: Promise<void>
  isSettled = false
  /** What stopped the run: the failure that comes first in the order. */
  fault: PlacedFault | undefined
  cancelled: Cancellation | undefined
  /** What had to be abandoned at the end of the grace period, by name. */
  abandoned: readonly string[] = []
  readonly suppressed: unknown[] = []
  readonly #pipeline: string
  readonly #call: Call | undefined
  #isHeard = false
  #ending: Ending | undefined
  #resolve!: (summary: Summary) => void
  #reject!: (error: unknown) => void
  #leave!: () => void

  /** `call`: of `run`, where there was one. */
  constructor(pipeline: string, call: Call | undefined) {
    this.#pipeline = pipeline
    this.#call = call
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.over = new Promise(resolve => {
      this.#leave = resolve
    })
  }

  /** Nothing new is worth beginning. */
  get isEnding(): boolean {
    return this.fault !== undefined || this.cancelled !== undefined
  }

  get isFailed(): boolean {
    return this.#ending?.failed === true
  }

  /** What handlers are told by their signal when nobody wants the rest. */
  get reason(): unknown {
    if (this.cancelled?.kind === 'aborted') return this.cancelled.reason
    if (this.cancelled?.kind === 'given up') return this.cancelled.error
    return this.fault?.fault.error ?? new RunEnded(this.#pipeline)
  }

  /** What those are told who still wait for an answer when the run is over. */
  get refusal(): unknown {
    return this.#ending?.failed ? this.#ending.error : new RunEnded(this.#pipeline)
  }

  /** A failure further down comes earlier in the order: it takes the place of the one before. */
  failed(fault: PlacedFault): void {
    if (this.fault) this.suppressed.push(this.fault.fault.error)
    this.fault = fault
  }

  /** Somebody has been told of the error, or will be: `done` need not be caught. */
  heard(): void {
    this.#isHeard = true
    this.done.catch(() => {})
  }

  /** Nothing can change it any more. */
  decide(summary: Summary, grace: number, letters: DeadLetters): Ending {
    this.isSettled = true
    const failure = this.#failure(summary, grace, letters)
    this.#ending = failure ? { failed: true, error: failure.error } : { failed: false }
    return this.#ending
  }

  /** Tells `done`, after everybody else: who hears of an error in time makes it a handled one. */
  publish(summary: Summary): void {
    if (this.#isHeard) this.done.catch(() => {})
    if (this.#ending?.failed) this.#reject(this.#ending.error)
    else this.#resolve(summary)
    this.#leave()
  }

  #failure({ unfinished }: Summary, grace: number, { unheard, kept }: DeadLetters): { error: unknown } | undefined {
    const { cancelled } = this
    if (this.abandoned.length > 0) {
      const error = new GraceExceeded(this.#pipeline, grace, this.abandoned)
      return this.#told(Object.assign(error, this.#why()))
    }
    if (cancelled?.kind === 'left') return undefined
    if (cancelled?.kind === 'given up') return this.#told(cancelled.error)
    if (this.fault) return this.#told(this.#stageFailed(this.fault, unfinished))
    if (cancelled?.kind === 'aborted') return { error: cancelled.reason }
    return unheard > 0 ? this.#told(new UnhandledDeadLetters(this.#pipeline, unheard, kept)) : undefined
  }

  /** What is on the stack by now is of no use to anybody: what helps is which run this was. */
  #told(error: MillraceError): { error: unknown } {
    return { error: calledAt(error, this.#call) }
  }

  #stageFailed({ place, fault }: PlacedFault, unfinished: number): StageFailed {
    const { worker, sequence, attempts, error } = fault
    const at = { pipeline: this.#pipeline, stage: place, worker, sequence, attempt: attempts }
    return new StageFailed(at, error, { suppressed: this.suppressed, unfinished })
  }

  /** What had begun the teardown that did not end in time. */
  #why(): { cause?: unknown } {
    if (this.cancelled?.kind === 'given up') return { cause: this.cancelled.error }
    return this.fault ? { cause: this.fault.fault.error } : {}
  }
}
