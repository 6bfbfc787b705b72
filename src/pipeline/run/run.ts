/**
 * A run: stages, the channels between them, a source before and readers behind, in one event loop.
 *
 *     source ─▶ channel ─▶ stage ─▶ channel ─▶ stage ─▶ channel ─▶ outlet ─▶ readers
 *                             └────────┬────────┘
 *                   pump: has everybody advance who has something to do
 *
 * It connects its parts, and does what they ask of each other; what each of them knows stands where it is.
 */
import type { Observable } from 'rxjs'
import { createActor } from 'xstate'
import type { Entered } from '../../channel/channel.ts'
import { systemClock } from '../../clock.ts'
import { Inactive, InvalidOption, type MillraceError, RunEnded, SendAfterEnd, UnknownStage, UnreadOutput } from '../../errors.ts'
import { Histogram } from '../../metrics/histogram.ts'
import type { Snapshot } from '../../metrics/snapshot.ts'
import { spreadOf } from '../../metrics/spread.ts'
import { askOptions, checkOptions, consumeOptions, stopOptions } from '../../options.ts'
import { Pump } from '../../stage/pump.ts'
import type { Fault, Stage, StageHost } from '../../stage/stage.ts'
import { runLifecycle } from '../../supervisor/lifecycle.ts'
import type { Blueprint } from '../blueprint.ts'
import type { DeadLetter, PipelineEvent, Running, RunOptions, Summary } from '../language.ts'
import { nestedBody } from '../nested.ts'
import { Outlet } from '../outlet.ts'
import { planOf } from '../plan.ts'
import { connect } from '../sources/connect.ts'
import { Entrance } from '../sources/entrance.ts'
import { claim } from '../sources/kind.ts'
import { SentSource } from '../sources/sent.ts'
import type { Source, SourceHost } from '../sources/source.ts'
import { type AskOptions, Asks } from './asks.ts'
import { Inactivity } from './inactivity.ts'
import { Listening } from './listening.ts'
import { type Cancellation, Outcome } from './outcome.ts'
import { type OuterLetters, Report } from './report.ts'
import { Restarts } from './restarts.ts'
import { Row } from './row.ts'
import { Unread, unreadMs } from './unread.ts'
import { Watching } from './watching.ts'

/** What only this package says to a run. */
export interface Internals {
  /** It is a stage of another: a failure that would stop it is that of the item asked for. */
  readonly contained?: OuterLetters
  /** The largest frame, in items. */
  readonly frameMost?: number
}

const defaultGrace = 15_000

export function startRun(blueprint: Blueprint, options: RunOptions = {}, internals: Internals = {}): Running<any, any> {
  return new Run(blueprint, options, internals)
}

class Run implements Running<any, any> {
  readonly #name: string
  readonly #pump: Pump
  readonly #outcome: Outcome
  readonly #report: Report
  readonly #listening: Listening
  readonly #watching: Watching
  readonly #restarts: Restarts
  readonly #row: Row
  readonly #outlet: Outlet
  readonly #source: Source
  readonly #asks: Asks
  readonly #unread: Unread
  readonly #inactivity: Inactivity | undefined
  readonly #lifecycle: ReturnType<Run['createLifecycle']>
  readonly #latency = new Histogram()
  readonly #startedAt: number
  #grace: number
  /** The signal is not listened to any more. */
  #unlisten = () => {}
  #hasBegun = false
  /** `stop()` was called. */
  #isAsked = false

