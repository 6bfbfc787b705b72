/**
 * The workers of a stage: who is free, and what the life of each says that has to be done.
 *
 *     life ──setUp, stop──▶ crew ──▶ hooks of the actor
 *     life ◀─ready, stopped, failed── crew ◀┘
 */
import { ActorNotFound, ModuleChanged, WorkerNotReady } from '../errors.ts'
import type { StageLife, WorkerLifeHost } from './life.ts'
import type { StagePlan } from './plan.ts'
import { InlineWorker } from './worker.ts'

/** What a crew tells its stage. */
export interface CrewHost {
  workerFailed(worker: InlineWorker, error: unknown): void
  /** It has nothing in hand, and is about to be set up anew. */
  workerGone(worker: InlineWorker): void
  workerRestarted(worker: InlineWorker): void
  /** A worker that lives elsewhere is gone, without being told to. `isCharged`: with an item in hand. */
  died(worker: InlineWorker, error: unknown, isCharged: boolean): void
  /** It can take items again. */
  freed(worker: InlineWorker): void
  /** Spends one restart of the stage's budget; false if there was none left. */
  mayRestart(): boolean
  /** Milliseconds to wait before a worker's n-th restart. */
  backoff(restart: number): number
  /** What to say when that budget is spent. */
  exhausted(error: unknown): unknown
  /** A worker could not be set up, or too often not. */
  gaveUp(worker: InlineWorker, error: unknown): void
  /** All workers are set up. */
  ready(): void
  /** All workers are gone, and what the last `stop` of some has thrown. */
  stopped(failures: readonly { worker: number; error: unknown }[]): void
}

export class Crew {
  readonly workers: readonly InlineWorker[]
  restarts = 0
  readonly #plan: StagePlan
  readonly #host: CrewHost
  /** Workers that are being set up for the first time, and workers that are not gone. */
  #starting = 0
  #living = 0
  readonly #failures: { worker: number; error: unknown }[] = []

  constructor(plan: StagePlan, host: CrewHost) {
    this.workers = Array.from({ length: plan.workers }, (_, index) => new InlineWorker(plan, index))
    this.#plan = plan
    this.#host = host
  }

  /** How many items a worker may be handed. */
  get hand(): number {
    const { body, concurrency } = this.#plan
    return body.kind === 'behaviour' && body.remote ? body.remote.hand : concurrency
  }

  /** How many items all of them may be handed. */
  get slots(): number {
    return this.workers.length * this.hand
  }

  /** How many handlers may run. */
  get atOnce(): number {
    return this.workers.length * this.#plan.concurrency
  }

  /** Sets all workers up. */
  start(stage: StageLife): void {
    this.#starting = this.#living = this.workers.length
    for (const worker of this.workers) {
      worker.life = stage.worker(worker.address, this.#lifeHost(worker))
      worker.onDeath = (error, isCharged) => this.#host.died(worker, error, isCharged)
      worker.onFree = () => this.#host.freed(worker)
      worker.life.start()
    }
    if (this.workers.length === 0) this.#host.ready()
  }

  /** The worker with the fewest items in hand that may take one more. */
  idle(): InlineWorker | undefined {
    const { hand } = this
    if (this.workers.length === 1) {
      const only = this.workers[0]!
      return only.inHand < hand && only.isAvailable ? only : undefined
    }
    let best: InlineWorker | undefined
    for (const worker of this.workers) {
      if (!worker.isAvailable || worker.inHand >= hand) continue
      if (worker.inHand === 0) return worker
      if (!best || worker.inHand < best.inHand) best = worker
    }
    return best
  }

  /** Whether all workers take items. */
  get isWhole(): boolean {
    for (const worker of this.workers) if (worker.restarting) return false
    return true
  }

  /** Stops a worker and sets it up anew, as soon as it has nothing in hand. */
  restart(worker: InlineWorker, cause: unknown): void {
    worker.life?.send({ type: 'restart', cause })
  }

  /** A worker has nothing in hand any more: if it waits to be restarted, now is the time. */
  emptied(worker: InlineWorker): void {
    if (worker.phase === 'emptying' && worker.inHand === 0) worker.life!.send({ type: 'empty' })
  }

  /** Ends workers that live elsewhere, whatever they do. */
  kill(): void {
    for (const worker of this.workers) worker.kill?.()
  }

  /** Ends all workers. */
  dismiss(): void {
    if (this.#living === 0) return this.#host.stopped([])
    for (const worker of this.workers) worker.life!.send({ type: 'dismiss' })
  }

  /* ── what a life says ──────────────────────────────────────────────────── */

  #lifeHost(worker: InlineWorker): WorkerLifeHost {
    const host = this.#host
    return {
      entered: phase => {
        worker.entered(phase)
        if (phase === 'ready' && this.#starting > 0 && --this.#starting === 0) host.ready()
        if (phase === 'stopped' && --this.#living === 0) host.stopped(this.#failures)
      },
      setUp: incarnation => this.#setUp(worker, incarnation),
      stop: () => this.#stop(worker),
      backoff: incarnation => this.#backoff(worker, incarnation),
      restarting: cause => {
        host.workerFailed(worker, cause)
        this.emptied(worker)
      },
      emptied: () => host.workerGone(worker),
      failed: error => host.workerFailed(worker, error),
      gaveUp: error => host.gaveUp(worker, error),
      exhausted: error => host.gaveUp(worker, isHopeless(error) ? error : host.exhausted(error)),
      stopFailed: error => this.#failures.push({ worker: worker.index, error }),
    }
  }

  #setUp(worker: InlineWorker, incarnation: number): void {
    const life = worker.life!
    const isFirst = incarnation === 1
    if (!isFirst) {
      worker.restarts++
      this.restarts++
    }
    const ready = () => {
      life.send({ type: 'ready' })
      // Only now that it is: this begins items, and one of them may have it restarted.
      if (!isFirst && worker.phase === 'ready') this.#host.workerRestarted(worker)
    }
    // The budget is asked only for what would be tried again: not at first, nor where it was dismissed meanwhile, nor for
    // what would fail again, perhaps so slowly that no budget by the time is ever spent.
    const mayTry = (error: unknown) => worker.phase === 'renewing' && !isHopeless(error)
    const failed = (error: unknown) =>
      life.send({ type: 'failed', error, again: mayTry(error) && this.#host.mayRestart() })
    let wait: Promise<void> | undefined
    try {
      wait = worker.setUp(this.#plan)
    } catch (error) {
      // The others have to be known before the stage can end.
      wait = Promise.reject(error)
    }
    if (wait) wait.then(ready, failed)
    else if (isFirst) ready()
    else queueMicrotask(ready)
  }

  #stop(worker: InlineWorker): void {
    const life = worker.life!
    worker.tearDown(this.#plan).then(
      () => life.send({ type: 'stopped' }),
      error => life.send({ type: 'failed', error, again: true }),
    )
  }

  /** A backoff that throws is the last of it. */
  #backoff(worker: InlineWorker, incarnation: number): number {
    try {
      return this.#host.backoff(incarnation)
    } catch (error) {
      worker.life!.send({ type: 'failed', error, again: false })
      return Infinity
    }
  }
}

/** Whether another try would end as this one did. */
function isHopeless(error: unknown): boolean {
  return error instanceof WorkerNotReady || error instanceof ModuleChanged || error instanceof ActorNotFound
}
