/**
 * The workers of a stage: who is free, who is set up, who is being restarted.
 */
import type { Clock } from '../clock.ts'
import type { StagePlan } from './plan.ts'
import { InlineWorker } from './worker.ts'

/** What a crew tells its stage. */
export interface CrewHost {
  readonly clock: Clock
  workerFailed(worker: InlineWorker, error: unknown): void
  /** It has nothing in hand, and is about to be set up anew. */
  workerGone(worker: InlineWorker): void
  workerRestarted(worker: InlineWorker): void
  /** Spends one restart of the stage's budget; false if there was none left. */
  mayRestart(): boolean
  /** Milliseconds to wait before a worker's n-th restart. */
  backoff(restart: number): number
  /** What to say when that budget is spent. */
  exhausted(error: unknown): unknown
  /** A worker could not be set up, or too often not. */
  gaveUp(worker: InlineWorker, error: unknown): void
}

export class Crew {
  readonly workers: readonly InlineWorker[]
  readonly slots: number
  restarts = 0
  readonly #plan: StagePlan
  readonly #host: CrewHost
  /** Restarts that wait for their backoff. */
  readonly #waits = new Map<unknown, () => void>()
  #dismissed = false
  /** Workers that are being set up anew. */
  readonly #renewals = new Set<Promise<void>>()
  /** Workers that are being set up for the first time. */
  #starting: Promise<void> | undefined

  constructor(plan: StagePlan, host: CrewHost) {
    this.workers = Array.from({ length: plan.workers }, (_, index) => new InlineWorker(plan, index))
    this.slots = plan.workers * plan.concurrency
    this.#plan = plan
    this.#host = host
  }

  /** Sets all workers up; a promise if one of them takes time. What fails is told to the host. */
  start(): Promise<void> | undefined {
    const waits: Promise<void>[] = []
    for (const worker of this.workers) {
      try {
        const wait = worker.setUp(this.#plan)
        if (wait) waits.push(wait.catch(error => this.#host.gaveUp(worker, error)))
      } catch (error) {
        // The others have to be known before the stage can end.
        waits.push(Promise.resolve().then(() => this.#host.gaveUp(worker, error)))
      }
    }
    if (waits.length > 0) this.#starting = Promise.all(waits).then(() => {})
    return this.#starting
  }

  /** The worker with the fewest items in hand that may take one more. */
  idle(): InlineWorker | undefined {
    const { concurrency } = this.#plan
    if (this.workers.length === 1) {
      const only = this.workers[0]!
      return only.inHand < concurrency && !only.restarting && !only.retired ? only : undefined
    }
    let best: InlineWorker | undefined
    for (const worker of this.workers) {
      if (worker.restarting || worker.retired || worker.inHand >= concurrency) continue
      if (worker.inHand === 0) return worker
      if (!best || worker.inHand < best.inHand) best = worker
    }
    return best
  }

  /** Stops a worker and sets it up anew, as soon as it has nothing in hand. */
  restart(worker: InlineWorker, cause: unknown): void {
    if (worker.restarting) return
    worker.restarting = true
    this.#host.workerFailed(worker, cause)
    this.emptied(worker)
  }

  /** A worker has nothing in hand any more: if it waits to be restarted, now is the time. */
  emptied(worker: InlineWorker): void {
    if (!worker.restarting || worker.inHand > 0 || worker.isRenewing) return
    worker.isRenewing = true
    const renewal = this.#renew(worker).catch(error => this.#host.gaveUp(worker, error))
    this.#renewals.add(renewal)
    void renewal.then(() => this.#renewals.delete(renewal))
  }

  async #renew(worker: InlineWorker): Promise<void> {
    this.#host.workerGone(worker)
    try {
      await worker.tearDown(this.#plan)
    } catch (error) {
      this.#host.workerFailed(worker, error)
    }
    for (;;) {
      await this.#wait(this.#host.backoff(worker.restarts + 1))
      if (this.#dismissed) return
      worker.restarts++
      this.restarts++
      try {
        await worker.setUp(this.#plan)
        break
      } catch (error) {
        this.#host.workerFailed(worker, error)
        if (!this.#host.mayRestart()) return this.#host.gaveUp(worker, this.#host.exhausted(error))
      }
    }
    if (this.#dismissed) return void (await worker.tearDown(this.#plan).catch(() => {}))
    worker.restarting = false
    worker.isRenewing = false
    this.#host.workerRestarted(worker)
  }

  #wait(millis: number): Promise<void> {
    // Dismissed while the worker was stopped: nobody would end the wait.
    if (!(millis > 0) || this.#dismissed) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.#host.clock.setTimeout(() => {
        this.#waits.delete(timer)
        resolve()
      }, millis)
      this.#waits.set(timer, resolve)
    })
  }

  /** Ends all workers; what their `stop` throws is given, with the worker, not thrown. */
  async dismiss(): Promise<{ worker: number; error: unknown }[]> {
    this.#dismissed = true
    for (const [timer, resolve] of this.#waits) {
      this.#host.clock.clearTimeout(timer)
      resolve()
    }
    this.#waits.clear()
    await this.#starting
    await Promise.all(this.#renewals)
    const ends = await Promise.allSettled(this.workers.map(worker => worker.tearDown(this.#plan)))
    return ends.flatMap((end, worker) => (end.status === 'rejected' ? [{ worker, error: end.reason }] : []))
  }
}
