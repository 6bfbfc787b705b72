/**
 * The engine of a run: its parts, and what happens to all of them together, from the beginning to the end.
 *
 *     source ─▶ channel ─▶ stage ─▶ channel ─▶ stage ─▶ channel ─▶ outlet ─▶ readers
 *               └───────────────── row ────────────────────────┘
 *
 *     begin ──▶ fail, cancel, stop ──▶ the machine says what when (drain, abort, give up) ──▶ settle
 */
import type { Origin } from '../../channel/ticket.ts'
import { systemClock } from '../../clock.ts'
import { type Call, Inactive, type MillraceError, UnreadOutput } from '../../errors.ts'
import { Histogram } from '../../metrics/histogram.ts'
import { runOptions, supervisionOptions } from '../../options.ts'
import { openChild } from '../../runtime/processes/child.ts'
import { openThread } from '../../runtime/threads/thread.ts'
import type { AnyStage } from '../../stage/host.ts'
import { Pump } from '../../stage/pump.ts'
import type { Fault } from '../../stage/stage.ts'
import { type RunLife, startLife } from '../../supervisor/lives.ts'
import type { Blueprint } from '../blueprint.ts'
import type { RunOptions, Summary } from '../language.ts'
import { nestedBody } from '../nested.ts'
import { Outlet } from '../outlet.ts'
import { planOf } from '../plan.ts'
import { connect } from '../sources/connect.ts'
import { Entrance } from '../sources/entrance.ts'
import { claim } from '../sources/kind.ts'
import { SentSource } from '../sources/sent.ts'
import type { Source } from '../sources/source.ts'
import { Asks } from './asks.ts'
import { inactivityHost, inspector, lifeHost, listeningHost, outletHost, sourceHost, stageHost } from './hosts.ts'
import { Inactivity } from './inactivity.ts'
import { Listening } from './listening.ts'
import { onAbort } from './on-abort.ts'
import { type Cancellation, Outcome } from './outcome.ts'
import { type OuterReport, Report } from './report.ts'
import { Restarts } from './restarts.ts'
import { Row } from './row.ts'
import { Unread, unreadMs } from './unread.ts'
import { Watching } from './watching.ts'

/** What only this package says to a run. */
export interface Internals {
  /** It is a stage of another: a failure that would stop it is that of the item asked for. */
  readonly contained?: OuterReport
  /** The largest frame, in items. */
  readonly frameMost?: number
  /** Where `run` was called: there the stack begins of what `done` rejects with. */
  readonly call?: Call
}

/** Makes the run of a pipeline that is a stage of this one. */
export type Begin = (
  inner: Blueprint,
  options: RunOptions,
  internals: Internals,
) => ReturnType<Parameters<typeof nestedBody>[0]>

export class Engine {
  readonly name: string
  readonly pump: Pump
  readonly outcome: Outcome
  readonly report: Report
  readonly restarts: Restarts
  readonly watching: Watching
  readonly row: Row
  readonly outlet: Outlet
  readonly source: Source
  readonly asks: Asks
  readonly latency = new Histogram()
  /** ms that a teardown may take in all. */
  grace: number
  hasBegun = false
  /** `stop` was called. */
  isAsked = false
  readonly #contained: OuterReport | undefined
  readonly #entrance: Entrance
  readonly #listening: Listening
  readonly #unread: Unread
  readonly #inactivity: Inactivity | undefined
  readonly #life: RunLife
  readonly #startedAt: number
  /** The row has ended, and the event loop turns once; it has turned. */
  #isTurning = false
  #hasTurned = false
  /** Ends listening to the signal. */
  #unlisten = () => {}

