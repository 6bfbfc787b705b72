/**
 * The lives of a stage and of its workers, as the stage sees them: it says what has happened, and is told what to do.
 *
 *     stage, crew ──event──▶ life      the state machines are drawn in src/supervisor
 *     stage, crew ◀──verb─── life
 *
 * They are handed in, and not imported: no module up to the stage knows XState, so that no item can go through it. What
 * loops look at (`StagePhase`, `WorkerPhase`) is told with every change, and read from a field.
 *
 * An event that is said from within a verb is heard when that verb has returned.
 */

/** Gives a stage its life. */
export interface Lives {
  stage(address: string, host: StageLifeHost): StageLife
}

/* ── a stage ───────────────────────────────────────────────────────────────── */

export type StagePhase = 'waiting' | 'starting' | 'running' | 'flushing' | 'abandoned' | 'stopping' | 'ended'

export type StageEvent =
  | { type: 'start' }
  /** Its workers are set up, and its state is there. */
  | { type: 'started' }
  /** There is no more input. */
  | { type: 'spent' }
  /** Everything has been handed on. */
  | { type: 'finished' }
  /** It takes no more, and hands on no more. */
  | { type: 'abandon'; reason: unknown }
  /** No handler runs any more. */
  | { type: 'quiet' }
  /** The grace period is over: nobody waits for its handlers. */
  | { type: 'giveUp' }
  /** The last of its workers has. */
  | { type: 'stopped' }

export interface StageLifeHost {
  entered(phase: StagePhase): void
  /** Sets its workers up. */
  setUp(): void
  started(): void
  abandon(reason: unknown): void
  /** Stops its workers. */
  dismiss(): void
  ended(): void
}

export interface StageLife {
  send(event: StageEvent): void
  worker(address: string, host: WorkerLifeHost): WorkerLife
}

/* ── a worker ──────────────────────────────────────────────────────────────── */

export type WorkerPhase = 'starting' | 'ready' | 'emptying' | 'renewing' | 'leaving' | 'failed' | 'stopping' | 'stopped'

export type WorkerEvent =
  /** Its `setup` has ended well. */
  | { type: 'ready' }
  /** Its `stop` has. */
  | { type: 'stopped' }
  /** Whichever of the two it was has not. `again`: the supervisor grants another try. */
  | { type: 'failed'; error: unknown; again: boolean }
  | { type: 'restart'; cause: unknown }
  /** It has nothing in hand. */
  | { type: 'empty' }
  | { type: 'dismiss' }

export interface WorkerLifeHost {
  entered(phase: WorkerPhase): void
  /** Runs `setup`, and says how that ended. Its first incarnation is number 1. */
  setUp(incarnation: number): void
  /** Runs `stop`, and says how that ended. */
  stop(): void
  /** Milliseconds to wait before the restart that ends this incarnation. */
  backoff(incarnation: number): number
  /** It takes no more: it will be restarted. */
  restarting(cause: unknown): void
  /** What it had, except for its resources, goes. */
  emptied(): void
  /** A hook has failed, and that costs nothing yet. */
  failed(error: unknown): void
  /** It could not be set up, and will not be. */
  gaveUp(error: unknown): void
  /** The same, because no restart is left. */
  exhausted(error: unknown): void
  /** Its last `stop` has failed. */
  stopFailed(error: unknown): void
}

export interface WorkerLife {
  /** Begins it: its first `setUp`. */
  start(): void
  send(event: WorkerEvent): void
}
