/**
 * A stage in this event loop: takes items from the channel before it, has them handled, and hands on what they led to.
 *
 *                    frame, synchronous
 *              ┌───────── kernel ──────────┐
 *     input ───┤                           ├──▶ exit ──▶ output
 *              └ claim ▶ attempt ▶ settled ┘
 *                one item ▲       │
 *                         └ retry ┘
 *
 * Two ways lead through. While nothing is under way and nothing special was asked for, a frame of items runs through a
 * kernel, in order, and its outputs are in the next channel when it returns. An item that needs more than that (it is
 * asynchronous, yields, failed, has a key …) is a *work*: it is claimed, attempted, settled, and leaves by the exit.
 *
 * What happens when, from its start to its end, its life says (life.ts); what its parts say to each other, is in parts.ts.
 */
import type { Channel } from '../channel/channel.ts'
import type { Origin } from '../channel/ticket.ts'
import { StateLost } from '../errors.ts'
import type { StageSnapshot } from '../metrics/snapshot.ts'
import type { AnyStage, StageHost } from './host.ts'
import type { StagePhase } from './life.ts'
import { join, type Parts } from './parts.ts'
import type { StagePlan } from './plan.ts'
import { costMs, type Pump } from './pump.ts'
import type { Ways } from './ways.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

export type { Fault } from './failures.ts'
export type { StageHost } from './host.ts'

export class Stage implements AnyStage {
  readonly plan: StagePlan
  readonly input: Channel
  readonly output: Channel
  /** Its number in the row. */
  readonly index: number
  /** Where it is in its life, which alone changes it. */
  phase: StagePhase = 'waiting'
  /** It has, or may have, something to do. */
  isReady = true
  isLate = false
  received = 0
  /** Items that were settled, well or not. */
  settles = 0
  /** How often a handler said that it is getting on. */
  progress = 0

  readonly #pump: Pump
  readonly #host: StageHost
  readonly #parts: Parts
  readonly #works: Works
  readonly #ways: Ways

  constructor(
    plan: StagePlan,
    channels: { input: Channel; output: Channel },
    place: { index: number; next: StagePlan | undefined },
    pump: Pump,
    host: StageHost,
    frameMost = 1024,
  ) {
    this.plan = plan
    this.input = channels.input
    this.output = channels.output
    this.index = place.index
    this.#pump = pump
    this.#host = host
    this.#parts = join(this, { pump, host, next: place.next, frameMost }, () => this.#begin())
    this.#works = this.#parts.works
    this.#ways = this.#parts.ways
  }

  wake(): void {
    this.isReady = true
    this.#pump.wake()
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  start(): void {
    const { meter, workHost, life } = this.#parts
    const { body } = this.plan
    meter.started()
    if (body.kind === 'behaviour') workHost.self = body.self
    life.send({ type: 'start' })
  }

  /** All workers are set up: an unkeyed actor gets its state, a feed is opened. */
  #begin(): void {
    if (this.phase !== 'starting') return
    const { crew, feeds, keys, life, ending } = this.#parts
    const { body, keyOf } = this.plan
    const go = () => life.send({ type: 'started' })
    for (const worker of feeds ? crew.workers : []) feeds?.open(worker)
    if (body.kind !== 'behaviour' || !body.stateful || keyOf) return go()
    const key = keys.of(undefined, 0)
    if (!body.start) return go()
    const stop = (error: unknown) => ending.stop({ error, worker: 0, sequence: undefined, attempts: 1 })
    const keep = (state: unknown) => {
      key.state = state
      key.started = true
      go()
    }
    try {
      const state = body.start({ key: undefined, resources: crew.workers[0]?.resources })
      if (typeof (state as PromiseLike<unknown> | undefined)?.then === 'function') {
        Promise.resolve(state).then(keep, stop)
      } else keep(state)
    } catch (error) {
      stop(error)
    }
  }

  /* ── advancing ─────────────────────────────────────────────────────────── */

