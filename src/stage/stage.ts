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
 * What is under way is bounded: a work is claimed only while those not yet gone, with what waits in the output, are fewer
 * than the larger of the output's capacity and the slots of the workers. So a slow item holds up the rest only when that
 * window is full, and what was computed and not yet read never exceeds the sum of the capacities.
 *
 * Claims need no table here: nobody else claims, and nobody dies without this event loop.
 */
import type { Channel } from '../channel/channel.ts'
import { type Origin, Ticket } from '../channel/ticket.ts'
import { type Clock, systemClock } from '../clock.ts'
import { StateLost } from '../errors.ts'
import type { StageSnapshot } from '../metrics/snapshot.ts'
import { runFused, type Scratch } from '../runtime/inline/kernel.ts'
import { Attempts } from './attempt.ts'
import { Crew } from './crew.ts'
import { Exit } from './exit.ts'
import { Failures, type Fault } from './failures.ts'
import { Feeds } from './feeds.ts'
import { Frames } from './frames.ts'
import { Keyed } from './keyed.ts'
import { type KeyState, Keys } from './keys.ts'
import { Lane } from './lane.ts'
import { Meter } from './meter.ts'
import type { Body, Failure, StagePlan } from './plan.ts'
import { costMs, type Pump } from './pump.ts'
import type { Work, WorkHost } from './work.ts'
import type { InlineWorker } from './worker.ts'
import { Works } from './works.ts'

export type { Fault } from './failures.ts'

/** What a stage tells the run that it belongs to. */
export interface StageHost {
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

type Phase = 'starting' | 'running' | 'flushing' | 'ended' | 'abandoned'

export class Stage {
  readonly plan: StagePlan
  readonly input: Channel
  readonly output: Channel
  /** Its number in the row. */
  readonly index: number
  /** It has, or may have, something to do. */
  isReady = true
  received = 0
  /** Items that were settled, well or not. */
  settles = 0
  /** Items that the stage held when it was torn down. */
  unfinished = 0

  readonly #host: StageHost
  readonly #pump: Pump
  readonly #works: Works
  readonly #exit: Exit
  readonly #crew: Crew
  readonly #keys: Keys
  readonly #attempts: Attempts
  readonly #failures: Failures
  readonly #feeds: Feeds | undefined
  readonly #lane: Lane | undefined
  readonly #keyed: Keyed | undefined
  /** The ways that items may take while nothing special is asked of them. */
  readonly #frames: Frames | undefined
  readonly #meter: Meter
  /** Slots of items done with, which the writer before gets back when this stage asks for its next item. */
  readonly #holds: Ticket[] = []
  /** Slots taken of `inFlight`. */
  #held = 0
  /** How often a handler said that it is getting on. */
  #progress = 0
  #phase: Phase = 'starting'
  /** Its workers have been told to end. */
  #isDismissed = false
  #flushes: KeyState[] = []
  /** The handler's last answer was a promise, a generator or an Observable: no use in running it in frames. */
  #isAsync = false
  readonly #isKeyed: boolean
  readonly #isStateful: boolean
  readonly #hasClock: boolean

