/**
 * An actor that goes wrong on cue: the same actor, but for what its cues say.
 *
 *     const flaky = faulty(charge, { fails: { at: 3, attempt: 1 }, hangs: 5, dies: [7, 9] })
 *
 *     item        3            4     5            6     7           …
 *     attempt 1   throws       ok    hangs …      ok    throws `DiedOnCue`, and its worker is restarted
 *     attempt 2   ok
 *
 * It is told by sequence and attempt, and not by counting calls: so it does the same for any number of workers.
 */
import type { Given } from '../actor/behaviour.ts'
import type { Context } from '../actor/context.ts'
import { type Actor, ActorDefinition, type Unstarted } from '../actor/define-actor.ts'
import { InvalidOption } from '../errors.ts'
import { stageOptions } from '../options.ts'
import type { Failure, FailurePolicy } from '../pipeline/language.ts'
import { type Cues, cuesOf } from './cues.ts'
import { definitionOf } from './definition.ts'
import { DiedOnCue } from './errors.ts'
import { type Faults, Script } from './script.ts'
import { callsOf, scripted } from './scripted.ts'

/** An actor that goes wrong on cue. It stays in this event loop. */
export type Faulty<In, Out> = Actor<In, Out, undefined> & Faults<In>

/** One that still wants its argument. */
export interface FaultyUnstarted<In, Out, Arg> extends Unstarted<In, Out, Arg, undefined>, Faults<In> {
  with(arg: Arg): Faulty<In, Out>
}

/**
 * The same actor, but it fails, hangs or dies on cue; and it counts what happened.
 *
 * A cue is a sequence, some of them, or an object that says when: `{ at: 3, attempt: 1 }`, `{ when: item => … }`,
 * `{ setup: 2 }`. Without a cue for it, an item is handled as ever. Where several cues are due, it hangs first.
 *
 * - `fails` throws `error`, else a `FailedOnCue`.
 * - `hangs` until the signal of the item aborts, or you call `release()`. With `deaf: true` only the latter.
 * - `dies` throws a `DiedOnCue`. In one event loop a worker goes if the policy of its stage says so: `runActor` sees to
 *   that, and in a pipeline it is `onFailure: unlessDied('stop')`.
 *
 * Calls and faults are counted for as long as there is the actor, over all its runs: make one for each test.
 * Of a body over the whole stream the take of an item fails; its items are counted as they are taken.
 *
 * @throws {InvalidOption} when the actor is none.
 * @throws {InvalidOptions} when a cue says something that there is not.
 */
export function faulty<In, Out>(actor: Actor<In, Out>, cues: Cues<NoInfer<In>>): Faulty<In, Out>
export function faulty<In, Out, Arg>(
  actor: Unstarted<In, Out, Arg, any>,
  cues: Cues<NoInfer<In>>,
): FaultyUnstarted<In, Out, Arg>
export function faulty<In, R>(
  handler: (item: In, context: Context<In>) => R,
  cues: Cues<NoInfer<In>>,
): Faulty<In, Given<R>['emitted']>
export function faulty(actor: unknown, cues: Cues<any>): unknown {
  const definition = definitionOf(actor)
  if (!definition) {
    throw new InvalidOption(
      'actor',
      'an actor or a handler (of a pipeline, make a stage of it faulty)',
      actor,
      'faulty',
    )
  }
  const { name, body, arg, isGiven } = definition
  const script = new Script(cuesOf(cues, callsOf(body), `faulty(${name})`), name)
  return new FaultyDefinition(name, scripted(body, script), script, arg, isGiven)
}

/**
 * A policy for the `onFailure` of a stage: what died on cue has its worker restarted, and for all else it is `policy`.
 *
 *     .stage('charge', faulty(charge, { dies: 3 }), { onFailure: unlessDied('skip') })
 *
 * @throws {InvalidOption} when `policy` is none.
 */
export function unlessDied<In>(
  policy: FailurePolicy | ((failure: Failure<In>) => FailurePolicy),
): (failure: Failure<In>) => FailurePolicy {
  const { accepts, expected } = stageOptions.onFailure
  if (!accepts(policy)) throw new InvalidOption('policy', expected, policy, 'unlessDied')
  return failure => {
    if (failure.error instanceof DiedOnCue) return 'restart'
    return typeof policy === 'function' ? policy(failure) : policy
  }
}

/** What is behind a faulty actor. */
export class FaultyDefinition extends ActorDefinition implements Faults<any> {
  readonly #script: Script

  constructor(name: string, body: ActorDefinition['body'], script: Script, arg: unknown, isGiven: boolean) {
    super(name, undefined, body, arg, isGiven)
    this.#script = script
  }

  /** What happens to it is counted together with what happens to this one. */
  override with(arg: unknown): FaultyDefinition {
    return new FaultyDefinition(this.name, this.body, this.#script, arg, true)
  }

  get faults(): Faults<any>['faults'] {
    return this.#script.faults
  }

  get counts(): Faults<any>['counts'] {
    return this.#script.counts
  }

  happened(...args: Parameters<Faults<any>['happened']>): ReturnType<Faults<any>['happened']> {
    return this.#script.happened(...args)
  }

  release(): number {
    return this.#script.release()
  }
}