  /** Does what there is to do, until nothing is left, nothing is possible, or others should have the event loop. */
  advance(): void {
    this.isReady = false
    if (this.phase !== 'running' && this.phase !== 'flushing') return
    const works = this.#works
    this.#parts.exit.flow()
    this.#parts.keyed?.employAll()
    // One that is flushed may be an orphan, too.
    while (this.phase === 'flushing' && this.#parts.claims.adopt());
    while (this.phase === 'running' && !works.isFailing) {
      if (!this.#ways.step()) break
      if (this.#pump.spend(costMs)) return this.wake()
    }
    if (this.input.capacity.items === 0) this.input.release()
    if (works.size === 0 && !works.isOver) this.#parts.ending.maybeEnd()
  }

  /** Has all workers set up anew, because a stage that the strategy ties it to was. */
  restart(cause: unknown): void {
    if (this.phase !== 'running' && this.phase !== 'flushing') return
    const { crew, failures, ending } = this.#parts
    for (const worker of crew.workers) {
      const lost = failures.mustKeep(worker)
      if (lost > 0) {
        const error = Object.assign(new StateLost(lost), { cause })
        return ending.stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
      }
      crew.restart(worker, cause)
    }
    this.#ways.revoke()
  }

  /**
   * A worker that lives elsewhere has died. What it had in hand goes to others; state that cannot be restored is lost.
   * `isCharged`: it had an item in hand, which is charged with it; else the restart is one of those that the stage may have.
   */
  died(worker: InlineWorker, cause: unknown, isCharged: boolean): void {
    if (this.isOver || worker.phase !== 'ready') return
    const { crew, failures, ending } = this.#parts
    const stop = (error: unknown) => ending.stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
    const lost = this.plan.body.kind === 'feed' ? 1 : failures.mustKeep(worker)
    if (lost > 0) return stop(Object.assign(new StateLost(lost), { cause }))
    if (!isCharged && !this.#host.mayRestart(this)) return stop(this.#host.tooManyRestarts(this, cause))
    crew.restart(worker, cause)
    this.wake()
  }

  /** Ends workers that live elsewhere, whatever they do. */
  kill(): void {
    this.#parts.crew.kill()
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  /** It hands on no more; what its handlers do by now leads to nothing. */
  get isOver(): boolean {
    return this.#works.isOver
  }

  /** Takes no more, hands on no more; handlers that run are told why by their signal. */
  abandon(reason: unknown): void {
    if (!this.isOver) this.#parts.life.send({ type: 'abandon', reason })
  }

  /** The grace period is over: workers end, whatever their handlers do. */
  giveUp(): void {
    this.#parts.life.send({ type: 'giveUp' })
  }

  /** Nobody waits any more for what is of this origin. */
  forsake(origin: Origin, reason: unknown): void {
    this.#parts.ending.forsake(origin, reason)
  }

  /** Items that it held when it was torn down. */
  get unfinished(): number {
    return this.#parts.ending.unfinished
  }

  /* ── looking in ────────────────────────────────────────────────────────── */

  get emitted(): number {
    return this.#parts.exit.emitted
  }

  get restarts(): number {
    return this.#parts.crew.restarts
  }

  /** Handlers that run at this moment. */
  get running(): number {
    return this.#works.running
  }

  /** All its slots (`inFlight`) are held. */
  get isHeldUp(): boolean {
    return this.#parts.claims.isHeldUp
  }

  /** Grows with whatever happens. */
  get moves(): number {
    this.#ways.tell()
    return this.received + this.emitted + this.settles + this.progress
  }

  /** Who holds what: `pipeline/stage#worker item sequence`. A generator at rest holds nothing up: it waits for room. */
  holders(): string[] {
    const running = this.#works.all().filter(work => work.isRunning && !work.isAtRest)
    return running.map(work => `${work.worker.address} item ${work.sequence}`)
  }

  snapshot(now: number): StageSnapshot {
    const { meter, exit } = this.#parts
    const { name, workers } = this.plan
    this.#ways.tell()
    return {
      ...{ stage: name, workers },
      ...{ received: this.received, emitted: this.emitted, queued: this.input.count, restarts: this.restarts },
      ...{ deadLetters: exit.deadLetters, dropped: this.input.dropped },
      ...meter.snapshot(now, workers),
    }
  }
}
