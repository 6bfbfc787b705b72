/**
 * The stages of a run and the channels between them.
 *
 *     first ─▶ stage 0 ─▶ channel ─▶ stage 1 ─▶ … ─▶ last
 *
 * A stage is *over* when it takes no more and its workers are gone; the row is *quiet* when all stages are over and no
 * handler runs any more.
 */
import { Channel } from '../../channel/channel.ts'
import type { AnyStage, StageHost } from '../../stage/host.ts'
import type { StagePlan } from '../../stage/plan.ts'
import type { Pump } from '../../stage/pump.ts'
import { sectionStages, sectionsOf } from '../../stage/section/sections.ts'
import { Stage } from '../../stage/stage.ts'
import { capacityOf } from '../plan.ts'

export class Row {
  readonly stages: readonly AnyStage[]
  /** The source puts its items here. */
  readonly first: Channel
  /** Results wait here for readers. */
  readonly last: Channel
  readonly #over = new Set<AnyStage>()
  #isOver = false

  /**
   * `isTagged`: items are tagged as they enter. `frameMost`: the largest frame, in items. `maySeat`: whether neighbouring
   * stages on threads may be a section.
   */
  constructor(
    plans: readonly StagePlan[],
    isTagged: boolean,
    pump: Pump,
    host: StageHost,
    frameMost: number | undefined,
    maySeat: boolean,
  ) {
    const channels = channelsOf(plans, isTagged)
    this.first = channels[0]!
    this.last = channels.at(-1)!
    const sections = sectionsOf(plans, channels, maySeat)
    this.stages = plans.flatMap((plan, index): AnyStage[] => {
      const section = sections.find(({ from, to }) => index >= from && index < to)
      if (section) return index === section.from ? sectionStages(section, plans, channels, pump, host) : []
      const between = { input: channels[index]!, output: channels[index + 1]! }
      return [new Stage(plan, between, { index, next: plans[index + 1] }, pump, host, frameMost)]
    })
  }

  named(name: string): AnyStage | undefined {
    return this.stages.find(({ plan }) => plan.name === name)
  }

  get names(): string[] {
    return this.stages.map(({ plan }) => plan.name)
  }

  /** Without the one that a pipeline has that was written without any. */
  get written(): string[] {
    const stages = this.stages.filter(({ plan: { body } }) => body.kind !== 'fused' || body.steps.length > 0)
    return stages.map(({ plan }) => plan.name)
  }

  start(): void {
    for (const stage of this.stages) stage.start()
  }

  /** Stages before number `end` have nothing more to do; handlers that run are told why by their signal. */
  abandon(reason: unknown, end = this.stages.length): void {
    for (const stage of this.stages.slice(0, end)) stage.abandon(reason)
  }

  /** A stage has ended, and its workers are gone. */
  ended(stage: AnyStage): void {
    this.#over.add(stage)
    this.#isOver = this.#over.size === this.stages.length
  }

  get isQuiet(): boolean {
    return this.#isOver && this.isAtRest
  }

  /** A stage has no slot left (`inFlight`). */
  get isHeldUp(): boolean {
    return this.stages.some(stage => stage.isHeldUp)
  }

  /** No handler runs. */
  get isAtRest(): boolean {
    return this.stages.every(stage => stage.running === 0)
  }

  /** Grows with whatever happens. */
  get moves(): number {
    return this.sum(stage => stage.moves)
  }

  /** Who holds what: `pipeline/stage#worker item sequence`. */
  holders(): string[] {
    return this.stages.flatMap(stage => stage.holders())
  }

  /** What keeps the row from being quiet: handlers that run, and stages whose workers cannot be set up or stopped. */
  remaining(): string[] {
    return this.stages.flatMap(stage => {
      const holders = stage.holders()
      if (holders.length > 0 || this.#over.has(stage)) return holders
      return `${stage.plan.pipeline}/${stage.plan.name} setup or stop`
    })
  }

  sum(of: (stage: AnyStage) => number): number {
    return this.stages.reduce((total, stage) => total + of(stage), 0)
  }
}

/** One before each stage, and one behind the last. Tags begin where somebody wants to know the end of an item. */
function channelsOf(plans: readonly StagePlan[], isTaggedAtFirst: boolean): Channel[] {
  let isTagged = isTaggedAtFirst
  const channels = plans.map(plan => {
    const channel = new Channel(plan.capacity, isTagged)
    isTagged ||= plan.inFlight !== Infinity
    return channel
  })
  return [...channels, new Channel(capacityOf(undefined), isTagged)]
}
