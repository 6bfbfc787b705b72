/** What a stage and the run that it belongs to know of each other. */
import type { Channel } from '../channel/channel.ts'
import type { Origin } from '../channel/ticket.ts'
import type { StageSnapshot } from '../metrics/snapshot.ts'
import type { Fault } from './failures.ts'
import type { Lives } from './life.ts'
import type { Failure, StagePlan } from './plan.ts'
import type { Member } from './pump.ts'

/** A stage, whichever way its frames go: through this event loop (stage.ts), or from thread to thread (section/). */
export interface AnyStage extends Member {
  readonly plan: StagePlan
  readonly input: Channel
  readonly output: Channel
  /** Its number in the row. */
  readonly index: number
  /** It hands on no more; what its handlers do by now leads to nothing. */
  readonly isOver: boolean
  /** All its slots (`inFlight`) are held. */
  readonly isHeldUp: boolean
  /** Handlers that run at this moment. */
  readonly running: number
  readonly emitted: number
  readonly restarts: number
  /** Items that it held when it was torn down. */
  readonly unfinished: number
  /** Grows with whatever happens. */
  readonly moves: number
  start(): void
  wake(): void
  /** Has all workers set up anew, because a stage that the strategy ties it to was. */
  restart(cause: unknown): void
  /** Takes no more, hands on no more; handlers that run are told why by their signal. */
  abandon(reason: unknown): void
  /** The grace period is over: workers end, whatever their handlers do. */
  giveUp(): void
  /** Ends workers that live elsewhere, whatever they do. */
  kill(): void
  /** Nobody waits any more for what is of this origin. */
  forsake(origin: Origin, reason: unknown): void
  /** Who holds what: `pipeline/stage#worker item sequence`. */
  holders(): string[]
  snapshot(now: number): StageSnapshot
}

export interface StageHost {
  readonly lives: Lives
  /** The item that stopped the stage is the next one in order; everything before it has been handed on. */
  failed(stage: AnyStage, fault: Fault): void
  /** A failure that changes nothing any more, because another one came first in the order. */
  suppressed(error: unknown): void
  /** `isHeard`: whoever asked for the item was told. */
  deadLetter(stage: AnyStage, failure: Failure, isHeard: boolean): void
  dropped(stage: string, count: number): void
  /** Whether it wants to know of every item that ended. */
  readonly isCounting: boolean
  /** Whether its items are asked for, one by one, by a stage around it: what is of no item goes with the next. */
  readonly isContained: boolean
  itemsEnded(stage: AnyStage, items: number, dead: boolean): void
  workerFailed(stage: AnyStage, worker: number, error: unknown): void
  workerRestarted(stage: AnyStage, worker: number, restarts: number): void
  stateLost(stage: AnyStage, keys: number): void
  mayRestart(stage: AnyStage): boolean
  backoff(restart: number): number
  /** What to say when no restart is left in the budget. */
  tooManyRestarts(stage: AnyStage, cause: unknown): unknown
  /** A worker of the stage is being restarted, because its policy says so. */
  restarting(stage: AnyStage, cause: unknown): void
  started(stage: AnyStage): void
  /** Ended, and its workers are gone. */
  ended(stage: AnyStage): void
  /** A handler that was running when the stage was torn down has ended. */
  quiet(): void
  /** Results left, whose source item came in at `bornAt`. */
  latency(bornAt: number): void
}
