/**
 * Runs a blueprint to its end, under a deadline, and writes down what happens.
 *
 * Where it does not end in time, the error says who has which item in hand; then the run is stopped.
 */
import { type Clock, systemClock } from '../clock.ts'
import { shown } from '../errors.ts'
import type { Blueprint } from '../pipeline/blueprint.ts'
import type { DeadLetter, PipelineEvent } from '../pipeline/language.ts'
import { Engine } from '../pipeline/run/engine.ts'
import { startRun } from '../pipeline/run/run.ts'
import { copyOf } from './copy.ts'
import { TestDeadline } from './errors.ts'
import type { ManualClock } from './manual-clock.ts'

export interface Executed {
  readonly emitted: readonly unknown[]
  readonly deadLetters: readonly DeadLetter[]
  readonly events: readonly PipelineEvent[]
  /** What `done` rejected with; undefined if it resolved. */
  readonly error: unknown
  /** ms by the clock of the run. */
  readonly millis: number
  /** What entered the stages that were watched, by their names. */
  readonly entered: ReadonlyMap<string, readonly unknown[]>
}

export interface How {
  /** What is run, as an error calls it. */
  readonly what: string
  readonly clock: Clock | undefined
  /** ms of real time. */
  readonly deadline: number
  /** Names of stages. */
  readonly watched?: readonly string[]
}

export const defaultDeadline = 5_000

/** ms that a run gets to end which was not done in time. */
const grace = 75

/** `items`: what is run on them takes the place of the blueprint's source. */
export async function execute(
  blueprint: Blueprint,
  items: Iterable<unknown> | AsyncIterable<unknown>,
  { what, clock = systemClock, deadline, watched = [] }: How,
): Promise<Executed> {
  const given = new Given(items)
  const source = { value: given.source(), options: blueprint.source?.options }
  const engine = new Engine({ ...blueprint, source }, { clock, ...graceWithin(deadline, blueprint) }, {}, startRun)
  const emitted: unknown[] = []
  const deadLetters: DeadLetter[] = []
  const events: PipelineEvent[] = []
  const entered = new Map<string, unknown[]>()
  engine.outlet.output.subscribe({ next: result => void emitted.push(result), error: () => {} })
  engine.report.deadLetters.observable.subscribe(letter => void deadLetters.push(letter))
  engine.report.events.observable.subscribe(event => void events.push(event))
  for (const name of watched) {
    const items: unknown[] = []
    entered.set(name, items)
    engine.watching.of(engine.row.named(name)!).subscribe(({ item }) => void items.push(copyOf(item)))
  }
  const startedAt = clock.now()
  const done = engine.outcome.done.then(
    () => undefined,
    error => ({ error }),
  )
  try {
    const failed = await within(done, clock, deadline)
    return { emitted, deadLetters, events, error: failed?.error, millis: clock.now() - startedAt, entered }
  } catch (late) {
    if (!(late instanceof TestDeadline)) throw late
    const waitsFor = [...reasons(engine, events, given), ...standstill(clock)]
    engine.stop(grace)
    await within(done, clock, 2 * grace).catch(() => {})
    throw new TestDeadline(`${what} is not done`, deadline, waitsFor)
  }
}

/** By the machine's clock, a handler that does not end has to be named before the deadline, not after it. */
function graceWithin(deadline: number, { supervision }: Blueprint): { grace?: number } {
  return supervision.grace === undefined && deadline !== Infinity ? { grace: deadline / 2 } : {}
}

/** A deadline in real time; a manual clock moves meanwhile. */
export async function within<T>(promise: Promise<T>, clock: Clock | undefined, deadline: number): Promise<T> {
  if (isManual(clock)) return clock.until(promise, deadline)
  let timer: unknown
  const late = new Promise<never>((_, reject) => {
    if (deadline === Infinity) return
    timer = systemClock.setTimeout(() => reject(new TestDeadline('it is not done', deadline)), deadline)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    systemClock.clearTimeout(timer)
  }
}

function isManual(clock: Clock | undefined): clock is ManualClock {
  return typeof (clock as ManualClock | undefined)?.until === 'function'
}

/** Who is waited for: handlers, `setup`, the source, `stop`. */
function reasons(engine: Engine, events: readonly PipelineEvent[], given: Given): string[] {
  const holders = engine.row.holders().map(holder => {
    const [, address, sequence] = holder.match(/^(.*) item (\d+)$/) ?? []
    const isFirst = address !== undefined && engine.row.stages[0]!.plan.name === stageOf(address, engine.name)
    if (!isFirst) return holder
    const index = Number(sequence)
    return index < given.items.length
      ? `item ${index} (${shown(given.items[index])}), which ${address} has in hand`
      : `the \`flush\` of ${address}`
  })
  if (holders.length > 0) return holders
  const hasBeen = (type: string, stage: string) =>
    events.some(event => event.type === type && 'stage' in event && event.stage === stage)
  const starting = engine.row.names.filter(name => !hasBeen('stage.started', name))
  if (starting.length > 0) return starting.map(name => `the \`setup\` or \`start\` of ${engine.name}/${name}`)
  if (!given.isOver) return [`item ${given.items.length}, which the source has not given yet`]
  const ending = engine.row.names.filter(name => !hasBeen('stage.drained', name))
  return ending.map(name => `the end of ${engine.name}/${name}, e.g. its \`stop\``)
}

/** A clock that was not moved is the likely reason, if it is none of ours. */
function standstill(clock: Clock): string[] {
  return clock === systemClock || isManual(clock) ? [] : ['a clock of your own, if that stands still']
}

function stageOf(address: string, pipeline: string): string {
  return address.slice(pipeline.length + 1).replace(/#\d+$/, '')
}

/** Whether it can be asked for items: an array, a generator, a stream; not a string, whose letters nobody means. */
export function isFeed(items: unknown): items is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof items === 'object' && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items)
}

/** The items, remembered as they are asked for. */
class Given {
  readonly items: unknown[] = []
  isOver = false
  readonly #items: Iterable<unknown> | AsyncIterable<unknown>

  constructor(items: Iterable<unknown> | AsyncIterable<unknown>) {
    this.#items = items
  }

  source(): () => Iterable<unknown> | AsyncIterable<unknown> {
    return Symbol.asyncIterator in this.#items ? () => this.#later() : () => this.#now()
  }

  *#now(): Generator<unknown> {
    for (const item of this.#items as Iterable<unknown>) {
      this.items.push(item)
      yield item
    }
    this.isOver = true
  }

  async *#later(): AsyncGenerator<unknown> {
    for await (const item of this.#items as AsyncIterable<unknown>) {
      this.items.push(item)
      yield item
    }
    this.isOver = true
  }
}