  constructor(blueprint: Blueprint, options: RunOptions, internals: Internals, begin: Begin) {
    const { name, supervision, source } = blueprint
    claim(source?.value, name, internals.call)
    this.name = name
    this.grace = options.grace ?? supervision.grace ?? supervisionOptions.grace.value
    this.pump = new Pump(options.clock ?? systemClock, () => this.#rested())
    const { clock } = this.pump
    this.#startedAt = this.pump.time
    this.outcome = new Outcome(name, internals.call)
    this.#listening = new Listening(listeningHost(this))
    this.watching = new Watching(this.#listening)
    this.report = new Report(this.#listening, supervision.tolerate, internals.contained)
    this.restarts = new Restarts(supervision, clock)
    this.#contained = internals.contained
    this.#contained?.began(this)

    const inspect = inspector(this.#listening, options.inspect)
    this.#life = startLife(name, lifeHost(this), { grace: this.grace, clock, inspect })

    const plans = planOf(blueprint, {
      on: options.on,
      nest: (stage, inner, stateful) => {
        const contained = this.report.from(stage)
        const grace = inner.supervision.grace ?? this.grace
        const on = options.on && { on: options.on }
        return nestedBody(
          () => begin(inner, { clock, grace, ...on, ...(inspect && { inspect }) }, { ...internals, contained }),
          stateful,
        )
      },
      remote: stage => ({
        open: place => (place === 'processes' ? openChild : openThread),
        grace: this.grace,
        inside: inside => this.report.inside(stage, inside),
      }),
    })
    const inFlight = options.inFlight ?? runOptions.inFlight.value
    const isTagged = source === undefined || inFlight !== Infinity
    const isContained = internals.contained !== undefined
    const host = stageHost(this, this.#life, { isCounting: supervision.tolerate !== undefined, isContained })
    const maySeat = !isContained && supervision.tolerate === undefined
    this.row = new Row(plans, isTagged, this.pump, host, internals.frameMost, maySeat)
    this.outlet = new Outlet(this.row.last, outletHost(this))
    this.pump.members = [this.outlet, ...this.row.stages.toReversed()]
    this.#unread = new Unread(clock, () => this.#giveUpOn(new UnreadOutput(name, this.row.last.count, unreadMs)))
    this.#inactivity = this.#watchFor(supervision.inactivity)

    this.#entrance = new Entrance(inFlight, () => {
      this.source.resume()
      this.pump.wake()
    })
    const { name: first, overflow } = plans[0]!
    const inlet = { channel: this.row.first, overflow, entrance: this.#entrance, host: sourceHost(this, first) }
    this.source = source ? connect(source.value, inlet) : new SentSource(inlet)
    this.asks = new Asks(name, clock, internals.contained !== undefined, (origin, reason) =>
      this.#forsake(origin, reason),
    )

    this.#listen(options.signal)
    queueMicrotask(() => this.#life.send({ type: 'begin' }))
  }

  #watchFor(limit: number | undefined): Inactivity | undefined {
    if (limit === undefined) return undefined
    const inactive = (holders: string[]) => this.#giveUpOn(new Inactive(this.name, limit, holders))
    return new Inactivity(this.pump.clock, limit, inactivityHost(this, inactive))
  }

  /* ── beginning ─────────────────────────────────────────────────────────── */

  #listen(signal: AbortSignal | undefined): void {
    if (!signal) return
    const abort = () => this.#cancel({ kind: 'aborted', reason: signal.reason })
    if (signal.aborted) abort()
    else this.#unlisten = onAbort(signal, abort)
  }

  begin(): void {
    this.hasBegun = true
    this.pump.start()
    if (this.outcome.isEnding) return this.row.abandon(this.outcome.reason)
    this.row.start()
    if (this.outcome.isEnding) return
    this.source.start()
    this.#inactivity?.start()
    this.pump.wake()
  }

  /* ── failing ───────────────────────────────────────────────────────────── */

  /** Stages up to number `last` have nothing more to do; the ones behind finish what came before the failure. */
  fail(place: string, fault: Fault, last: number): void {
    this.outcome.failed({ place, fault, last })
    this.source.kill()
    this.row.abandon(fault.error, last + 1)
    this.#life.send({ type: 'fail' })
    this.pump.wake()
  }

  /** What goes wrong when the workers of a stage are stopped counts only where all else went well. */
  stageFailed(stage: AnyStage, fault: Fault): void {
    if (stage.isOver && this.outcome.isEnding) this.outcome.suppressed.push(fault.error)
    else this.fail(stage.plan.name, fault, stage.index)
  }

  sourceFailed(error: unknown, sequence: number): void {
    if (this.outcome.isSettled || this.outcome.cancelled) return
    this.row.first.end('failed')
    this.fail('source', { error, worker: 0, sequence, attempts: 1 }, -1)
  }

  /** A reader has thrown; false if the run is over, and cannot fail any more. */
  readerThrew(place: string, error: unknown, sequence: number | undefined): boolean {
    if (this.outcome.isSettled) return false
    const last = this.row.stages.length
    // Of several readers that throw, the first one counts: they are given the same results.
    if (this.outcome.fault?.last === last) this.outcome.suppressed.push(error)
    else this.fail(place, { error, worker: 0, sequence, attempts: 1 }, last)
    return true
  }

  itemsEnded(stage: AnyStage, items: number, dead: boolean): void {
    if (stage.isOver) return
    const error = this.report.ended(items, dead)
    if (error) this.fail(stage.plan.name, { error, worker: 0, sequence: undefined, attempts: 1 }, stage.index)
  }

  #forsake(origin: Origin, reason: unknown): void {
    // Said in the midst of letting items leave, by a stage or a listener that it tells: that comes to its end first.
    queueMicrotask(() => {
      for (const stage of this.row.stages) stage.forsake(origin, reason)
    })
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  stageEnded(stage: AnyStage): void {
    this.row.ended(stage)
    this.report.tell({ type: 'stage.drained', stage: stage.plan.name })
    // One that ended before its input did: nobody reads what those before it would do.
    if (stage.input.ending === 'open' && !this.outcome.isEnding) {
      this.source.kill()
      this.row.abandon(undefined, stage.index)
    }
    this.pump.wake()
  }

  /** Said again, it changes nothing, unless it says a grace: then that begins anew. */
  stop(grace: number | undefined): void {
    if (this.outcome.isSettled || (this.isAsked && grace === undefined)) return
    this.isAsked = true
    if (!this.outcome.isEnding) this.grace = grace ?? this.grace
    // What has not begun does not begin: its source is asked nothing.
    if (!this.hasBegun) this.source.end()
    this.#life.send({ type: 'drain', grace: this.grace })
    this.pump.wake()
  }

  /** The last reader has left its loop. It waits for the end, but hears of nothing: a failure is left to `done`. */
  leave(): Promise<void> {
    if (this.outcome.isSettled || this.isAsked) return Promise.resolve()
    this.#cancel({ kind: 'left' })
    return this.outcome.over
  }

  #giveUpOn(error: MillraceError): void {
    this.#cancel({ kind: 'given up', error })
  }

  #cancel(cancelled: Cancellation): void {
    if (this.outcome.isSettled || this.outcome.cancelled) return
    // A handler does this, in the midst of a frame: channels cannot be cleared under a kernel that works on them.
    if (this.hasBegun && this.pump.isHeld) {
      queueMicrotask(() => this.#cancel(cancelled))
      return
    }
    this.outcome.cancelled = cancelled
    this.#life.send({ type: 'cancel' })
  }

  stopping(reason: 'done' | 'asked' | 'failed'): void {
    this.report.tell({ type: 'pipeline.stopping', reason, grace: this.grace })
  }

  closeInput(): void {
    this.isAsked = true
    // What is under way may always leave, whether or not it is read by then: it was bounded when it came in.
    this.outlet.unbind()
    this.source.end()
    this.pump.wake()
  }

  abandonAll(): void {
    this.source.kill()
    this.row.abandon(this.outcome.reason)
    this.pump.wake()
  }

  /** Workers that live elsewhere are ended, whatever they do. */
  killAll(): void {
    for (const stage of this.row.stages) stage.kill()
  }

  /** The grace period is over: what still runs is abandoned, by name. What has nothing in hand ends in this turn. */
  giveUp(): void {
    this.abandonAll()
    setImmediate(() => {
      const consumers = this.outlet.holders().map(position => `${this.name}/output item ${position}`)
      this.outcome.abandoned = [...this.row.remaining(), ...consumers]
      for (const stage of this.row.stages) stage.giveUp()
      this.killAll()
      this.#settle()
    })
  }

  /** Grows with whatever happens, in stages that are pipelines too. */
  get moves(): number {
    return this.row.moves + this.report.movesInside
  }

  /* ── settling ──────────────────────────────────────────────────────────── */

  /** Nobody has anything to do. */
  #rested(): void {
    if (this.outcome.isSettled) return
    const thrown = this.#listening.take()
    if (thrown) {
      this.readerThrew(thrown.place, thrown.error, undefined)
      return this.pump.wake()
    }
    if (this.row.isQuiet) this.#maybeSettle()
    else if (!this.outlet.hasReaders || this.#unread.isExpecting) this.#expectReader(this.#isFull)
    this.#inactivity?.note()
  }

  /**
   * Unread results keep everything from going on: the last channel is full, or would be with what waits for its turn; or
   * they hold all slots (`inFlight`).
   */
  get #isFull(): boolean {
    const { row } = this
    if (row.last.full()) return true
    if (row.last.count === 0) return false
    const isBlocked = row.last.blocked && row.holders().length === 0
    return isBlocked || (row.isAtRest && (row.isHeldUp || !this.#entrance.isOpen))
  }

  #maybeSettle(): void {
    const { isEnding } = this.outcome
    if (this.outlet.isWorking && !isEnding) return
    if (this.row.last.count > 0 && !this.isAsked && !isEnding) return this.#expectReader(true)
    if (this.outcome.fault && this.outlet.isPulled && !this.#hasTurned) return this.#turn()
    this.#settle()
  }

  /** A loop that goes on in this turn may leave before it comes to the failure, which then does not count. */
  #turn(): void {
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => {
      this.#hasTurned = true
      this.#rested()
    })
  }

  #expectReader(isWaiting: boolean): void {
    this.#unread.expect(isWaiting && !this.isAsked && !this.outlet.hasReaders && !this.outcome.isEnding)
  }

