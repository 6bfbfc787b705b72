/**
 * A run: stages, the channels between them, a source before and readers behind, in one event loop.
 *
 *     source ─▶ channel ─▶ stage ─▶ channel ─▶ stage ─▶ channel ─▶ outlet ─▶ readers
 *
 * The run owns the *pump*: whoever has something to do says `wake`, and the pump lets each advance, the last first, so
 * that what is nearly done goes out before more comes in. It works in slices of some milliseconds and then lets the
 * event loop turn, however much there is to do: a timer, a signal or `stop()` always gets its turn.
 */
import type { Observable } from 'rxjs'
import { createActor } from 'xstate'
import { Channel, type Entered } from '../channel/channel.ts'
import type { Origin } from '../channel/ticket.ts'
import { systemClock } from '../clock.ts'
import {
  GraceExceeded,
  Inactive,
  InvalidOption,
  type MillraceError,
  RunEnded,
  SendAfterEnd,
  StageFailed,
  TooManyDeadLetters,
  TooManyRestarts,
  UnhandledDeadLetters,
  UnknownStage,
  UnreadOutput,
} from '../errors.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { Snapshot } from '../metrics/snapshot.ts'
import { spreadOf } from '../metrics/spread.ts'
import { askOptions, checkOptions, consumeOptions, stopOptions } from '../options.ts'
import type { Failure } from '../stage/plan.ts'
import { Pump } from '../stage/pump.ts'
import { type Fault, Stage, type StageHost } from '../stage/stage.ts'
import { type DeadLetter, DeadLetters } from '../supervisor/dead-letters.ts'
import { runLifecycle } from '../supervisor/lifecycle.ts'
import { RestartBudget } from '../supervisor/restart-budget.ts'
import { Tolerance } from '../supervisor/tolerance.ts'
import { onAbort } from './abort.ts'
import { ask } from './ask.ts'
import type { Blueprint } from './blueprint.ts'
import { Broadcast } from './broadcast.ts'
import type { PipelineEvent, Running, RunOptions, Summary } from './language.ts'
import { nestedBody } from './nested.ts'
import { Outlet } from './outlet.ts'
import { capacityOf, planOf } from './plan.ts'
import { reportUncaught } from './results.ts'
import { connect } from './sources/connect.ts'
import { Entrance } from './sources/entrance.ts'
import { claim } from './sources/kind.ts'
import { SentSource } from './sources/sent.ts'
import type { Source, SourceHost } from './sources/source.ts'

/** What only this package says to a run. */
export interface Internals {
  /** It is a stage of another: a failure that would stop it is that of the item asked for. */
  readonly contained?: { deadLetter(stage: string, letter: Failure): void }
  /** The largest frame, in items. */
  readonly frameMost?: number
}

const unreadMs = 10_000
const defaultGrace = 15_000

export function startRun(blueprint: Blueprint, options: RunOptions = {}, internals: Internals = {}): Running<any, any> {
  return new InlineRun(blueprint, options, internals)
}

/** Why nobody wants the rest. */
interface Cancellation {
  readonly reason?: unknown
  /** The reader has left: that is no failure, whatever came before. */
  readonly isLeft?: boolean
  /** The signal was aborted: `done` rejects with its reason. */
  readonly isError?: boolean
}

class InlineRun implements Running<any, any> {
  readonly done: Promise<Summary>
  readonly output: Observable<any>
  readonly events: Observable<PipelineEvent>
  readonly deadLetters: Observable<DeadLetter>

  readonly #blueprint: Blueprint
  readonly #internals: Internals
  readonly #stages: Stage[]
  readonly #source: Source
  readonly #outlet: Outlet
  readonly #lifecycle
  readonly #letters = new DeadLetters()
  readonly #letterBox: Broadcast<DeadLetter>
  readonly #news: Broadcast<PipelineEvent>
  readonly #budgets = new Map<Stage, RestartBudget>()
  readonly #tolerance: Tolerance | undefined
  readonly #latency = new Histogram()
  readonly #asks = new Set<(error: unknown) => void>()
  readonly #startedAt: number
  readonly #suppressed: unknown[] = []
  /** What stopped the run: the failure that comes first in the order. */
  #fault: { place: string; fault: Fault; last: number } | undefined
  /** What a listener (to events, dead letters, a channel) has thrown: the run fails as soon as that disturbs nobody. */
  #thrown: { place: string; error: unknown } | undefined
  /** What stopped the run and is no failure of a stage. */
  #error: MillraceError | undefined
  #cancelled: Cancellation | undefined
  #abandoned: string[] = []
  #grace: number
  #isHeard = false
  #isAsked = false
  #isSettled = false
  #stagesOver = 0
  /** Resolves when the run is settled, well or not. */
  readonly #over: Promise<void>
  #isOver!: () => void
  #resolve!: (summary: Summary) => void
  #reject!: (error: unknown) => void
  #outcome: { readonly summary: Summary } | { readonly error: unknown } | undefined
  readonly #timers = new Map<string, unknown>()
  readonly #unlisten: (() => void)[] = []
  #moved = -1

