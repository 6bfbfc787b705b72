/** What a run tells those who listen: events, and items that were given up. */
import { TooManyDeadLetters } from '../../errors.ts'
import type { Failure } from '../../stage/plan.ts'
import { type DeadLetter, DeadLetters } from '../../supervisor/dead-letters.ts'
import { Tolerance, type TolerancePolicy } from '../../supervisor/tolerance.ts'
import { Broadcast } from '../broadcast.ts'
import type { PipelineEvent } from '../language.ts'
import type { Listening } from './listening.ts'

/** Where the dead letters of a pipeline go that is a stage of another. */
export interface OuterLetters {
  deadLetter(stage: string, letter: Failure): void
}

export class Report {
  readonly letters = new DeadLetters()
  readonly events: Broadcast<PipelineEvent>
  readonly deadLetters: Broadcast<DeadLetter>
  readonly #outer: OuterLetters | undefined
  readonly #policy: TolerancePolicy | undefined
  readonly #tolerance: Tolerance

  constructor(listening: Listening, policy: TolerancePolicy | undefined, outer: OuterLetters | undefined) {
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

  /** For the pipeline that is a stage of this one. */
  lettersFrom(name: string): OuterLetters {
    return { deadLetter: (stage, letter) => this.deadLetter(`${name}/${stage}`, letter, false) }
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