  constructor(blueprint: Blueprint, options: RunOptions, internals: Internals) {
    const { name, supervision, source } = blueprint
    claim(source?.value, name)
    this.#name = name
    this.#grace = options.grace ?? supervision.grace ?? defaultGrace
    this.#pump = new Pump(options.clock ?? systemClock, () => this.#rested())
    const { clock } = this.#pump
    this.#startedAt = this.#pump.time
    this.#listening = new Listening(this.#listeningHost)
    this.#watching = new Watching(this.#listening)
    this.#report = new Report(this.#listening, supervision.tolerate, internals.contained)
    this.#outcome = new Outcome(name, this.#report.letters)
    this.#restarts = new Restarts(supervision, clock)
    this.#unread = new Unread(clock, () => this.#giveUpOn(new UnreadOutput(name, this.#row.last.count, unreadMs)))

    const plans = planOf(blueprint, (stage, inner, stateful) => {
      const begin = () => startRun(inner, { clock }, { ...internals, contained: this.#report.lettersFrom(stage) })
      return nestedBody(begin, stateful)
    })
    const inFlight = options.inFlight ?? Infinity
    const isTagged = source === undefined || inFlight !== Infinity
    const host = this.#stageHost(supervision.tolerate !== undefined)
    this.#row = new Row(plans, isTagged, this.#pump, host, internals.frameMost)
    this.#outlet = new Outlet(this.#row.last, this.#outletHost)
    this.#pump.members = [this.#outlet, ...this.#row.stages.toReversed()]
    this.#inactivity = this.#watchFor(supervision.inactivity)

    const entrance = new Entrance(inFlight, () => {
      this.#source.resume()
      this.#pump.wake()
    })
    const { overflow } = plans[0]!
    const inlet = { channel: this.#row.first, overflow, entrance, host: this.#sourceHost(plans[0]!.name) }
    this.#source = source ? connect(source.value, inlet) : new SentSource(inlet)
    this.#asks = new Asks(name, clock, internals.contained !== undefined, (item, origin) => this.#send(item, origin))

    this.#lifecycle = this.createLifecycle(options).start()
    this.#listen(options.signal)
    queueMicrotask(() => this.#lifecycle.send({ type: 'begin' }))
  }

  /* ── what the parts ask of each other ──────────────────────────────────── */

  get #listeningHost() {
    const run = this
    return {
      get isSettled() {
        return run.#outcome.isSettled
      },
      get suppressed() {
        return run.#outcome.suppressed
      },
      wake: () => this.#pump.wake(),
      errorHeard: () => this.#outcome.heard(),
    }
  }

  get #outletHost() {
    return {
      leave: () => this.#leave(),
      readerThrew: (error: unknown, position: number | undefined) => this.#readerThrew('output', error, position),
      errorHeard: () => this.#outcome.heard(),
      wake: () => this.#pump.wake(),
      isPumping: () => this.#hasBegun && this.#pump.isHeld,
    }
  }

  #stageHost(isCounting: boolean): StageHost {
    const report = this.#report
    return {
      isCounting,
      failed: (stage, fault) => this.#fail(stage.plan.name, fault, stage.index),
      suppressed: error => this.#outcome.suppressed.push(error),
      deadLetter: (stage, failure, isHeard) => report.deadLetter(stage.plan.name, failure, isHeard),
      dropped: (stage, dropped) => report.tell({ type: 'item.dropped', stage, dropped }),
      itemsEnded: (stage, items, dead) => this.#itemsEnded(stage, items, dead),
      workerFailed: (stage, worker, error) =>
        report.tell({ type: 'worker.failed', stage: stage.plan.name, worker, error }),
      workerRestarted: (stage, worker, restarts) =>
        report.tell({ type: 'worker.restarted', stage: stage.plan.name, worker, restarts }),
      stateLost: (stage, keys) => report.tell({ type: 'state.lost', stage: stage.plan.name, keys }),
      mayRestart: stage => this.#restarts.may(stage),
      backoff: restart => this.#restarts.backoff(restart),
      tooManyRestarts: (stage, cause) => this.#restarts.tooMany(stage, cause),
      restarting: (stage, cause) => this.#restarts.spread(stage, this.#row.stages, cause),
      started: stage => report.tell({ type: 'stage.started', stage: stage.plan.name }),
      ended: stage => this.#stageEnded(stage),
      quiet: () => this.#pump.wake(),
      latency: bornAt => this.#latency.record(Math.max(0, this.#pump.time - bornAt) * 1e6),
    }
  }

  #sourceHost(stage: string): SourceHost {
    const run = this
    return {
      pipeline: this.#name,
      stage,
      clock: this.#pump.clock,
      get time() {
        return run.#pump.time
      },
      get patience() {
        return Math.min(1_000, run.#grace / 15)
      },
      sourceFailed: (error, sequence) => this.#sourceFailed(error, sequence),
      dropped: dropped => this.#report.tell({ type: 'item.dropped', stage, dropped }),
      pump: () => this.#pump.run(),
    }
  }

  #watchFor(inactivity: number | undefined): Inactivity | undefined {
    if (inactivity === undefined) return undefined
    const row = this.#row
    return new Inactivity(this.#pump.clock, inactivity, {
      get moves() {
        return row.moves
      },
      get isUnread() {
        return row.last.full()
      },
      holders: () => row.holders(),
      inactive: holders => this.#giveUpOn(new Inactive(this.#name, inactivity, holders)),
    })
  }

  private createLifecycle({ inspect }: RunOptions) {
    const { clock } = this.#pump
    const actions = {
      begin: () => this.#begin(),
      closeInput: () => this.#closeInput(),
      abortHandlers: () => this.#abandonAll(),
      abandonAll: () => this.#abandonAll(),
      giveUp: () => this.#giveUp(),
      stopping: (_: unknown, { reason }: { reason: 'asked' | 'failed' }) =>
        this.#report.tell({ type: 'pipeline.stopping', reason, grace: this.#grace }),
    }
    return createActor(runLifecycle.provide({ actions }), {
      input: { grace: this.#grace },
      clock: {
        setTimeout: (fn, millis) => (millis === Infinity ? undefined : clock.setTimeout(fn, millis)),
        clearTimeout: id => clock.clearTimeout(id),
      },
      ...(inspect && { inspect }),
    })
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  #listen(signal: AbortSignal | undefined): void {
    if (!signal) return
    const abort = () => this.#cancel({ kind: 'aborted', reason: signal.reason })
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#unlisten = () => signal.removeEventListener('abort', abort)
  }

  #begin(): void {
    this.#hasBegun = true
    this.#pump.start()
    if (this.#outcome.isEnding) return this.#row.abandon(this.#abortReason())
    this.#row.start()
    if (this.#outcome.isEnding) return
    this.#source.start()
    this.#inactivity?.start()
    this.#pump.wake()
  }

  /* ── failing ───────────────────────────────────────────────────────────── */

  /** Stages up to number `last` have nothing more to do; the ones behind finish what came before the failure. */
  #fail(place: string, fault: Fault, last: number): void {
    this.#outcome.failed({ place, fault, last })
    this.#source.kill()
    this.#row.abandon(fault.error, last + 1)
    this.#lifecycle.send({ type: 'fail' })
    this.#pump.wake()
  }

  #sourceFailed(error: unknown, sequence: number): void {
    if (this.#outcome.isSettled || this.#outcome.cancelled) return
    this.#row.first.end('failed')
    this.#fail('source', { error, worker: 0, sequence, attempts: 1 }, -1)
  }

  /** A reader has thrown; false if the run is over, and cannot fail any more. */
  #readerThrew(place: string, error: unknown, sequence: number | undefined): boolean {
    if (this.#outcome.isSettled) return false
    const last = this.#row.stages.length
    // Of several readers that throw, the first one counts: they are given the same results.
    if (this.#outcome.fault?.last === last) this.#outcome.suppressed.push(error)
    else this.#fail(place, { error, worker: 0, sequence, attempts: 1 }, last)
    return true
  }

  #itemsEnded(stage: Stage, items: number, dead: boolean): void {
    if (stage.isOver) return
    const error = this.#report.ended(items, dead)
    if (error) this.#fail(stage.plan.name, { error, worker: 0, sequence: undefined, attempts: 1 }, stage.index)
  }

  /* ── tearing down ──────────────────────────────────────────────────────── */

  #stageEnded(stage: Stage): void {
    this.#row.ended(stage)
    this.#report.tell({ type: 'stage.drained', stage: stage.plan.name })
    // One that ended before its input did: nobody reads what those before it would do.
    if (stage.input.ending === 'open' && !this.#outcome.isEnding) {
      this.#source.kill()
      this.#row.abandon(undefined, stage.index)
    }
    this.#pump.wake()
  }

  #closeInput(): void {
    this.#isAsked = true
    // What is under way may always leave, whether or not it is read by then: it was bounded when it came in.
    this.#row.last.unbind()
    this.#source.end()
    this.#pump.wake()
  }

  #abandonAll(): void {
    this.#source.kill()
    this.#row.abandon(this.#abortReason())
    this.#pump.wake()
  }

  #abortReason(): unknown {
    const { cancelled, fault } = this.#outcome
    if (cancelled?.kind === 'aborted') return cancelled.reason
    if (cancelled?.kind === 'given up') return cancelled.error
    return fault?.fault.error ?? new RunEnded(this.#name)
  }

  /** The grace period is over: what still runs is abandoned, by name. What has nothing in hand ends in this turn. */
  #giveUp(): void {
    this.#abandonAll()
    setImmediate(() => {
      const consumers = this.#outlet.holders().map(position => `${this.#name}/output item ${position}`)
      this.#outcome.abandoned = [...this.#row.remaining(), ...consumers]
      this.#settle()
    })
  }

  #giveUpOn(error: MillraceError): void {
    this.#cancel({ kind: 'given up', error })
  }

  #cancel(cancelled: Cancellation): void {
    if (this.#outcome.isSettled || this.#outcome.cancelled) return
    this.#outcome.cancelled = cancelled
    this.#lifecycle.send({ type: 'cancel' })
  }

  /** The last reader has left its loop. It waits for the end, but hears of nothing: a failure is left to `done`. */
  #leave(): Promise<void> {
    if (this.#outcome.isSettled || this.#isAsked) return Promise.resolve()
    this.#cancel({ kind: 'left' })
    return this.#outcome.over
  }

  /* ── settling ──────────────────────────────────────────────────────────── */

  /** Nobody has anything to do. */
  #rested(): void {
    if (this.#outcome.isSettled) return
    const thrown = this.#listening.take()
    if (thrown) this.#readerThrew(thrown.place, thrown.error, undefined)
    else if (this.#row.isQuiet) this.#maybeSettle()
    else if (!this.#outlet.hasReaders || this.#unread.isExpecting) this.#expectReader(this.#row.last.full())
    this.#inactivity?.note()
  }

  #maybeSettle(): void {
    const { isEnding } = this.#outcome
    if (this.#outlet.isWorking && !isEnding) return
    if (this.#row.last.count > 0 && !this.#isAsked && !isEnding) return this.#expectReader(true)
    this.#settle()
  }

  #expectReader(isWaiting: boolean): void {
    this.#unread.expect(isWaiting && !this.#isAsked && !this.#outlet.hasReaders && !this.#outcome.isEnding)
  }

  #settle(): void {
    const outcome = this.#outcome
    if (outcome.isSettled) return
    this.#unread.clear()
    this.#inactivity?.clear()
    this.#unlisten()
    const summary = this.#summarise()
    const ending = outcome.decide(summary, this.#grace)
    const { failed, error = new RunEnded(this.#name) } = ending
    this.#asks.refuse(failed ? ending.error : error)
    if (this.#source instanceof SentSource) this.#source.refuse(failed ? ending.error : error)
    if (failed && this.#outlet.isPulled) outcome.heard()
    this.#outlet.end(ending)
    this.#watching.end()
    if (!failed && !this.#isAsked && !outcome.cancelled) {
      this.#report.tell({ type: 'pipeline.stopping', reason: 'done', grace: this.#grace })
    }
    this.#report.complete()
    this.#lifecycle.send({ type: 'settled' })
    this.#lifecycle.stop()
    outcome.publish(summary)
  }

  #summarise(): Summary {
    const row = this.#row
    const unread = this.#outcome.cancelled ? row.last.count : 0
    return {
      received: this.#source.received,
      emitted: row.stages.at(-1)!.emitted,
      deadLetters: this.#report.letters.count,
      dropped: row.sum(stage => stage.input.dropped),
      unfinished: row.sum(stage => stage.unfinished) + unread,
      restarts: row.sum(stage => stage.restarts),
      millis: this.#pump.clock.now() - this.#startedAt,
    }
  }

  /* ── what users see ────────────────────────────────────────────────────── */

  get done(): Promise<Summary> {
    return this.#outcome.done
  }

  get output(): Observable<any> {
    return this.#outlet.output
  }

  get events(): Observable<PipelineEvent> {
    return this.#report.events.observable
  }

  get deadLetters(): Observable<DeadLetter> {
    return this.#report.deadLetters.observable
  }

  channel(name: string): Observable<Entered> {
    const stage = this.#row.named(name)
    if (!stage) throw new UnknownStage(this.#name, name, this.#row.names)
    return this.#watching.of(stage)
  }

  snapshot(): Snapshot {
    const now = this.#pump.clock.now()
    const stages = this.#row.stages.map(stage => stage.snapshot(now))
    return { pipeline: this.#name, at: Date.now(), latency: spreadOf(this.#latency), stages }
  }

  /* ── what users do ─────────────────────────────────────────────────────── */

  [Symbol.asyncIterator](): AsyncIterator<any> {
    return this.#outlet.iterate()
  }

  consume(fn: (item: any) => void | Promise<void>, options: { concurrency?: number } = {}): Promise<void> {
    if (typeof fn !== 'function') throw new InvalidOption('consume', 'given a function of the result', fn, this.#name)
    checkOptions(options, consumeOptions, `${this.#name}: consume`)
    return this.#outlet.consume(fn, options.concurrency ?? 1)
  }

  send(item: any): Promise<void> {
    return this.#send(item)
  }

  #send(item: unknown, origin?: Parameters<SentSource['send']>[1]): Promise<void> {
    if (this.#source instanceof SentSource) return this.#source.send(item, origin)
    return Promise.reject(new SendAfterEnd(this.#name, item))
  }

  ask(item: any, options: AskOptions = {}): Promise<any[]> {
    checkOptions(options, askOptions, `${this.#name}: ask`)
    return this.#asks.ask(item, options)
  }

  end(): void {
    this.#source.end()
    this.#pump.wake()
  }

  stop(options: { grace?: number } = {}): Promise<Summary> {
    checkOptions(options, stopOptions, `${this.#name}: stop`)
    if (!this.#outcome.isSettled) {
      this.#grace = options.grace ?? this.#grace
      this.#isAsked = true
      // What has not begun does not begin: its source is asked nothing.
      if (!this.#hasBegun) this.#source.end()
      this.#lifecycle.send({ type: 'drain', grace: this.#grace })
      this.#pump.wake()
    }
    return this.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#outcome.isFailed) await this.stop()
  }
}
