/**
 * A stage in this event loop: takes items from the channel before it, has them handled, and hands on what they led to.
 *
 *                    frame, synchronous
 *              ┌───────── kernel ──────────┐
 *     input ───┤                           ├──▶ output
 *              └ claim ▶ attempt ▶ settled ┘
 *                one item ▲       │   in order of the inputs, or as they finish
 *                         └ retry ┘
 *
 * Two ways lead through. While nothing is under way and nothing special was asked for, a frame of items runs through a
 * kernel, in order, and its outputs are in the next channel when it returns. An item that needs more than that (it is
 * asynchronous, yields, failed, has a key …) is a *work*: it is claimed, attempted, settled, and committed in order.
 *
 * What is under way is bounded: a work is claimed only while those not yet committed, with what waits in the output, are
 * fewer than the larger of the output's capacity and the slots of the workers. So a slow item holds up the rest only when
 * that window is full, and what was computed and not yet read never exceeds the sum of the capacities.
 */
import type { Channel } from '../channel/channel.ts'
import { FrameCutter } from '../channel/frame-cutter.ts'
import { type Frame, FrameTable } from '../channel/frame-table.ts'
import { fullness, offer } from '../channel/overflow.ts'
import { ReorderBuffer } from '../channel/reorder-buffer.ts'
import { type Tag, Ticket } from '../channel/ticket.ts'
import type { Clock } from '../clock.ts'
import { ChannelFull, InvalidKey, InvalidOption, ItemTimeout, StateLost } from '../errors.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { StageSnapshot } from '../metrics/snapshot.ts'
import { spreadOf } from '../metrics/spread.ts'
import type { Kernel, Scratch } from '../runtime/inline/kernel.ts'
import { Attempts } from './attempt.ts'
import { Charges, type Verdict } from './charges.ts'
import { Crew } from './crew.ts'
import type { Feed } from './feed.ts'
import { type KeyState, Keys } from './keys.ts'
import type { Failure, FailurePolicy, StagePlan } from './plan.ts'
import { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'

/** What stopped a stage. */
export interface Fault {
  readonly error: unknown
  readonly worker: number
  readonly sequence: number | undefined
  readonly attempts: number
}

/** What a stage tells the run that it belongs to. */
export interface StageHost {
  readonly clock: Clock
  /** The time as of a moment ago: exact enough to say how long an item waited, and free. */
  readonly time: number
  /** Work was done in this turn, for about so many ms; true when it is time to let others have the event loop. */
  spend(millis: number): boolean
  /** The stage has something to do: have it advance soon. */
  wake(): void
  /** Something happened: has every stage advance that has something to do, now, unless that is under way. */
  pump(): void
  /** Within the pump: it goes round once more. Outside of it whoever called pumps. */
  touched(): void
  /** The item that stopped the stage is the next one in order; everything before it has been handed on. */
  failed(stage: Stage, fault: Fault): void
  /** A failure that changes nothing any more, because another one came first in the order. */
  suppressed(error: unknown): void
  /** `isHeard`: whoever asked for the item was told. */
  deadLetter(stage: Stage, failure: Failure, isHeard: boolean): void
  dropped(stage: string, count: number): void
  itemsEnded(stage: Stage, items: number, dead: boolean): void
  workerFailed(stage: Stage, worker: number, error: unknown): void
  workerRestarted(stage: Stage, worker: number, restarts: number): void
  stateLost(stage: Stage, keys: number): void
  mayRestart(stage: Stage): boolean
  backoff(restart: number): number
  started(stage: Stage): void
  /** Ended, and its workers are gone. */
  ended(stage: Stage): void
  /** A handler that was running when the stage was torn down has ended. */
  quiet(): void
  /** Results left, whose source item came in at `bornAt`. */
  latency(bornAt: number, items: number): void
}

type Phase = 'starting' | 'running' | 'flushing' | 'ended' | 'abandoned'

export class Stage {
  readonly plan: StagePlan
  readonly input: Channel
  readonly output: Channel
  /** Its number in the row. */
  readonly index: number
  /** Its outputs are the results of the run. */
  readonly isLast: boolean
  /** It has, or may have, something to do. */
  isReady = true
  received = 0
  emitted = 0
  deadLetters = 0
  /** Items that the stage held when it was torn down. */
  unfinished = 0

  readonly #host: StageHost
  readonly #table = new FrameTable()
  readonly #cutter: FrameCutter
  readonly #reorder = new ReorderBuffer<Work>()
  readonly #crew: Crew
  readonly #keys: Keys
  readonly #attempts: Attempts
  readonly #charges: Charges
  readonly #scratch: Scratch
  /** `order: 'completion'`: settled works that wait for room, oldest first. */
  readonly #finished: Work[] = []
  /** Every work that is not committed. */
  readonly #open = new Set<Work>()
  /** Streaming works whose generator waits for room. */
  readonly #streams = new Set<Work>()
  readonly #pool: Work[] = []
  /** The work whose context a kernel uses. */
  #spare: Work
  /** Slots of items done with, which the writer before gets back when this stage asks for its next item. */
  readonly #holds: Ticket[] = []
  /** Slots taken of `inFlight`. */
  #held = 0
  /** Works whose handler runs. */
  #running = 0
  /** Works that were settled, ever. */
  #settles = 0
  #phase: Phase = 'starting'
  /** An item has failed that stops the pipeline: nothing that comes after it is worth claiming. */
  #isFailing = false
  #flushes: KeyState[] = []
  /** One for each worker, where the body is a feed. */
  #feeds: (Feed | undefined)[] = []
  #feedsOpen = 0
  /** What a feed emitted with no item in hand, waiting for room. */
  #extras: unknown[] = []
  #sweep: unknown = undefined
  #sweepAt = Infinity
  #busyMs = 0
  #startedAt = 0
  #sample = 0
  #service = new Histogram()
  #waiting = new Histogram()
  /** Whether the whole of a frame may go through a kernel. */
  readonly #isPlain: boolean
  readonly #isKeyed: boolean
  readonly #isOrdered: boolean

  constructor(
    plan: StagePlan,
    input: Channel,
    output: Channel,
    index: number,
    next: StagePlan | undefined,
    host: StageHost,
    frameMost = 1024,
  ) {
    this.plan = plan
    this.input = input
    this.output = output
    this.index = index
    this.isLast = next === undefined
    this.#host = host
    this.#crew = new Crew(plan, {
      clock: host.clock,
      workerFailed: (worker, error) => host.workerFailed(this, worker.index, error),
      workerGone: worker => this.#loseState(worker),
      workerRestarted: worker => {
        host.workerRestarted(this, worker.index, worker.restarts)
        this.#employ(worker)
        this.wake()
      },
      mayRestart: () => host.mayRestart(this),
      backoff: restart => host.backoff(restart),
      gaveUp: (worker, error) => this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 }),
    })
    this.#keys = new Keys(plan.workers)
    this.#attempts = new Attempts(
      plan,
      {
        settled: work => this.#settled(work),
        threw: (work, error) => this.#threw(work, error),
        pump: () => host.pump(),
        leave: work => void this.#leave(work),
        patience: work => this.#patience(work),
      },
    )
    this.#charges = new Charges(plan)
    const { body } = plan
    const stateful = body.kind === 'behaviour' && body.stateful
    this.#isKeyed = plan.keyOf !== undefined
    this.#isOrdered = plan.order === 'input'
    this.#isPlain =
      body.kind !== 'feed' &&
      !this.#isKeyed &&
      this.#isOrdered &&
      !plan.schema &&
      plan.timeout === Infinity &&
      plan.inFlight === Infinity &&
      plan.emit === 'whole' &&
      !input.tagged &&
      input.capacity.items > 0 &&
      output.capacity.items > 0 &&
      (next === undefined || next.overflow === 'wait') &&
      !(stateful && body.snapshot)
    this.#kernel = body.kind === 'feed' ? undefined : body.kernel
    this.#overflow = next?.overflow ?? 'wait'
    this.#nextName = next?.name ?? 'output'
    this.#cutter = new FrameCutter({ single: !this.#isPlain, most: frameMost })
    this.#spare = new Work(this.#works)
    this.#scratch = {
      bytes: 0,
      result: undefined,
      threw: false,
      stopped: false,
      step: 0,
      value: undefined,
      weighing: output.capacity.bytes !== Infinity,
      limit: Infinity,
      interrupted: false,
    }
    input.onItems = () => this.wake()
    input.readerWaits = () => this.#mayClaim() && (this.#isKeyed || this.#crew.idle() !== undefined)
    output.onRoom = () => this.wake()
  }

  readonly #overflow: StagePlan['overflow']
  readonly #nextName: string
  readonly #kernel: Kernel | undefined

  /** What works ask for. */
  readonly #works = {
    resolved: (work: Work, value: unknown) => {
      this.#attempts.resolved(work, value)
      this.#host.pump()
    },
    rejected: (work: Work, error: unknown) => {
      this.#threw(work, error)
      this.#host.pump()
    },
    progressed: (work: Work) => {
      work.startedAt = this.#host.clock.now()
    },
    forgot: () => {
      this.#scratch.interrupted = true
    },
    endOfBatch: (sequence: number) => sequence === this.input.arrived - 1,
    self: undefined as unknown,
    aborted: false,
  }

  get place(): string {
    return `${this.plan.pipeline}/${this.plan.name}`
  }

  get restarts(): number {
    return this.#crew.restarts
  }

  /** Handlers that run at this moment. */
  get running(): number {
    return this.#running
  }

  /** Grows with whatever happens. */
  get moves(): number {
    return this.received + this.emitted + this.#settles
  }

  get isOver(): boolean {
    return this.#phase === 'ended' || this.#phase === 'abandoned'
  }

  wake(): void {
    this.isReady = true
    this.#host.wake()
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  start(): void {
    const { body } = this.plan
    this.#startedAt = this.#host.clock.now()
    this.#works.self = body.kind === 'behaviour' ? body.self : undefined
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
    if (body.kind === 'feed') this.#crew.workers.forEach(worker => this.#openFeed(worker))
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
    this.#commitAll()
    while (this.#phase === 'running' && !this.#isFailing) {
      if (this.#open.size === 0 && this.#isPlain && this.#mayRunFrame()) {
        if (!this.#runFrame()) break
      } else if (!this.#claimOne()) break
      if (this.#host.spend(0.0005)) return this.wake()
    }
    if (this.input.capacity.items === 0) this.input.release()
    if (this.#open.size === 0 && !this.isOver) this.#maybeEnd()
  }

  #mayRunFrame(): boolean {
    const worker = this.#crew.workers[0]
    return worker !== undefined && !worker.restarting
  }

  /** Runs the next frame through the kernel; false if there was nothing, or no room. */
  #runFrame(): boolean {
    const { input, output } = this
    const room = output.room()
    if (room === 0) {
      output.blocked = true
      return false
    }
    const size = this.#cutter.cut(room)
    if (input.count === 0) input.refill?.(size)
    const available = Math.min(size, input.ready())
    if (available === 0) return false
    const { clock } = this.#host
    const frame = this.#table.claim(0, input.taken + available, available)!
    const { body } = this.plan
    const spare = this.#spare
    spare.worker = this.#crew.workers[0]!
    const scratch = this.#scratch
    scratch.limit = output.capacity.bytes - output.bytes
    const from = input.cursor
    const { tail } = output
    const before = tail.length
    const key = body.kind === 'behaviour' && body.stateful ? this.#keys.of(undefined, frame.from) : undefined
    if (key && body.kind === 'behaviour' && body.start && !key.started) return this.#single(frame)
    spare.key = key
    const startedAt = clock.now()
    const stopped = this.#kernel!(
      input.head,
      from,
      from + available,
      tail,
      frame.from,
      spare.context,
      key?.state,
      scratch,
    )
    const now = clock.now()
    const done = stopped - from
    const spent = now - startedAt
    this.#timed(startedAt - input.enteredAt, spent, done + (scratch.stopped ? 1 : 0))
    const { bornAt } = input
    const pushed = tail.length - before
    scratch.interrupted = false
    if (spare.forget && !scratch.stopped) this.#forgetSpare(key)
    if (done > 0) {
      if (done < available) this.#table.split(frame, frame.from + done)
      this.#table.commit(frame, 0, frame.epoch)
      this.#reorder.put(frame.from, frame.to, spare)
      this.#reorder.shift()
      input.passed(done)
      this.received += done
      this.#host.itemsEnded(this, done, false)
      this.emitted += pushed
      if (pushed > 0) {
        output.pushed(pushed, scratch.bytes, bornAt, now)
        if (this.isLast) this.#host.latency(bornAt, pushed)
      }
    }
    if (scratch.stopped) this.#stoppedAt(done > 0 ? this.#table.claim(0, input.taken + 1, 1)! : this.#shorten(frame))
    this.#host.spend(spent)
    return true
  }

  #shorten(frame: Frame): Frame {
    this.#table.split(frame, frame.from + 1)
    return frame
  }

  /** The kernel stopped at this item, whose handler has been called. */
  #stoppedAt(frame: Frame): void {
    const work = this.#spare
    const scratch = this.#scratch
    this.#spare = this.#pool.pop() ?? new Work(this.#works)
    this.#take(work, frame, this.#crew.workers[0]!)
    const { result, threw, step, value } = scratch
    scratch.result = undefined
    scratch.value = undefined
    if (work.key) work.key.busy = work
    this.#startWork(work)
    if (threw) this.#threw(work, result)
    else if (this.plan.body.kind === 'fused') this.#attempts.acceptFused(work, step, value, result)
    else this.#attempts.accept(work, result)
  }

  /** The state of an unkeyed actor has to be started anew: that item goes the long way. */
  #single(frame: Frame): boolean {
    this.#table.split(frame, frame.from + 1)
    const work = this.#pool.pop() ?? new Work(this.#works)
    this.#take(work, frame, this.#crew.workers[0]!)
    work.key = this.#keys.of(undefined, frame.from)
    work.key.busy = work
    this.#startWork(work)
    this.#attempts.begin(work)
    return true
  }

  #forgetSpare(key: KeyState | undefined): void {
    this.#spare.forget = false
    if (key) this.#keys.forget(key)
  }

  #timed(waitedMs: number, spentMs: number, items: number): void {
    this.#cutter.measured(items, spentMs)
    this.#busyMs += spentMs
    if (items === 0) return
    this.#service.record((spentMs * 1e6) / items, items)
    this.#waiting.record(Math.max(0, waitedMs) * 1e6, items)
  }

  /* ── claiming ──────────────────────────────────────────────────────────── */

  #mayClaim(): boolean {
    if (this.#phase !== 'running' || this.#isFailing) return false
    if (this.#held >= this.plan.inFlight) return false
    if (!this.#isKeyed && this.#running >= this.#crew.slots) return false
    if (this.#crew.slots === 0) return false
    return this.#hasWindow()
  }

  /** Whether one item more may be under way, or wait for its turn. */
  #hasWindow(): boolean {
    const { output } = this
    const window = Math.max(output.capacity.items, this.#crew.slots)
    if (this.#overflow !== 'wait') return this.#open.size < window
    if (output.bytes < output.capacity.bytes && this.#open.size + output.count < window) return true
    output.blocked = true
    return false
  }

  /** Claims the next item and begins it; false if there is none, or it has to wait. */
  #claimOne(): boolean {
    const { input } = this
    if (!this.#mayClaim()) return false
    const worker = this.#isKeyed ? undefined : this.#crew.idle()
    if (!this.#isKeyed && !worker) return false
    for (let hold = this.#holds.pop(); hold; hold = this.#holds.pop()) hold.close()
    if (input.count === 0) input.refill?.(1)
    if (input.ready() === 0) return false
    if (this.#isKeyed) return this.#claimKeyed()
    const frame = this.#table.claim(worker!.index, input.taken + 1, 1)!
    const work = this.#pool.pop() ?? new Work(this.#works)
    this.#take(work, frame, worker!)
    const { body } = this.plan
    if (body.kind === 'behaviour' && body.stateful) {
      work.key = this.#keys.of(undefined, work.sequence)
      work.key.busy = work
    }
    this.#startWork(work)
    this.#run(work)
    return true
  }

  /** An item goes to the worker that owns its key; there it waits until its key is free and the worker is. */
  #claimKeyed(): boolean {
    const { input } = this
    const item = input.head[input.cursor]
    let key: KeyState | undefined
    let failed = false
    let error: unknown
    try {
      const given = this.plan.keyOf!(item)
      if (typeof given !== 'string' && typeof given !== 'number') throw new InvalidKey(given)
      key = this.#keys.of(given, input.taken)
    } catch (thrown) {
      failed = true
      error = thrown
    }
    const worker = this.#crew.workers[key?.worker ?? 0]!
    const waits = key?.busy !== undefined || worker.restarting || worker.inHand >= this.plan.concurrency
    if (waits && input.capacity.items === 0) return false
    const frame = this.#table.claim(worker.index, input.taken + 1, 1)!
    const work = this.#pool.pop() ?? new Work(this.#works)
    this.#take(work, frame, worker)
    if (failed) {
      this.#startWork(work)
      work.attempts = this.plan.attempts
      this.#giveUp(work, error)
      return true
    }
    work.key = key
    if (key!.busy) key!.line.push(work)
    else {
      key!.busy = work
      worker.enqueue(work)
    }
    this.#employ(worker)
    return true
  }

  /** Gives a worker what waits for it, as far as it may take more. */
  #employ(worker: InlineWorker): void {
    while (worker.line.length > 0 && worker.inHand < this.plan.concurrency) {
      // A worker that is to be restarted waits for what it has in hand; if that streams, it waits for the lowest item to
      // leave before it: so that one is still begun.
      const first = worker.line[0]!
      const isAwaited = worker.inHand > 0 && this.plan.emit === 'streaming' && this.#reorder.next === first.sequence
      if (worker.restarting && !isAwaited) return
      const work = worker.line.shift()!
      this.#startWork(work)
      this.#run(work)
    }
  }

  /** Takes the item at the head of the input. */
  #take(work: Work, frame: Frame, worker: InlineWorker): void {
    const { input } = this
    work.frame = frame
    work.epoch = frame.epoch
    work.worker = worker
    work.sequence = frame.from
    work.context.sequence = frame.from
    work.tag = input.tag
    work.bornAt = input.bornAt
    const time = this.#host.time
    if ((frame.from & 15) === 0) this.#waiting.record(Math.max(0, time - input.enteredAt) * 1e6, 16)
    work.item = input.take()
    this.received++
    this.#open.add(work)
    if (this.plan.inFlight !== Infinity) {
      this.#held++
      work.hold = new Ticket(() => {
        this.#held--
        this.wake()
      })
    }
  }

  #startWork(work: Work): void {
    this.#running++
    work.isRunning = true
    work.worker.inHand++
    const { timeout, attempts } = this.plan
    if (timeout !== Infinity || attempts > 1) work.startedAt = this.#host.clock.now()
    if (timeout !== Infinity) this.#sweepBy(work.startedAt + timeout)
    // Timing an item costs as much as a light one does: one in sixteen, unless they are heavy.
    if (this.#isHeavy || (this.#sample++ & 15) === 0) {
      work.timedAt = this.#host.clock.now()
      work.timedFor = this.#isHeavy ? 1 : 16
    }
  }

  #isHeavy = false

  #run(work: Work): void {
    if (work.tag?.origin?.isOver(this.index)) return this.#settled(work)
    if (this.plan.body.kind === 'feed') return this.#feed(work)
    this.#attempts.begin(work)
  }

  /* ── what becomes of a work ────────────────────────────────────────────── */

  /** The handler is done with the item, well or not: the worker is free, the item waits for its turn. */
  #settled(work: Work): void {
    if (work.settled) return
    this.#settles++
    work.settled = true
    work.isRunning = false
    this.#running--
    const { worker, key } = work
    worker.inHand--
    if (work.timedAt >= 0) this.#timeWork(work)
    if (key) this.#release(work, key)
    if (this.isOver) {
      // Torn down meanwhile: nothing is handed on any more.
      this.#open.delete(work)
      this.#host.quiet()
      return
    }
    if (worker.restarting && worker.inHand === 0) this.#crew.emptied(worker)
    if (work.frame && this.#isOrdered) this.#reorder.put(work.frame.from, work.frame.to, work)
    else this.#finished.push(work)
    this.#commitAll()
    this.isReady = true
    this.#host.touched()
  }

  #timeWork(work: Work): void {
    const spent = this.#host.clock.now() - work.timedAt
    this.#service.record(Math.max(0, spent) * 1e6, work.timedFor)
    this.#busyMs += spent * work.timedFor
    this.#isHeavy = spent > 0.05
  }

  /** The item is done with its key: the next in line has it. */
  #release(work: Work, key: KeyState): void {
    const { body } = this.plan
    if (body.kind === 'behaviour' && body.snapshot && key.started && !work.failure) {
      try {
        key.saved = body.snapshot(key.state)
        key.isSaved = true
      } catch (error) {
        this.#giveUp(work, error, true)
      }
    }
    const next = key.line.shift()
    key.busy = next
    if (next) next.worker.enqueue(next)
    if (work.forget) this.#keys.forget(key)
    if (this.#isKeyed && !this.isOver) this.#employ(work.worker)
  }

  #threw(work: Work, error: unknown): void {
    if (work.settled || work.over) return
    work.cancel = undefined
    work.iterator = undefined
    work.isPulling = false
    if (this.isOver) {
      // Handlers that end because they were told to are no failures.
      return this.#settled(work)
    }
    if (work.tag?.origin?.isOver(this.index)) return this.#settled(work)
    const now = this.plan.attempts > 1 ? this.#host.clock.now() : 0
    let verdict: Verdict
    try {
      verdict = this.#charges.threw(work, now - work.startedAt, this.plan.timeout)
    } catch (thrown) {
      // A backoff that throws says nothing about the wait: there is no other attempt.
      this.#host.suppressed(thrown)
      return this.#giveUp(work, error)
    }
    if (!verdict.again) return this.#giveUp(work, error)
    if (verdict.after === 0) return this.#attempts.begin(work)
    const timer = this.#host.clock.setTimeout(() => {
      work.cancel = undefined
      if (work.over || work.settled) return
      if (this.isOver) return this.#settled(work)
      this.#attempts.begin(work)
      this.wake()
    }, verdict.after)
    work.cancel = () => this.#host.clock.clearTimeout(timer)
  }

  /** No attempt is left: what the failure costs is the policy's to say. */
  #giveUp(work: Work, error: unknown, isSettled = false): void {
    const { plan } = this
    const failure: Failure = {
      stage: plan.name,
      worker: work.worker.index,
      sequence: work.sequence,
      ...(work.key?.key === undefined ? {} : { key: work.key.key }),
      item: work.item,
      error,
      attempts: work.attempts,
      deaths: work.deaths,
    }
    let policy: FailurePolicy = 'stop'
    let cause = error
    try {
      const said = typeof plan.onFailure === 'function' ? plan.onFailure(failure) : plan.onFailure
      if (said !== 'stop' && said !== 'skip' && said !== 'restart') {
        throw new InvalidOption('onFailure', "give 'stop', 'skip' or 'restart'", said, this.place)
      }
      policy = said
    } catch (thrown) {
      this.#host.suppressed(thrown)
    }
    if (policy === 'restart') {
      const lost = this.#mustKeep(work)
      if (lost > 0) {
        policy = 'stop'
        cause = Object.assign(new StateLost(lost), { cause: error })
      } else this.#crew.restart(work.worker, error)
    }
    // What was yielded before has left, or is as good as gone: only whole outputs are taken back.
    if (plan.emit === 'whole') work.clearOutputs()
    work.forget = false
    work.failure = { ...failure, error: cause, policy }
    if (policy === 'stop' && !work.tag?.origin?.asker?.contains) this.#isFailing = true
    if (!isSettled) this.#settled(work)
  }

  /**
   * How many states would be lost with a worker that may not be: neither saved nor volatile. At least one: whether this
   * worker has any just now depends on how many workers there are, and the answer must not.
   */
  #mustKeep({ worker }: Work): number {
    const { body } = this.plan
    if (body.kind !== 'behaviour' || !body.stateful || body.snapshot || body.volatile) return 0
    return Math.max(1, this.#keys.ownedBy(worker.index).filter(key => key.started).length)
  }

  /** A worker with nothing in hand goes: its keys go back to what was saved of them, or begin anew. */
  #loseState(worker: InlineWorker): void {
    let lost = 0
    for (const key of this.#keys.ownedBy(worker.index)) {
      if (!key.started) continue
      if (key.isSaved) key.started = false
      else {
        lost++
        this.#keys.forget(key)
      }
    }
    const { body } = this.plan
    if (lost > 0 && body.kind === 'behaviour' && !body.snapshot) this.#host.stateLost(this, lost)
  }

  /* ── timeouts ──────────────────────────────────────────────────────────── */

  /** Looks at the clock no later than `at`. One timer for the stage, not one for each item. */
  #sweepBy(at: number): void {
    if (at >= this.#sweepAt) return
    if (this.#sweep !== undefined) this.#host.clock.clearTimeout(this.#sweep)
    this.#sweepAt = at
    this.#sweep = this.#host.clock.setTimeout(() => this.#sweepNow(), Math.max(0, at - this.#host.clock.now()))
  }

  #sweepNow(): void {
    this.#sweep = undefined
    this.#sweepAt = Infinity
    const now = this.#host.clock.now()
    let next = Infinity
    for (const work of [...this.#open]) {
      if (!work.isRunning) continue
      const due = work.startedAt + this.plan.timeout
      if (now >= due) this.#timedOut(work)
      else if (due < next) next = due
    }
    if (next !== Infinity) this.#sweepBy(next)
    this.#host.wake()
  }

  /** Its handler may still be running: another work takes its place in the order, and nobody listens to this one. */
  #timedOut(work: Work): void {
    const heir = new Work(this.#works)
    heir.worker = work.worker
    heir.frame = work.frame
    heir.epoch = work.epoch
    heir.sequence = work.sequence
    heir.context.sequence = work.sequence
    heir.item = work.item
    heir.tag = work.tag
    heir.key = work.key
    heir.bornAt = work.bornAt
    heir.attempts = work.attempts + 1
    heir.hold = work.hold
    heir.isRunning = true
    if (heir.key) heir.key.busy = heir
    work.over = true
    this.#open.delete(work)
    this.#streams.delete(work)
    this.#open.add(heir)
    const error = new ItemTimeout(this.plan.timeout)
    work.abort(error)
    this.#giveUp(heir, error)
  }

  /* ── committing ────────────────────────────────────────────────────────── */

  /** Hands on what is settled and next in order, as far as there is room. */
  #commitAll(): void {
    if (this.isOver) return
    if (this.#streams.size > 0) this.#flow()
    if ((this.#extras.length > 0 || this.#roomWaits.length > 0) && !this.#leaveExtras()) return
    if (this.#isOrdered) {
      for (let work = this.#reorder.peek(); work && this.#commit(work); work = this.#reorder.peek()) {
        this.#reorder.shift()
        this.#recycle(work)
        if (this.isOver) return
        // Another item is the lowest now: if it streams, what it has yielded may leave.
        if (this.#streams.size > 0) {
          this.#flow()
          if (this.#isKeyed) for (const worker of this.#crew.workers) this.#employ(worker)
        }
      }
    }
    if (this.#finished.length > 0) this.#commitFinished()
  }

  /** Streaming works let go of what they may, and ask their generators for more. */
  #flow(): void {
    for (const work of this.#streams) {
      this.#leave(work)
      this.#attempts.resume(work)
    }
  }

  /** Those that need not wait for their turn: as they finished, or what is flushed. */
  #commitFinished(): void {
    const waiting: Work[] = []
    for (const work of this.#finished.splice(0)) {
      if (this.isOver) return
      if (this.#commit(work)) this.#recycle(work)
      else waiting.push(work)
    }
    this.#finished.unshift(...waiting)
  }

  /** Hands on all that one item led to; false if it has to wait. */
  #commit(work: Work): boolean {
    const { failure, tag } = work
    if (tag?.origin?.isOver(this.index)) work.clearOutputs()
    if (!this.#leave(work)) return false
    if (failure?.policy === 'stop' && !tag?.origin?.asker?.contains) return this.#commitStop(work)
    if (work.frame && !this.#table.commit(work.frame, work.worker.index, work.epoch)) return true
    if (failure) this.#commitDead(work)
    tag?.origin?.close()
    if (tag?.hold) this.#holds.push(tag.hold)
    work.hold?.close()
    this.#host.itemsEnded(this, 1, failure !== undefined)
    return true
  }

  /** This failure ends the stage: but first everything before it has to be handed on. */
  #commitStop(work: Work): boolean {
    if (!this.#isOrdered && work.frame && this.#table.lowest() !== work.frame.from) return false
    const { error, attempts, worker, sequence } = work.failure!
    this.#open.delete(work)
    this.#stop({ error, worker, sequence, attempts })
    return true
  }

  /** The item is given up: whoever asked for it is told, or else everybody. */
  #commitDead(work: Work): void {
    const { policy, ...failure } = work.failure!
    const origin = work.tag?.origin
    const asker = origin?.asker
    if (asker && (policy === 'stop' || !asker.contains)) {
      origin.failedAt = this.index
      asker.fail(this.plan.pipeline, failure)
    }
    if (policy === 'stop') return
    this.deadLetters++
    this.#host.deadLetter(this, failure, asker !== undefined && !asker.contains)
  }

  /** Lets the outputs of a work leave; false if some have to wait for room. */
  #leave(work: Work): boolean {
    const { one, many } = work
    if (one === undefined && (many === undefined || many.length === 0)) return true
    const tag = this.#tagFor(work)
    if (this.plan.emit === 'streaming') return this.#leaveStreaming(work, many!, tag)
    if (tag?.origin?.asker && this.isLast) {
      if (many) for (const value of many) tag.origin.asker.take(value)
      else tag.origin.asker.take(one)
      this.emitted += many?.length ?? 1
      work.one = undefined
      work.many = undefined
      return true
    }
    if (this.#overflow === 'wait' && this.output.full()) {
      this.output.blocked = true
      return false
    }
    if (many) {
      tag?.origin?.add(many.length)
      tag?.hold?.add(many.length)
      for (const value of many) this.#put(value, tag, work.bornAt)
    } else {
      tag?.origin?.add(1)
      tag?.hold?.add(1)
      this.#put(one, tag, work.bornAt)
    }
    work.one = undefined
    work.many = undefined
    return true
  }

  /** Each output leaves as it comes: of the lowest open item, where the order is that of the input. */
  #leaveStreaming(work: Work, many: unknown[], tag: Tag | undefined): boolean {
    if (this.isOver || (this.#isOrdered && work.frame && this.#reorder.next !== work.frame.from)) return false
    const toAsker = this.isLast ? tag?.origin?.asker : undefined
    let left = 0
    while (left < many.length && (toAsker || this.#overflow !== 'wait' || !this.output.full())) {
      const value = many[left++]
      if (toAsker) {
        toAsker.take(value)
        this.emitted++
      } else {
        tag?.origin?.add(1)
        tag?.hold?.add(1)
        this.#put(value, tag, work.bornAt)
      }
    }
    many.splice(0, left)
    if (many.length === 0) return true
    this.output.blocked = true
    return false
  }

  /** How many outputs of a streaming work may wait before its generator is asked for no more. */
  #patience(work: Work): number {
    if (this.isOver) return -1
    if (this.plan.emit === 'whole') return Infinity
    this.#streams.add(work)
    const streams = !this.#isOrdered || !work.frame || this.#reorder.next === work.frame.from
    if (streams && (this.#overflow !== 'wait' || !this.output.full())) return Infinity
    this.output.blocked = true
    return streams ? 1 : Math.max(1, this.output.capacity.items)
  }

  #tagFor(work: Work): Tag | undefined {
    const origin = work.tag?.origin
    return origin || work.hold ? { origin, hold: work.hold } : undefined
  }

  /** Puts one output into the channel, or does what it does when it is full. */
  #put(value: unknown, tag: Tag | undefined, bornAt: number): void {
    this.emitted++
    if (this.isLast) this.#host.latency(bornAt, 1)
    const fate = offer(this.output, this.#overflow, value, tag, bornAt, this.#host.time)
    if (fate === 'dropped') this.#host.dropped(this.#nextName, this.output.dropped)
    if (fate !== 'full') return
    const error = new ChannelFull(this.#nextName, fullness(this.output))
    this.#stop({ error, worker: 0, sequence: undefined, attempts: 1 })
  }

  #recycle(work: Work): void {
    this.#open.delete(work)
    this.#streams.delete(work)
    if (work.over) return
    work.clear()
    if (this.#pool.length < 64) this.#pool.push(work)
  }

  /* ── feeds ─────────────────────────────────────────────────────────────── */

  #openFeed(worker: InlineWorker): void {
    const { body } = this.plan
    if (body.kind !== 'feed') return
    let isOpen = true
    worker.retired = false
    const context = new Work(this.#works)
    context.worker = worker
    this.#feedsOpen++
    const close = () => {
      isOpen = false
      this.#feedsOpen--
      worker.retired = true
      if (this.#feeds[worker.index] === feed) this.#feeds[worker.index] = undefined
    }
    const inHand = () => this.#fed[worker.index]
    let feed: Feed | undefined
    feed = body.open({
      context: context.context,
      emit: value => {
        if (!isOpen || value === undefined || this.isOver) return
        const work = inHand()
        try {
          if (work) this.#attempts.emit(work, value)
          else {
            this.#extras.push(value)
            this.wake()
          }
        } catch (error) {
          this.#feedFailed(worker, error)
        }
      },
      taken: () => {
        const work = inHand()
        if (!isOpen || !work) return
        this.#fed[worker.index] = undefined
        this.#settled(work)
        this.#host.wake()
      },
      ended: () => {
        if (!isOpen) return
        close()
        const work = inHand()
        this.#fed[worker.index] = undefined
        if (work) this.#settled(work)
        this.wake()
      },
      failed: error => {
        if (!isOpen) return
        close()
        this.#feedFailed(worker, error)
      },
      room: () => {
        const waits = this.#extras.length > 0 || (this.plan.emit === 'streaming' && (inHand()?.many?.length ?? 0) > 0)
        return waits && !this.isOver ? new Promise<void>(resolve => this.#roomWaits.push(resolve)) : undefined
      },
    })
    if (isOpen) this.#feeds[worker.index] = feed
    this.#feedContexts[worker.index] = context
  }

  /** The item that each worker's feed has in hand. */
  readonly #fed: (Work | undefined)[] = []
  /** Feeds that wait until what they emitted has left. */
  readonly #roomWaits: (() => void)[] = []
  readonly #feedContexts: Work[] = []

  #feed(work: Work): void {
    const { index } = work.worker
    const feed = this.#feeds[index]
    if (!feed) return this.#settled(work)
    const context = this.#feedContexts[index]!.context
    context.sequence = work.sequence
    this.#fed[index] = work
    try {
      feed.push(work.item)
    } catch (error) {
      this.#feedFailed(work.worker, error)
    }
  }

  #feedFailed(worker: InlineWorker, error: unknown): void {
    const work = this.#fed[worker.index]
    this.#fed[worker.index] = undefined
    this.#feeds[worker.index]?.cancel()
    if (!work) return this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
    work.attempts = this.plan.attempts
    this.#giveUp(work, error)
    if (!this.#isFailing && !this.isOver) this.#openFeed(worker)
    this.#host.wake()
  }

  /** What a feed emitted between items goes out as it came. */
  #leaveExtras(): boolean {
    while (this.#extras.length > 0 && !this.output.full()) this.#put(this.#extras.shift(), undefined, this.#host.time)
    if (this.#extras.length === 0) {
      for (const resolve of this.#roomWaits.splice(0)) resolve()
      return true
    }
    this.output.blocked = true
    return false
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  #maybeEnd(): void {
    const { body } = this.plan
    const isSpent = this.input.count === 0 && this.input.ending !== 'open'
    if (body.kind === 'feed') {
      const feeds = this.#feedsOpen
      if (feeds > 0 && isSpent && this.#phase === 'running') {
        this.#phase = 'flushing'
        if (this.input.ending === 'failed') return this.#finish()
        for (const feed of [...this.#feeds]) feed?.end()
        return
      }
      const isOver = this.#feedsOpen === 0 && this.#extras.length === 0 && this.#crew.slots > 0
      if (isOver && this.#phase !== 'ended') this.#finish()
      return
    }
    if (!isSpent) return
    if (this.#phase === 'running') {
      if (this.input.ending === 'done' && body.kind === 'behaviour' && body.flush) {
        this.#flushes = this.#keys.inOrder()
      }
      this.#phase = 'flushing'
    }
    const key = this.#flushes.shift()
    if (key) this.#flush(key)
    else this.#finish()
  }

  #flush(key: KeyState): void {
    const work = this.#pool.pop() ?? new Work(this.#works)
    work.worker = this.#crew.workers[key.worker]!
    work.sequence = this.received
    work.context.sequence = this.received
    work.key = key
    work.bornAt = this.#host.time
    key.busy = work
    this.#open.add(work)
    this.#startWork(work)
    this.#attempts.begin(work)
  }

  /** Everything has been handed on. */
  #finish(): void {
    const ending = this.input.ending === 'failed' ? 'failed' : 'done'
    this.#phase = 'ended'
    // A body that ended before its input did leaves the rest where it is.
    this.unfinished += this.input.clear()
    this.#clearTimers()
    for (const hold of this.#holds.splice(0)) hold.close()
    for (const feed of this.#feeds) feed?.cancel()
    this.output.end(ending)
    this.#leaveTeam()
  }

  #stop(fault: Fault): void {
    if (this.isOver) return this.#host.suppressed(fault.error)
    this.#host.failed(this, fault)
  }

  /**
   * Takes no more, hands on no more; handlers that run are told by their signal. The output ends as `failed` where items
   * before the failure are still on their way.
   */
  abandon(reason: unknown): void {
    if (this.isOver) return
    this.#phase = 'abandoned'
    this.#works.aborted = true
    this.unfinished += this.#open.size + this.input.clear() + this.#extras.length
    for (const work of [...this.#open]) {
      if (work.failure?.policy === 'stop') this.#host.suppressed(work.failure.error)
      if (!work.isRunning) {
        this.#open.delete(work)
        continue
      }
      // What is only waited for (a subscription, a generator at rest, a retry) ends here; a promise has to be waited for.
      const ends = work.cancel !== undefined && !work.isPulling
      work.abort(reason)
      if (ends) this.#settled(work)
    }
    this.#streams.clear()
    this.#spare.abort(reason)
    for (const feed of this.#feeds) feed?.cancel()
    for (const [index, work] of this.#fed.entries()) {
      this.#fed[index] = undefined
      if (work) this.#settled(work)
    }
    this.#clearTimers()
    this.output.end('failed')
    this.#leaveTeam()
  }

  #clearTimers(): void {
    if (this.#sweep !== undefined) this.#host.clock.clearTimeout(this.#sweep)
    this.#sweep = undefined
  }

  #leaveTeam(): void {
    void this.#crew.dismiss().then(errors => {
      for (const error of errors) this.#host.suppressed(error)
      this.#host.ended(this)
    })
  }

  /* ── looking in ────────────────────────────────────────────────────────── */

  /** Who holds what: `pipeline/stage#worker item sequence`. */
  holders(): string[] {
    return [...this.#open].filter(work => work.isRunning).map(work => `${work.worker.address} item ${work.sequence}`)
  }

  snapshot(now: number): StageSnapshot {
    const elapsed = now - this.#startedAt
    const { workers } = this.plan
    return {
      stage: this.plan.name,
      workers,
      received: this.received,
      emitted: this.emitted,
      queued: this.input.count,
      restarts: this.#crew.restarts,
      deadLetters: this.deadLetters,
      dropped: this.input.dropped,
      service: spreadOf(this.#service),
      waiting: spreadOf(this.#waiting),
      occupancy: elapsed > 0 && workers > 0 ? Math.min(1, this.#busyMs / elapsed / workers) : 0,
    }
  }
}