  #settle(): void {
    const { outcome, report, source } = this
    if (outcome.isSettled) return
    this.#unread.clear()
    this.#inactivity?.clear()
    this.#contained?.ended(this)
    this.#unlisten()
    const summary = this.#summarise()
    // Unfinished is unfinished: what nobody read of a run that was cancelled is gone.
    if (outcome.cancelled) this.outlet.clear()
    const ending = outcome.decide(summary, this.grace, report.letters)
    this.asks.refuse(outcome.refusal)
    if (source instanceof SentSource) source.refuse(outcome.refusal)
    if (ending.failed && this.outlet.isPulled) outcome.heard()
    this.outlet.end(ending)
    this.watching.end()
    if (!ending.failed && !this.isAsked && !outcome.cancelled) this.stopping('done')
    report.complete()
    this.#life.send({ type: 'settled' })
    outcome.publish(summary)
  }

  #summarise(): Summary {
    const { row, outcome, source, report } = this
    const unread = outcome.cancelled ? row.last.count : 0
    return {
      received: source.received,
      emitted: row.stages.at(-1)!.emitted - unread,
      deadLetters: report.letters.count,
      dropped: row.sum(stage => stage.input.dropped) + report.droppedInside,
      unfinished: row.sum(stage => stage.unfinished) + unread,
      restarts: row.sum(stage => stage.restarts),
      millis: this.pump.clock.now() - this.#startedAt,
    }
  }
}