  constructor(
    plan: StagePlan,
    channels: { input: Channel; output: Channel },
    place: { index: number; next: StagePlan | undefined },
    pump: Pump,
    host: StageHost,
    frameMost = 1024,
  ) {
    const { body } = plan
    const { input, output } = channels
    this.plan = plan
    this.input = input
    this.output = output
    this.index = place.index
    this.#host = host
    this.#pump = pump
    this.#isKeyed = plan.keyOf !== undefined
    this.#isStateful = body.kind === 'behaviour' && body.stateful
    this.#hasClock = plan.timeout !== Infinity || plan.attempts > 1
    this.#workHost.clock = pump.clock
    this.#works = new Works(this.#workHost)
    this.#keys = new Keys(plan.workers)
    this.#exit = new Exit(plan, place.index, place.next, output, pump, this.#works, {
      committed: work => this.#committed(work),
      stopped: work => {
        this.#works.close(work)
        if (!work.isFlush) this.unfinished++
        const { error, worker, sequence, attempts } = work.failure!
        this.#stop({ error, worker, sequence, attempts })
      },
      overflowed: error => this.#stop({ error, worker: 0, sequence: undefined, attempts: 1 }),
      deadLetter: (failure, isHeard) => host.deadLetter(this, failure, isHeard),
      dropped: (name, count) => host.dropped(name, count),
      left: bornAt => host.latency(bornAt),
      resume: work => this.#attempts.resume(work),
      advanced: () => {
        this.#keyed?.employAll()
      },
      isLowest: work => this.#works.all().every(other => other.isFlush || other.sequence >= work.sequence),
    })
    this.#exit.needsItem = host.isContained
    this.#crew = new Crew(plan, {
      clock: pump.clock,
      workerFailed: (worker, error) => host.workerFailed(this, worker.index, error),
      workerGone: worker => this.#failures.loseState(worker),
      workerRestarted: worker => {
        host.workerRestarted(this, worker.index, worker.restarts)
        this.#keyed?.employ(worker)
        this.wake()
      },
      mayRestart: () => host.mayRestart(this),
      backoff: restart => host.backoff(restart),
      gaveUp: (worker, error) => this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 }),
      exhausted: error => host.tooManyRestarts(this, error),
    })
    this.#attempts = new Attempts(plan, {
      settled: work => this.#settled(work),
      threw: (work, error) => this.#failures.threw(work, error),
      hold: () => {
        pump.spend(costMs)
        return pump.hold()
      },
      letGo: wasHeld => pump.letGo(wasHeld),
      leave: work => void this.#exit.leave(work),
      holdBack: work => this.#exit.holdBack(work),
      patience: work => {
        const patience = this.#exit.patience(work)
        pump.spend(costMs)
        if (patience <= 0 || plan.emit === 'whole' || pump.mayGoOn) return patience
        // The event loop has to turn first; then the pump comes back to it.
        this.wake()
        return 0
      },
    })
    this.#failures = new Failures(plan, place.index, pump, this.#works, this.#keys, {
      begin: work => this.#attempts.begin(work),
      settled: work => this.#settled(work),
      restart: (worker, error) => {
        this.#crew.restart(worker, error)
        host.restarting(this, error)
      },
      suppressed: error => host.suppressed(error),
      stateLost: keys => host.stateLost(this, keys),
      wake: () => this.wake(),
      replaced: (work, reason) => {
        this.#exit.streams.delete(work)
        this.#feeds?.drop(work, reason)
      },
    })
    this.#feeds = body.kind === 'feed' ? new Feeds(body.open, this.#feedsHost) : undefined
    this.#keyed = plan.keyOf && this.#makeKeyed(plan.keyOf)
    this.#meter = new Meter(input, pump.clock)
    this.#frames = this.#isPlain() ? this.#makeFrames(frameMost) : undefined
    this.#lane = this.#frames && !this.#isStateful ? this.#makeLane() : undefined
    input.onItems = () => this.#came()
    input.readerWaits = () => this.#mayClaim() && (this.#isKeyed || this.#crew.idle() !== undefined)
    output.onRoom = () => this.wake()
  }

  /** What works ask for. */
  readonly #workHost: WorkHost & { clock: Clock; self: unknown; aborted: boolean; reason: unknown } = {
    resolved: (work, value) => {
      const wasHeld = this.#pump.hold()
      this.#attempts.resolved(work, value)
      this.#pump.letGo(wasHeld)
    },
    rejected: (work, error) => {
      const wasHeld = this.#pump.hold()
      this.#failures.threw(work, error)
      this.#pump.letGo(wasHeld)
    },
    progressed: work => {
      if (work.over) return
      work.startedAt = this.#pump.clock.now()
      this.#progress++
    },
    forgot: () => {
      this.#frames?.interrupt()
    },
    endOfBatch: sequence => sequence === this.input.arrived - this.input.skipped - 1,
    clock: systemClock,
    self: undefined,
    aborted: false,
    reason: undefined,
  }

  get emitted(): number {
    return this.#exit.emitted
  }

  get restarts(): number {
    return this.#crew.restarts
  }

  /** Handlers that run at this moment. */
  get running(): number {
    return this.#works.running
  }

  /** All its slots (`inFlight`) are held. */
  get isHeldUp(): boolean {
    return this.#held >= this.plan.inFlight
  }

  /** Grows with whatever happens. */
  get moves(): number {
    return this.received + this.emitted + this.settles + this.#progress
  }

  get isOver(): boolean {
    return this.#works.isOver
  }

  wake(): void {
    this.isReady = true
    this.#pump.wake()
  }

  /** Items have come, or the end. */
  #came(): void {
    // Whoever is done next goes on with it.
    if (this.#isAsync && this.#works.running >= this.#crew.slots) return
    const isFree = this.#phase === 'running' && this.#pump.isHeld && !this.#exit.isFlowing
    const goesByItself = this.#isAsync && isFree && this.#lane?.isOpen
    if (!goesByItself || this.input.ending !== 'open') {
      if (!this.isReady) this.wake()
    } else this.#lane!.advance()
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  start(): void {
    const { body } = this.plan
    this.#meter.started()
    if (body.kind === 'behaviour') this.#workHost.self = body.self
    const wait = this.#crew.start()
    if (wait) void wait.then(() => this.#begin())
    else this.#begin()
  }

  /** All workers are set up: an unkeyed actor gets its state, a feed is opened. */
  #begin(): void {
    if (this.#phase !== 'starting') return
    const { body } = this.plan
    const go = () => {
      if (this.#phase !== 'starting') return
      this.#phase = 'running'
      this.#host.started(this)
      this.wake()
    }
    for (const worker of this.#feeds ? this.#crew.workers : []) this.#feeds?.open(worker)
    if (body.kind !== 'behaviour' || !body.stateful || this.#isKeyed) return go()
    const key = this.#keys.of(undefined, 0)
    if (!body.start) return go()
    const stop = (error: unknown) => this.#stop({ error, worker: 0, sequence: undefined, attempts: 1 })
    const keep = (state: unknown) => {
      key.state = state
      key.started = true
      go()
    }
    try {
      const state = body.start({ key: undefined, resources: this.#crew.workers[0]?.resources })
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
    if (this.#phase !== 'running' && this.#phase !== 'flushing') return
    this.#exit.flow()
    this.#keyed?.employAll()
    while (this.#phase === 'running' && !this.#works.isFailing) {
      if (!this.#step()) break
      if (this.#pump.spend(costMs)) return this.wake()
    }
    if (this.input.capacity.items === 0) this.input.release()
    if (this.#works.size === 0 && !this.isOver) this.#maybeEnd()
  }

  /** Takes the next items on whichever way is theirs; false when there are none, or they have to wait. */
  #step(): boolean {
    const lane = this.#lane
    if (lane && (this.#isAsync || lane.size > 0)) {
      lane.advance()
      return !this.#isAsync && lane.size === 0
    }
    const isClear = this.#works.size === 0 && !this.#isAsync
    return (isClear ? this.#frames?.run() : undefined) ?? this.#claimOne()
  }

  /** Whether nothing is asked that would keep items from going in frames, as long as they answer at once. */
  #isPlain(): boolean {
    const { plan, input, output } = this
    const { body } = plan
    // A source may drop from the channel what a kernel is working on, if a handler has it emit.
    const isSteady = plan.overflow !== 'drop-oldest'
    const asksLittle =
      isSteady && !plan.keyOf && !plan.schema && plan.timeout === Infinity && plan.inFlight === Infinity
    const leavesInOrder = plan.order === 'input' && plan.emit === 'whole' && this.#exit.mayWait
    const hasRoom = !input.tagged && input.capacity.items > 0 && output.capacity.items > 0 && plan.workers > 0
    return (
      asksLittle && leavesInOrder && hasRoom && body.kind !== 'feed' && !(body.kind === 'behaviour' && body.snapshot)
    )
  }

  #makeFrames(most: number): Frames {
    const { input, output } = this
    const body = this.plan.body as Exclude<Body, { kind: 'feed' }>
    const parts = {
      ...{ input, output, most, worker: this.#crew.workers[0]!, exit: this.#exit, works: this.#works },
      ...{ keys: this.#isStateful ? this.#keys : undefined, meter: this.#meter, pump: this.#pump },
      starts: body.kind === 'behaviour' && body.start !== undefined,
    }
    return new Frames(body.kernel, parts, {
      handled: items => {
        this.received += items
        if (this.#host.isCounting) this.#host.itemsEnded(this, items, false)
      },
      stopped: (work, scratch) => this.#stoppedAt(work, scratch),
    })
  }

  #stoppedAt(work: Work, { result, threw, step, value }: Scratch): void {
    this.#take(work, work.worker)
    if (work.key) work.key.busy = work
    this.#startWork(work)
    this.#isAsync = !threw
    if (threw) this.#failures.threw(work, result)
    else if (this.plan.body.kind === 'fused') this.#attempts.acceptFused(work, step, value, result)
    else this.#attempts.accept(work, result)
  }

  /* ── one item at a time ────────────────────────────────────────────────── */

  #mayClaim(): boolean {
    const { slots } = this.#crew
    if (this.#phase !== 'running' || this.#works.isFailing || slots === 0) return false
    if (this.#held >= this.plan.inFlight) return false
    if (!this.#isKeyed && this.#works.running >= slots) return false
    // One item more may be under way, or wait for its turn.
    if (this.#exit.windowLeft(slots) > 0 && this.#exit.mayWeighMore(this.#keyed?.bytes)) return true
    if (this.#exit.mayWait) this.output.blocked = true
    return false
  }

  #makeKeyed(keyOf: (item: any) => unknown): Keyed {
    const parts = {
      ...{ input: this.input, crew: this.#crew, keys: this.#keys },
      ...{ works: this.#works, exit: this.#exit, failures: this.#failures },
    }
    return new Keyed(this.plan, keyOf, parts, {
      take: (work, worker) => this.#take(work, worker),
      begin: work => this.#startWork(work),
      run: work => this.#run(work),
    })
  }

  #makeLane(): Lane {
    const { body } = this.plan
    const call =
      body.kind === 'fused'
        ? (item: unknown) => runFused(body.steps, 0, item)
        : body.kind === 'behaviour'
          ? (item: unknown, context: unknown) => body.receive(item, undefined, context)
          : (body as Body & { kind: 'handler' }).handler
    const parts = {
      ...{ input: this.input, output: this.output, crew: this.#crew, exit: this.#exit },
      ...{ works: this.#works, meter: this.#meter, pump: this.#pump, expands: body.kind !== 'fused' },
    }
    return new Lane(call, parts, {
      stage: this,
      isCounting: this.#host.isCounting,
      ended: items => this.#host.itemsEnded(this, items, false),
      wake: () => this.wake(),
      goBackToFrames: () => {
        this.#isAsync = false
        this.wake()
      },
      accept: (work, result) => this.#attempts.accept(work, result),
      threw: (work, error) => this.#failures.threw(work, error),
      resolved: (work, value) => this.#workHost.resolved(work, value),
    })
  }

  /** Claims the next item and begins it; false if there is none, or it has to wait. */
  #claimOne(): boolean {
    const { input } = this
    if (!this.#mayClaim()) return false
    const worker = this.#isKeyed ? undefined : this.#crew.idle()
    if (!this.#isKeyed && !worker) return false
    if (this.#holds.length > 0) for (const hold of this.#holds.splice(0)) hold.close()
    if (input.arrived === input.taken) input.refill?.(1)
    if (input.arrived === input.taken) return false
    if (!worker) return this.#keyed!.claim()
    const work = this.#works.make()
    this.#take(work, worker)
    if (this.#isStateful) {
      work.key = this.#keys.of(undefined, work.sequence)
      work.key.busy = work
    }
    this.#startWork(work)
    const { timedAt, timedFor } = work
    this.#run(work)
    if (timedAt >= 0) this.#pump.spend((this.#pump.clock.now() - timedAt) * timedFor)
    // A handler that answers at once may as well be run in frames.
    if (this.#isAsync && !work.isRunning) this.#isAsync = false
    return true
  }

  /** Takes the next item from the input. */
  #take(work: Work, worker: InlineWorker): void {
    const { input } = this
    const { sequence } = input
    work.worker = worker
    work.sequence = sequence
    work.context.sequence = sequence
    if (input.tagged) work.tag = input.tag
    work.bornAt = input.probe === 0 ? -1 : this.#meter.taken(1, this.#pump.time)
    work.item = input.take()
    this.received++
    this.#works.open(work)
    if (this.plan.inFlight !== Infinity) this.#hold(work)
  }

  /** The item holds a slot of the stage until the reader is done with all that it led to. */
  #hold(work: Work): void {
    this.#held++
    work.hold = new Ticket(() => {
      this.#held--
      this.wake()
    })
  }

  #startWork(work: Work): void {
    this.#works.running++
    work.isRunning = true
    work.worker.inHand++
    if (this.#hasClock) this.#failures.started(work)
    this.#meter.begun(work)
  }

  #run(work: Work): void {
    if (work.tag?.origin?.isOver(this.index)) return this.#settled(work)
    if (!this.#feeds) return this.#attempts.begin(work)
    if (this.#exit.adopt(work)) this.wake()
    if (!this.#feeds.push(work)) this.#settled(work)
  }

  /** The handler is done with the item, well or not: the worker is free, the item waits for its turn. */
  #settled(work: Work): void {
    if (work.settled || work.over) return
    const { worker, key } = work
    this.settles++
    this.#pump.spend(costMs)
    this.#works.running--
    worker.inHand--
    work.settled = true
    work.isRunning = false
    if (work.timedAt >= 0) this.#meter.ended(work)
    if (key) this.#save(work, key)
    if (this.isOver) {
      // Torn down meanwhile: nothing is handed on any more.
      this.#works.close(work)
      this.#dismissWhenQuiet()
      this.#host.quiet()
      return
    }
    if (key) this.#release(key, work.forget)
    this.#exit.settled(work)
    // Only now the next one of its key: were it begun before, it could leave before.
    if (!this.isOver) this.#keyed?.employ(worker)
    if (worker.restarting) this.#crew.emptied(worker)
    this.wake()
  }

  /** What survives the worker is the state as the last item that went well left it. */
  #save(work: Work, key: KeyState): void {
    const { body } = this.plan
    if (body.kind !== 'behaviour' || !body.snapshot || !key.started || work.failure) return
    try {
      key.saved = body.snapshot(key.state)
      key.isSaved = true
    } catch (error) {
      this.#failures.judge(work, error)
    }
  }

  /** The item is done with its key: the next in line has it. */
  #release(key: KeyState, forget: boolean): void {
    const next = key.line.shift()
    key.busy = next
    if (next) next.worker.enqueue(next)
    if (forget) this.#keys.forget(key)
  }

  /** All that the item led to has left. */
  #committed(work: Work): void {
    const { tag, failure } = work
    if (tag?.hold) this.#holds.push(tag.hold)
    this.#exit.streams.delete(work)
    this.#works.recycle(work)
    // At last: it may be what tears the stage down, and then this item is none of those that it held.
    if (this.#host.isCounting) this.#host.itemsEnded(this, 1, failure !== undefined)
  }

  /**
   * Nobody waits any more for what is of this origin here: handlers that have something of it in hand are told by their
   * signal. In a pipeline that is a stage of another, where the next item waits for the place, they are not waited for.
   */
  forsake(origin: Origin, reason: unknown): void {
    if (!origin.isOver(this.index)) return
    for (const work of this.isOver ? [] : this.#works.all()) {
      if (work.tag?.origin !== origin || !work.isRunning) continue
      if (origin.asker?.contains) this.#failures.replace(work, reason)
      else this.#abort(work, reason)
    }
    this.wake()
  }

  /** What is only waited for (a subscription, a generator at rest, a retry) ends here; a promise has to be waited for. */
  #abort(work: Work, reason: unknown): void {
    const ends = work.cancel !== undefined && !work.isPulling
    work.abort(reason)
    if (ends) this.#settled(work)
  }

  /** Has all workers set up anew, because a stage that the strategy ties it to was. */
  restart(cause: unknown): void {
    if (this.isOver || this.#phase === 'starting') return
    for (const worker of this.#crew.workers) {
      const lost = this.#failures.mustKeep(worker)
      if (lost > 0) {
        const error = Object.assign(new StateLost(lost), { cause })
        return this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
      }
      this.#crew.restart(worker, cause)
    }
  }

  /* ── feeds ─────────────────────────────────────────────────────────────── */

  get #feedsHost() {
    const stage = this
    return {
      get isOver() {
        return stage.isOver
      },
      makeContext: (worker: InlineWorker) => {
        const work = this.#works.make()
        work.worker = worker
        return work
      },
      emit: (work: Work, value: unknown) => this.#attempts.emit(work, value),
      extra: (value: unknown, work: Work | undefined) => {
        this.#exit.extra(value, work, work?.sequence ?? this.received)
        this.wake()
      },
      leftOver: (work: Work) => this.#leaveOver(work),
      settled: (work: Work) => this.#settled(work),
      failed: (worker: InlineWorker, work: Work | undefined, error: unknown) => {
        if (!work) return this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
        work.attempts = this.plan.attempts
        this.#failures.giveUp(work, error)
        if (!this.#works.isFailing && !this.isOver) this.#feeds!.open(worker)
        this.wake()
      },
      ended: () => this.wake(),
      room: (work: Work | undefined) => this.#exit.room(work),
    }
  }

  /** An item was handed to a body that ended without it. */
  #leaveOver(work: Work): void {
    const { worker, tag, hold } = work
    this.#works.running--
    worker.inHand--
    this.#works.close(work)
    this.unfinished++
    hold?.close()
    tag?.hold?.close()
    // Whoever asked for it hears of the end.
    if (!tag?.origin?.asker) tag?.origin?.close()
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  #maybeEnd(): void {
    const isSpent = this.input.ending !== 'open' && this.input.count === 0
    if (this.#feeds) return this.#maybeEndFeeds(this.#feeds, isSpent)
    if (!isSpent) return
    const { body } = this.plan
    if (this.#phase === 'running') {
      const flushes = this.input.ending === 'done' && body.kind === 'behaviour' && body.flush !== undefined
      if (flushes) this.#flushes = this.#keys.inOrder()
      this.#phase = 'flushing'
    }
    const [next] = this.#flushes
    // Its worker is being set up anew, and says when it is there.
    if (next && this.#crew.workers[next.worker]!.restarting) return
    const key = this.#flushes.shift()
    if (key) this.#flush(key)
    else this.#finish()
  }

  #maybeEndFeeds(feeds: Feeds, isSpent: boolean): void {
    // No item comes any more that it could go with.
    if (this.#exit.needsItem && (feeds.size === 0 || isSpent)) {
      this.#exit.needsItem = false
      this.wake()
    }
    if (feeds.size === 0) {
      if (this.#exit.extras === 0 && this.#crew.slots > 0) this.#finish()
    } else if (isSpent && this.#phase === 'running') {
      this.#phase = 'flushing'
      if (this.input.ending === 'failed') this.#finish()
      else feeds.end()
    }
  }

  #flush(key: KeyState): void {
    const work = this.#works.make()
    work.isFlush = true
    work.worker = this.#crew.workers[key.worker]!
    work.sequence = this.received
    work.context.sequence = this.received
    work.key = key
    work.bornAt = -1
    key.busy = work
    this.#works.open(work)
    this.#startWork(work)
    this.#attempts.begin(work)
  }

  /** Everything has been handed on. */
  #finish(): void {
    const ending = this.input.ending === 'failed' ? 'failed' : 'done'
    this.#phase = 'ended'
    this.#works.isOver = true
    // A body that ended before its input did leaves the rest where it is.
    this.unfinished += this.input.clear()
    this.#leave(ending)
  }

  #stop(fault: Fault): void {
    if (this.isOver) return this.#host.suppressed(fault.error)
    this.#host.failed(this, fault)
  }

  /**
   * Takes no more, hands on no more; handlers that run are told by their signal. The output ends as `failed`: items before
   * the failure are still on their way.
   */
  abandon(reason: unknown): void {
    if (this.isOver) return
    this.#phase = 'abandoned'
    this.#works.isOver = true
    this.#workHost.aborted = true
    this.#workHost.reason = reason
    this.#lane?.leave()
    const open = this.#works.all().filter(work => !work.isFlush).length
    this.unfinished += open + this.input.clear()
    for (const work of this.#works.all()) {
      if (work.failure?.policy === 'stop') this.#host.suppressed(work.failure.error)
      if (!work.isRunning) {
        this.#works.close(work)
        continue
      }
      this.#abort(work, reason)
    }
    this.#frames?.abort(reason)
    this.#exit.abandon()
    this.#leave('failed')
  }

  #leave(ending: 'done' | 'failed'): void {
    for (const work of this.#feeds?.cancel(this.#workHost.reason) ?? []) this.#settled(work)
    for (const hold of this.#holds.splice(0)) hold.close()
    this.#failures.clear()
    this.output.end(ending)
    this.#dismissWhenQuiet()
  }

  /** Workers end when no handler uses what they were set up with. */
  #dismissWhenQuiet(): void {
    if (this.#isDismissed || this.#works.running > 0) return
    this.#isDismissed = true
    void this.#crew.dismiss().then(failed => {
      for (const { worker, error } of failed) {
        this.#host.failed(this, { error, worker, sequence: undefined, attempts: 1 })
      }
      this.#host.ended(this)
    })
  }

  /** The grace period is over: workers end, whatever their handlers do. */
  giveUp(): void {
    if (this.#isDismissed) return
    this.#isDismissed = true
    void this.#crew.dismiss()
  }

  /* ── looking in ────────────────────────────────────────────────────────── */

  /** Who holds what: `pipeline/stage#worker item sequence`. A generator at rest holds nothing up: it waits for room. */
  holders(): string[] {
    const running = this.#works.all().filter(work => work.isRunning && !work.isAtRest)
    return running.map(work => `${work.worker.address} item ${work.sequence}`)
  }

  snapshot(now: number): StageSnapshot {
    const { workers } = this.plan
    return {
      stage: this.plan.name,
      workers,
      received: this.received,
      emitted: this.emitted,
      queued: this.input.count,
      restarts: this.#crew.restarts,
      deadLetters: this.#exit.deadLetters,
      dropped: this.input.dropped,
      ...this.#meter.snapshot(now, workers),
    }
  }
}
