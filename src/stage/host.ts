/** What a stage tells the run that it belongs to. */
import type { Fault } from './failures.ts'
import type { Lives } from './life.ts'
import type { Failure } from './plan.ts'
import type { Stage } from './stage.ts'

export interface StageHost {
  readonly lives: Lives
  /** The item that stopped the stage is the next one in order; everything before it has been handed on. */
  failed(stage: Stage, fault: Fault): void
  /** A failure that changes nothing any more, because another one came first in the order. */
  suppressed(error: unknown): void
  /** `isHeard`: whoever asked for the item was told. */
  deadLetter(stage: Stage, failure: Failure, isHeard: boolean): void
  dropped(stage: string, count: number): void
  /** Whether it wants to know of every item that ended. */
  readonly isCounting: boolean
  /** Whether its items are asked for, one by one, by a stage around it: what is of no item goes with the next. */
  readonly isContained: boolean
  itemsEnded(stage: Stage, items: number, dead: boolean): void
  workerFailed(stage: Stage, worker: number, error: unknown): void
  workerRestarted(stage: Stage, worker: number, restarts: number): void
  stateLost(stage: Stage, keys: number): void
  mayRestart(stage: Stage): boolean
  backoff(restart: number): number
  /** What to say when no restart is left in the budget. */
  tooManyRestarts(stage: Stage, cause: unknown): unknown
  /** A worker of the stage is being restarted, because its policy says so. */
  restarting(stage: Stage, cause: unknown): void
  started(stage: Stage): void
  /** Ended, and its workers are gone. */
  ended(stage: Stage): void
  /** A handler that was running when the stage was torn down has ended. */
  quiet(): void
  /** Results left, whose source item came in at `bornAt`. */
  latency(bornAt: number): void
}