  readonly #pump: Pump
  #hasBegun = false

  constructor(blueprint: Blueprint, options: RunOptions, internals: Internals) {
    this.#blueprint = blueprint
    this.#internals = internals
    this.#pump = new Pump(options.clock ?? systemClock, () => this.#maybeSettle())
    this.#startedAt = this.#pump.time
    const { supervision, source } = blueprint
    this.#grace = options.grace ?? supervision.grace ?? defaultGrace
    claim(source?.value, blueprint.name)
    this.#tolerance = supervision.tolerate && new Tolerance(supervision.tolerate)
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#over = new Promise(resolve => {
      this.#isOver = resolve
    })
    this.#news = new Broadcast<PipelineEvent>(this.#listening('events'))
    this.events = this.#news.observable
    this.#letterBox = new Broadcast<DeadLetter>({
      ...this.#listening('deadLetters'),
      attached: () => {
        for (const letter of this.#letters.hand()) this.#letterBox.next(letter)
      },
    })
    this.deadLetters = this.#letterBox.observable

    const inFlight = options.inFlight ?? Infinity
    const plans = planOf(blueprint, (name, inner, stateful) =>
      nestedBody(
        () => startRun(inner, { clock: this.#pump.clock }, { ...internals, contained: this.#innerLetters(name) }),
        stateful,
      ),
    )
    let isTagged = source === undefined || inFlight !== Infinity
    const channels = plans.map((plan, index) => {
      isTagged ||= (plans[index - 1]?.inFlight ?? Infinity) !== Infinity
      return new Channel(plan.capacity, isTagged)
    })
    isTagged ||= plans.at(-1)!.inFlight !== Infinity
    channels.push(new Channel(capacityOf(undefined), isTagged))
    this.#outlet = new Outlet(channels.at(-1)!, {
      leave: () => this.#leave(),
      readerThrew: (error, position) => this.#readerThrew('output', error, position),
      errorHeard: () => this.#heard(),
      wake: () => this.wake(),
      isPumping: () => this.#hasBegun && this.#pump.isHeld,
    })
    this.output = this.#outlet.output
    this.#host = this.#makeHost()
    this.#stages = plans.map((plan, index) => {
      const between = { input: channels[index]!, output: channels[index + 1]! }
      const place = { index, next: plans[index + 1] }
      return new Stage(plan, between, place, this.#pump, this.#host, internals.frameMost)
    })
    this.#pump.members = [this.#outlet, ...this.#stages.toReversed()]

    const entrance = new Entrance(inFlight, () => {
      this.#source.resume()
      this.wake()
    })
    const first = channels[0]!
    const run = this
    const sourceHost: SourceHost = {
      pipeline: blueprint.name,
      stage: plans[0]!.name,
      clock: this.#pump.clock,
      get time() {
        return run.#pump.time
      },
      get patience() {
        return Math.min(1_000, run.#grace / 15)
      },
      sourceFailed: (error, sequence) => this.#sourceFailed(error, sequence),
      dropped: dropped => this.#dropped(plans[0]!.name, dropped),
      pump: () => this.#pump.run(),
    }
    const inlet = { channel: first, overflow: plans[0]!.overflow, entrance, host: sourceHost }
    this.#source = source ? connect(source.value, inlet) : new SentSource(inlet)

    this.#lifecycle = createActor(
      runLifecycle.provide({
        actions: {
          begin: () => this.#begin(),
          closeInput: () => this.#closeInput(),
          abortHandlers: () => this.#abortHandlers(),
          abandonAll: () => this.#abandonAll(),
          giveUp: () => this.#giveUp(),
          stopping: (_, { reason }) => this.#tell({ type: 'pipeline.stopping', reason, grace: this.#grace }),
        },
      }),
      {
        input: { grace: this.#grace },
        clock: {
          setTimeout: (fn, millis) => (millis === Infinity ? undefined : this.#pump.clock.setTimeout(fn, millis)),
          clearTimeout: id => this.#pump.clock.clearTimeout(id),
        },
        ...(options.inspect && { inspect: options.inspect }),
      },
    ).start()
    this.#listen(options.signal)
    queueMicrotask(() => this.#lifecycle.send({ type: 'begin' }))
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  #listen(signal: AbortSignal | undefined): void {
    if (!signal) return
    const abort = () => this.#cancel({ reason: signal.reason, isError: true })
    if (signal.aborted) return abort()
    this.#unlisten.push(onAbort(signal, abort))
  }

  #begin(): void {
    this.#hasBegun = true
    this.#pump.start()
    if (this.#cancelled || this.#fault) {
      for (const stage of this.#stages) stage.abandon(this.#fault?.fault.error)
      return
    }
    for (const stage of this.#stages) stage.start()
    if (this.#isEnding()) return
    this.#source.start()
    this.#watchInactivity()
    this.wake()
  }

  wake(): void {
    this.#pump.wake()
  }

  /* ── what stages say ───────────────────────────────────────────────────── */

  readonly #host: StageHost

  #makeHost(): StageHost {
    return {
      failed: (stage, fault) => this.#stageFailed(stage, fault),
      suppressed: error => this.#suppressed.push(error),
      deadLetter: (stage, failure, isHeard) => this.#deadLetter(stage.plan.name, failure, isHeard),
      dropped: (stage, dropped) => this.#dropped(stage, dropped),
      isCounting: this.#blueprint.supervision.tolerate !== undefined,
      itemsEnded: (stage, items, dead) => this.#itemsEnded(stage, items, dead),
      workerFailed: (stage, worker, error) =>
        this.#tell({ type: 'worker.failed', stage: stage.plan.name, worker, error }),
      workerRestarted: (stage, worker, restarts) => {
        this.#tell({ type: 'worker.restarted', stage: stage.plan.name, worker, restarts })
      },
      stateLost: (stage, keys) => this.#tell({ type: 'state.lost', stage: stage.plan.name, keys }),
      mayRestart: stage => this.#mayRestart(stage),
      backoff: restart => this.#blueprint.supervision.backoff?.(restart) ?? 0,
      tooManyRestarts: (stage, cause) => {
        const { maxRestarts, within } = this.#blueprint.supervision
        return new TooManyRestarts(maxRestarts ?? Math.max(3, stage.plan.workers), within ?? 5_000, cause)
      },
      restarting: (stage, cause) => this.#restartOthers(stage, cause),
      started: stage => this.#tell({ type: 'stage.started', stage: stage.plan.name }),
      ended: stage => this.#stageOver(stage),
      quiet: () => this.wake(),
      latency: bornAt => this.#latency.record(Math.max(0, this.#pump.time - bornAt) * 1e6),
    }
  }

  #tell(event: PipelineEvent): void {
    if (this.#news.isHeard) this.#news.next(event)
  }

  #dropped(stage: string, dropped: number): void {
    this.#tell({ type: 'item.dropped', stage, dropped })
  }

  /** What a restart means for the other stages: the words of Erlang/OTP. */
  #restartOthers(stage: Stage, cause: unknown): void {
    const { strategy = 'one-for-one' } = this.#blueprint.supervision
    if (strategy === 'one-for-one') return
    for (const other of this.#stages) {
      if (other !== stage && (strategy === 'one-for-all' || other.index > stage.index)) other.restart(cause)
    }
  }

  #mayRestart(stage: Stage): boolean {
    let budget = this.#budgets.get(stage)
    if (!budget) {
      const { maxRestarts, within } = this.#blueprint.supervision
      budget = new RestartBudget(maxRestarts ?? Math.max(3, stage.plan.workers), within ?? 5_000)
      this.#budgets.set(stage, budget)
    }
    return budget.spend(this.#pump.clock.now())
  }

  #deadLetter(stage: string, failure: Failure, isHeard: boolean): void {
    const letter: DeadLetter = { ...failure, stage, at: Date.now() }
    const { contained } = this.#internals
    this.#letters.add(letter, isHeard || contained !== undefined || this.#letterBox.isHeard)
    this.#letterBox.next(letter)
    contained?.deadLetter(stage, letter)
  }

  /** Where the dead letters of a pipeline that is a stage of this one go. */
  #innerLetters(name: string): NonNullable<Internals['contained']> {
    return { deadLetter: (stage, letter) => this.#deadLetter(`${name}/${stage}`, letter, false) }
  }

  #itemsEnded(stage: Stage, items: number, dead: boolean): void {
    if (!this.#tolerance || stage.isOver) return
    for (let i = 0; i < items; i++) {
      if (this.#tolerance.ended(dead)) continue
      const cause = this.#letters.last?.error
      const error = new TooManyDeadLetters(this.#blueprint.supervision.tolerate!, cause)
      return this.#stageFailed(stage, { error, worker: 0, sequence: undefined, attempts: 1 })
    }
  }

  /** A failure further down comes earlier in the order: it takes the place of the one before. */
  #stageFailed(stage: Stage, fault: Fault): void {
    this.#fail(stage.plan.name, fault, stage.index)
  }

  #sourceFailed(error: unknown, sequence: number): void {
    if (this.#isSettled || this.#cancelled) return
    this.#stages[0]!.input.end('failed')
    this.#fail('source', { error, worker: 0, sequence, attempts: 1 }, -1)
  }

  /** A reader has thrown; false if the run is over, and cannot fail any more. */
  #readerThrew(place: string, error: unknown, sequence: number | undefined): boolean {
    if (this.#isSettled) return false
    // Of several readers that throw, the first one counts: they are given the same results.
    if (this.#fault?.last === this.#stages.length) this.#suppressed.push(error)
    else this.#fail(place, { error, worker: 0, sequence, attempts: 1 }, this.#stages.length)
    return true
  }

  /** A listener may be told of something in the middle of a stage's work: that it has thrown is looked at later. */
  #listening(place: string) {
    return {
      subscriberThrew: (error: unknown) => {
        if (this.#isSettled) return reportUncaught(error)
        if (this.#thrown) this.#suppressed.push(error)
        else this.#thrown = { place, error }
        this.wake()
      },
      errorHeard: () => this.#heard(),
    }
  }

  /** Stages up to number `last` have nothing more to do; the ones behind finish what came before the failure. */
  #fail(place: string, fault: Fault, last: number): void {
    if (this.#fault) this.#suppressed.push(this.#fault.fault.error)
    this.#fault = { place, fault, last }
    this.#source.kill()
    for (const stage of this.#stages.slice(0, last + 1)) stage.abandon(fault.error)
    this.#lifecycle.send({ type: 'fail' })
    this.wake()
  }

  #stageOver(stage: Stage): void {
    this.#stagesOver++
    this.#tell({ type: 'stage.drained', stage: stage.plan.name })
    // One that ended before its input did: nobody reads what those before it would do.
    if (stage.input.ending === 'open' && !this.#isEnding()) {
      this.#source.kill()
      for (const before of this.#stages.slice(0, stage.index)) before.abandon(undefined)
    }
    this.wake()
  }

  #isEnding(): boolean {
    return this.#fault !== undefined || this.#cancelled !== undefined
  }

  /* ── tearing down ──────────────────────────────────────────────────────── */

  #closeInput(): void {
    this.#isAsked = true
    // What is under way may always leave, whether or not it is read by then: it was bounded when it came in.
    this.#outlet.channel.unbind()
    this.#source.end()
    this.wake()
  }

  #abortHandlers(): void {
    const reason = this.#abortReason()
    this.#source.kill()
    for (const stage of this.#stages) stage.abandon(reason)
    this.wake()
  }

  #abandonAll(): void {
    this.#source.kill()
    for (const stage of this.#stages) stage.abandon(this.#abortReason())
    this.wake()
  }

  #abortReason(): unknown {
    return this.#cancelled?.reason ?? this.#fault?.fault.error ?? new RunEnded(this.#blueprint.name)
  }

  /** The grace period is over: what still runs is abandoned, by name. */
  #giveUp(): void {
    this.#abandoned = this.#stages.flatMap(stage => stage.holders())
    for (const stage of this.#stages) stage.abandon(this.#abortReason())
    this.#settle()
  }

  #cancel(cancelled: Cancellation): void {
    if (this.#isSettled || this.#cancelled) return
    this.#cancelled = cancelled
    this.#lifecycle.send({ type: 'cancel' })
  }

  /** The last reader has left its loop. It waits for the end, but hears of nothing: a failure is left to `done`. */
  #leave(): Promise<void> {
    if (this.#isSettled || this.#isAsked) return Promise.resolve()
    this.#cancel({ isLeft: true })
    return this.#over
  }

  /* ── settling ──────────────────────────────────────────────────────────── */

  /** All stages are over, and no handler of theirs runs. */
  #isQuiet(): boolean {
    return this.#stagesOver === this.#stages.length && this.#stages.every(stage => stage.running === 0)
  }

  #maybeSettle(): void {
    if (this.#isSettled) return
    if (this.#thrown) {
      const { place, error } = this.#thrown
      this.#thrown = undefined
      this.#readerThrew(place, error, undefined)
      return this.wake()
    }
    const { channel } = this.#outlet
    if (!this.#isQuiet()) {
      if (!this.#outlet.hasReaders || this.#timers.size > 0) this.#expectReader(channel.full() && !this.#isAsked)
      return
    }
    if (this.#outlet.isWorking && !this.#isEnding()) return
    if (channel.count > 0 && !this.#isAsked && !this.#isEnding()) return this.#expectReader(true)
    this.#settle()
  }

  /** Results wait and nobody is there: somebody has to come within ten seconds. */
  #expectReader(isWaiting: boolean): void {
    const timer = this.#timers.get('unread')
    if (!isWaiting || this.#outlet.hasReaders || this.#isEnding()) {
      if (timer !== undefined) this.#pump.clock.clearTimeout(timer)
      this.#timers.delete('unread')
    } else if (timer === undefined) {
      this.#timers.set(
        'unread',
        this.#pump.clock.setTimeout(() => this.#unread(), unreadMs),
      )
    }
  }

  #unread(): void {
    if (this.#isSettled) return
    this.#error = new UnreadOutput(this.#blueprint.name, this.#outlet.channel.count, unreadMs)
    this.#cancel({})
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    for (const timer of this.#timers.values()) this.#pump.clock.clearTimeout(timer)
    for (const unlisten of this.#unlisten) unlisten()
    const summary = this.#summarise()
    const error = this.#failure(summary)
    const ending = { failed: error !== undefined, error: error?.value }
    this.#outcome = error ? { error: error.value } : { summary }
    for (const refuse of this.#asks) refuse(error?.value)
    this.#asks.clear()
    if (this.#source instanceof SentSource) this.#source.refuse(error?.value ?? new RunEnded(this.#blueprint.name))
    if (error && this.#outlet.isPulled) this.#heard()
    this.#outlet.end(ending)
    if (!error && !this.#isAsked && !this.#cancelled) {
      this.#tell({ type: 'pipeline.stopping', reason: 'done', grace: this.#grace })
    }
    this.#news.complete()
    this.#letterBox.complete()
    this.#lifecycle.send({ type: 'settled' })
    this.#lifecycle.stop()
    if (this.#isHeard) this.done.catch(() => {})
    if (error) this.#reject(error.value)
    else this.#resolve(summary)
    this.#isOver()
  }

  /** What had begun the teardown that did not end in time. */
  #why(): { cause?: unknown } {
    if (this.#error) return { cause: this.#error }
    return this.#fault ? { cause: this.#fault.fault.error } : {}
  }

  /** What the run has come to, if not to a good end. */
  #failure(summary: Summary): { readonly value: unknown } | undefined {
    const { name } = this.#blueprint
    if (this.#abandoned.length > 0) {
      const error = new GraceExceeded(name, this.#grace, this.#abandoned)
      return { value: Object.assign(error, this.#why()) }
    }
    if (this.#cancelled?.isLeft) return undefined
    if (this.#error) return { value: this.#error }
    if (this.#fault) {
      const { place, fault } = this.#fault
      const at = {
        pipeline: name,
        stage: place,
        worker: fault.worker,
        sequence: fault.sequence,
        attempt: fault.attempts,
      }
      return {
        value: new StageFailed(at, fault.error, { suppressed: this.#suppressed, unfinished: summary.unfinished }),
      }
    }
    if (this.#cancelled?.isError) return { value: this.#cancelled.reason }
    if (this.#letters.unheard > 0) {
      return { value: new UnhandledDeadLetters(name, this.#letters.unheard, this.#letters.kept) }
    }
    return undefined
  }

  #summarise(): Summary {
    const { channel } = this.#outlet
    const unread = this.#cancelled ? channel.count : 0
    const sum = (of: (stage: Stage) => number) => this.#stages.reduce((total, stage) => total + of(stage), 0)
    return {
      received: this.#source.received,
      emitted: this.#stages.at(-1)!.emitted,
      deadLetters: this.#letters.count,
      dropped: sum(stage => stage.input.dropped) + channel.dropped,
      unfinished: sum(stage => stage.unfinished) + unread,
      restarts: sum(stage => stage.restarts),
      millis: this.#pump.clock.now() - this.#startedAt,
    }
  }

  /** Somebody has been told of the error. */
  #heard(): void {
    this.#isHeard = true
    this.done.catch(() => {})
  }

  /* ── inactivity ────────────────────────────────────────────────────────── */

  #watchInactivity(): void {
    const { inactivity } = this.#blueprint.supervision
    if (inactivity === undefined || this.#isSettled) return
    const moved = this.#stages.reduce((sum, stage) => sum + stage.moves, 0)
    const holders = this.#stages.flatMap(stage => stage.holders())
    if (moved === this.#moved && holders.length > 0) {
      this.#error = new Inactive(this.#blueprint.name, inactivity, holders)
      return this.#cancel({})
    }
    this.#moved = moved
    this.#timers.set(
      'inactivity',
      this.#pump.clock.setTimeout(() => this.#watchInactivity(), inactivity),
    )
  }

  /* ── what users do ─────────────────────────────────────────────────────── */

  [Symbol.asyncIterator](): AsyncIterator<any> {
    return this.#outlet.iterate()
  }

  consume(fn: (item: any) => void | Promise<void>, options: { concurrency?: number } = {}): Promise<void> {
    const { name } = this.#blueprint
    if (typeof fn !== 'function') throw new InvalidOption('consume', 'given a function of the result', fn, name)
    checkOptions(options, consumeOptions, `${name}: consume`)
    return this.#outlet.consume(fn, options.concurrency ?? 1)
  }

  send(item: any): Promise<void> {
    return this.#sent(item)
  }

  #sent(item: unknown, origin?: Origin): Promise<void> {
    if (!(this.#source instanceof SentSource) || this.#isSettled) {
      return Promise.reject(new SendAfterEnd(this.#blueprint.name, item))
    }
    return this.#source.send(item, origin)
  }

  ask(item: any, options: { signal?: AbortSignal; timeout?: number } = {}): Promise<any[]> {
    checkOptions(options, askOptions, `${this.#blueprint.name}: ask`)
    const asking = {
      pipeline: this.#blueprint.name,
      clock: this.#pump.clock,
      contains: this.#internals.contained !== undefined,
      open: this.#asks,
      send: (sent: unknown, origin: Origin) => this.#sent(sent, origin),
    }
    return ask(asking, item, options)
  }

  end(): void {
    this.#source.end()
    this.wake()
  }

  channel(name: string): Observable<Entered> {
    const stage = this.#stages.find(({ plan }) => plan.name === name)
    if (!stage)
      throw new UnknownStage(
        this.#blueprint.name,
        name,
        this.#stages.map(({ plan }) => plan.name),
      )
    let unwatch = () => {}
    const watched = new Broadcast<Entered>({
      ...this.#listening(`channel(${name})`),
      attached: () => {
        unwatch()
        unwatch = stage.input.watch(entered => watched.next(entered))
      },
      deserted: () => unwatch(),
    })
    if (this.#isSettled) watched.complete()
    else {
      this.#unlisten.push(() => {
        unwatch()
        watched.complete()
      })
    }
    return watched.observable
  }

  snapshot(): Snapshot {
    const now = this.#pump.clock.now()
    return {
      pipeline: this.#blueprint.name,
      at: Date.now(),
      latency: spreadOf(this.#latency),
      stages: this.#stages.map(stage => stage.snapshot(now)),
    }
  }

  stop(options: { grace?: number } = {}): Promise<Summary> {
    checkOptions(options, stopOptions, `${this.#blueprint.name}: stop`)
    const { grace = this.#grace } = options
    if (!this.#isSettled) {
      this.#grace = grace
      this.#isAsked = true
      // What has not begun does not begin: its source is asked nothing.
      if (!this.#hasBegun) this.#source.end()
      this.#lifecycle.send({ type: 'drain', grace })
      this.wake()
    }
    return this.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outcome && 'error' in this.#outcome) return
    await this.stop()
  }
}
