/** A run, as whoever began it has it in hand: what can be seen of it, and what can be done with it. */
import { inspect } from 'node:util'
import type { Observable } from 'rxjs'
import type { Entered } from '../../channel/channel.ts'
import type { Origin } from '../../channel/ticket.ts'
import { calledAt, callOf, InvalidOption, SendAfterEnd, UnknownStage } from '../../errors.ts'
import type { Snapshot } from '../../metrics/snapshot.ts'
import { spreadOf } from '../../metrics/spread.ts'
import { askOptions, checkOptions, consumeOptions, stopOptions } from '../../options.ts'
import type { Blueprint } from '../blueprint.ts'
import type { DeadLetter, PipelineEvent, Running, RunOptions, Summary } from '../language.ts'
import { SentSource } from '../sources/sent.ts'
import type { AskOptions } from './asks.ts'
import { Engine, type Internals } from './engine.ts'

export type { Internals } from './engine.ts'

export function startRun(blueprint: Blueprint, options: RunOptions = {}, internals: Internals = {}): Running<any, any> {
  return new Run(new Engine(blueprint, options, internals, startRun))
}

/** Whether something is a run, and not the pipeline that it is of. */
export function isRun(value: unknown): boolean {
  return value instanceof Run
}

class Run implements Running<any, any> {
  readonly done: Promise<Summary>
  readonly output: Observable<any>
  readonly events: Observable<PipelineEvent>
  readonly deadLetters: Observable<DeadLetter>
  readonly #engine: Engine

  constructor(engine: Engine) {
    const { outcome, outlet, report } = engine
    this.#engine = engine
    this.done = outcome.done
    this.output = outlet.output
    this.events = report.events.observable
    this.deadLetters = report.deadLetters.observable
  }

  /** How it is printed, and stands in a message. */
  [inspect.custom](): string {
    return `run of ${this.#engine.name}`
  }

  /* ── looking in ────────────────────────────────────────────────────────── */

  channel(name: string): Observable<Entered> {
    const { row, watching } = this.#engine
    const stage = row.named(name)
    if (!stage) throw calledAt(new UnknownStage(this.#engine.name, name, row.written), callOf(this.channel))
    return watching.of(stage)
  }

  snapshot(): Snapshot {
    const { name, pump, row, latency } = this.#engine
    const now = pump.clock.now()
    const stages = row.stages.map(stage => stage.snapshot(now))
    return { pipeline: name, at: Date.now(), latency: spreadOf(latency), stages }
  }

  /* ── results ───────────────────────────────────────────────────────────── */

  [Symbol.asyncIterator](): AsyncIterator<any> {
    return this.#engine.outlet.iterate()
  }

  consume(fn: (item: any) => void | Promise<void>, options: { concurrency?: number } = {}): Promise<void> {
    const { name, outlet } = this.#engine
    if (typeof fn !== 'function') {
      throw calledAt(new InvalidOption('consume', 'given a function of the result', fn, name), callOf(this.consume))
    }
    checkOptions(options, consumeOptions, `${name}: consume`)
    return outlet.consume(fn, options.concurrency ?? consumeOptions.concurrency.value)
  }

  /* ── input ─────────────────────────────────────────────────────────────── */

  send(item: any): Promise<void> {
    return this.#send(item)
  }

  ask(item: any, options: AskOptions = {}): Promise<any[]> {
    const { name, asks } = this.#engine
    checkOptions(options, askOptions, `${name}: ask`)
    return asks.ask(options, origin => this.#send(item, origin))
  }

  #send(item: unknown, origin?: Origin): Promise<void> {
    const { name, source } = this.#engine
    if (source instanceof SentSource) return source.send(item, origin)
    return Promise.reject(new SendAfterEnd(name, item, true))
  }

  end(): void {
    this.#engine.source.end()
    this.#engine.pump.wake()
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  stop(options: { grace?: number } = {}): Promise<Summary> {
    checkOptions(options, stopOptions, `${this.#engine.name}: stop`)
    this.#engine.stop(options.grace)
    return this.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#engine.outcome.isFailed) await this.stop()
  }
}
