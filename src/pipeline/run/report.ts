/** What a run tells those who listen: events, and items that were given up. */
import { TooManyDeadLetters } from '../../errors.ts'
import { unpack } from '../../runtime/remote/packed-error.ts'
import type { Inside } from '../../runtime/remote/protocol.ts'
import type { Failure } from '../../stage/plan.ts'
import { type DeadLetter, DeadLetters } from '../../supervisor/dead-letters.ts'
import { Tolerance, type TolerancePolicy } from '../../supervisor/tolerance.ts'
import { Broadcast } from '../broadcast.ts'
import type { PipelineEvent } from '../language.ts'
import type { Listening } from './listening.ts'

/** A run that is looked at: whether it gets on. */
export interface Moving {
  /** Grows with whatever happens in it. */
  readonly moves: number
}

/** Who is told of a pipeline that is a stage of another: of items that were lost in it, and of what moves. */
export interface OuterReport {
  began(run: Moving): void
  ended(run: Moving): void
  deadLetter(stage: string, letter: Failure): void
  dropped(stage: string): void
}

export class Report {
  readonly letters = new DeadLetters()
  readonly events: Broadcast<PipelineEvent>
  readonly deadLetters: Broadcast<DeadLetter>
  /** Items that stages dropped which are pipelines, by stage. */
  readonly #inner = new Map<string, number>()
  /** Runs of such stages, and what happened in those that are over. */
  readonly #insides = new Set<Moving>()
  #movedBefore = 0
  readonly #outer: OuterReport | undefined
  readonly #policy: TolerancePolicy | undefined
  readonly #tolerance: Tolerance

  constructor(listening: Listening, policy: TolerancePolicy | undefined, outer: OuterReport | undefined) {
    this.#outer = outer
    this.#policy = policy
    this.#tolerance = new Tolerance(policy)
    this.events = new Broadcast(listening.host('events'))
    this.deadLetters = new Broadcast({
      ...listening.host('deadLetters'),
      attached: () => {
        for (const letter of this.letters.hand()) this.deadLetters.next(letter)
      },
    })
  }

  tell(event: PipelineEvent): void {
    if (this.events.isHeard) this.events.next(event)
  }

  /** `isHeard`: whoever asked for the item was told. */
  deadLetter(stage: string, failure: Failure, isHeard: boolean): void {
    const letter: DeadLetter = { ...failure, stage, at: Date.now() }
    this.letters.add(letter, isHeard || this.#outer !== undefined || this.deadLetters.isHeard)
    this.deadLetters.next(letter)
    this.#outer?.deadLetter(stage, letter)
  }

  /** An item was dropped before a stage: the `dropped`-th. */
  dropped(stage: string, dropped: number): void {
    this.tell({ type: 'item.dropped', stage, dropped })
    this.#outer?.dropped(stage)
  }

  /** Items that were dropped in stages that are pipelines. */
  get droppedInside(): number {
    let sum = 0
    for (const dropped of this.#inner.values()) sum += dropped
    return sum
  }

  /** Grows with whatever happens in stages that are pipelines. */
  get movesInside(): number {
    let sum = this.#movedBefore
    for (const { moves } of this.#insides) sum += moves
    return sum
  }

  /** For the pipeline that is a stage of this one. */
  from(name: string): OuterReport {
    return {
      began: run => void this.#insides.add(run),
      ended: run => {
        if (this.#insides.delete(run)) this.#movedBefore += run.moves
      },
      deadLetter: (stage, letter) => this.deadLetter(`${name}/${stage}`, letter, false),
      dropped: stage => {
        const path = `${name}/${stage}`
        const dropped = (this.#inner.get(path) ?? 0) + 1
        this.#inner.set(path, dropped)
        this.dropped(path, dropped)
      },
    }
  }

  /** The same for one whose workers live elsewhere. */
  inside(name: string, inside: Inside): void {
    const outer = this.from(name)
    if (inside.what === 'dropped') return outer.dropped(inside.stage)
    const error = unpack(inside.error, () => undefined)
    outer.deadLetter(inside.stage, { ...(inside.letter as Failure), error })
  }

  /** Items have ended: an error if with them there are more dead letters than are tolerated. */
  ended(items: number, dead: boolean): TooManyDeadLetters | undefined {
    for (let i = 0; i < items; i++) {
      if (!this.#tolerance.ended(dead)) return new TooManyDeadLetters(this.#policy!, this.letters.last?.error)
    }
    return undefined
  }

  complete(): void {
    this.events.complete()
    this.deadLetters.complete()
  }
}
