/**
 * Feeds an actor, and tells what came of it: one stage, run as in any pipeline, under a deadline.
 *
 *     items ─▶ [ actor ] ─▶ emitted
 *                 ├─ state, states
 *                 └─ deadLetters, failure, restarts, events
 */
import type { Behaviour, Given } from '../actor/behaviour.ts'
import type { Context } from '../actor/context.ts'
import type { Actor } from '../actor/define-actor.ts'
import type { Checked, SchemaTypes, Taken, Unchecked } from '../actor/schema.ts'
import type { Clock } from '../clock.ts'
import { InvalidBlueprint, InvalidOption, type MillraceError, type Mistake, type StageFailed } from '../errors.ts'
import { mistakesIn, stageOptions } from '../options.ts'
import { type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import type { DeadLetter, FailurePolicy, PipelineEvent, StageOptions, Supervision } from '../pipeline/language.ts'
import { mistakesOf } from '../pipeline/validate.ts'
import { definitionOf } from './definition.ts'
import { defaultDeadline, execute, isFeed } from './execution.ts'
import { FaultyDefinition, unlessDied } from './faulty.ts'
import { keepingState } from './kept-state.ts'
import { actorOptions } from './options.ts'

/** Everything that a stage takes, and this. */
export interface RunActorOptions<In, Types extends SchemaTypes = Unchecked> extends StageOptions<In, Types> {
  /** What `.supervise` of a pipeline takes: `strategy`, `maxRestarts`, `backoff`, `grace`, `inactivity`, `tolerate` … */
  supervise?: Supervision
  /**
   * What every wait of the run asks for the time. A `manualClock` is moved to whatever is due next when nothing else
   * happens: backoffs and timeouts of minutes take no time. @default the machine's
   */
  clock?: Clock
  /** Milliseconds of real time that it may take; Infinity under a debugger. @default 5_000 */
  deadline?: number
}

/** What came of feeding an actor. */
export interface ActorRun<In, Out, State = unknown> {
  /** All it emitted, in order. Of an actor that failed: what it had emitted before. */
  readonly emitted: Out[]
  /** What it keeps, as it is at the end, after `flush`. Undefined if it keeps nothing, or keeps it by key. */
  readonly state: State | undefined
  /** With a `key`: what it keeps of each, in the order in which the keys appeared. What was forgotten is not there. */
  readonly states: ReadonlyMap<string | number, State>
  /** Items that were given up, in order: `item`, `error`, `sequence`, `attempts`, `worker`, `key`. */
  readonly deadLetters: DeadLetter<In>[]
  /**
   * What ended it early. For a handler that threw it is a `StageFailed`, which says where: `sequence`, `attempt`, `worker`;
   * its `cause` is what was thrown.
   */
  readonly failure: ActorFailure | undefined
  /** How often a worker was restarted. */
  readonly restarts: number
  /** What happened to the worker, as `run.events` has it. */
  readonly events: PipelineEvent[]
  /** Milliseconds it took, by its clock. */
  readonly millis: number
}

/** A `StageFailed`, mostly; or another error that `done` of a run may reject with: `GraceExceeded`, `Inactive`. */
export type ActorFailure = MillraceError &
  Partial<Pick<StageFailed, 'stage' | 'worker' | 'sequence' | 'attempt' | 'suppressed'>>

/** Items to feed. */
export type Fed<In> = Iterable<In> | AsyncIterable<In>

/**
 * Feeds `items` to an actor, ends its input, and resolves with what it emitted, what state it keeps, and how it failed.
 *
 *     const { emitted, state } = await runActor(average, [1, 2, 3])
 *     const { states } = await runActor(ledger, payments, { key: 'account', workers: 4 })
 *     const { failure } = await runActor(parse, ['{', '}'])          // failure.sequence, failure.cause
 *
 * The actor is a handler, a behaviour, what `defineActor` gave (one that wants an argument: `.with(arg)`), or an open
 * pipeline. Options are those of a stage, with the same defaults; so the first item that fails ends it, and the failure is
 * in the result: it is not thrown. What a `faulty` actor is told to die of restarts its worker, whatever `onFailure` says.
 *
 * @throws {InvalidBlueprint} with all mistakes in actor and options, before anything starts.
 * @throws {TestDeadline} when it is not done in time. It says which item is waited for, and who has it in hand.
 */
export function runActor<In, R, Types extends SchemaTypes = Unchecked>(
  handler: (item: Checked<In, Types>, context: Context<In>) => R,
  items: Fed<NoInfer<Taken<In, Types>>>,
  options?: RunActorOptions<NoInfer<Taken<In, Types>>, Types>,
): Promise<ActorRun<Taken<In, Types>, Given<R>['emitted'], undefined>>
export function runActor<
  In,
  R,
  F = never,
  State = undefined,
  Resources = undefined,
  Types extends SchemaTypes = Unchecked,
>(
  behaviour: Behaviour<Taken<In, Types>, R, F, State, void, Resources, Checked<In, Types>, Types>,
  items: Fed<NoInfer<Taken<In, Types>>>,
  options?: RunActorOptions<NoInfer<Taken<In, Types>>, Types>,
): Promise<ActorRun<Taken<In, Types>, Given<R | F>['emitted'], State>>
export function runActor<In, Out, Types extends SchemaTypes = Unchecked>(
  actor: Actor<Checked<In, Types>, Out>,
  items: Fed<NoInfer<Taken<In, Types>>>,
  options?: RunActorOptions<NoInfer<Taken<In, Types>>, Types>,
): Promise<ActorRun<Taken<In, Types>, Out>>
export async function runActor(
  actor: unknown,
  items: Fed<unknown>,
  options: RunActorOptions<any> = {},
): Promise<ActorRun<any, any, any>> {
  const { supervise = {}, clock, deadline = defaultDeadline, ...how } = { ...options }
  const inner = blueprintOf(actor)
  const definition = inner ? undefined : definitionOf(actor)
  const name = (inner ?? definition)?.name ?? 'actor'
  const alone = (body: Body, how: StageOptions<any>): Blueprint => {
    return { name: 'runActor', home: undefined, supervision: supervise, steps: [{ kind: 'stage', name, body, how }] }
  }

  const body: Body = inner
    ? { kind: 'pipeline', blueprint: inner }
    : definition
      ? { kind: 'actor', actor: definition }
      : { kind: 'nothing', value: actor }
  const said = mistakesIn(options, { ...stageOptions, ...actorOptions }, 'runActor')
  // What is wrong with the actor is told as well; with its options, once.
  const mistakes: Mistake[] = [...said, ...mistakesOf(alone(body, said.length > 0 ? {} : how))]
  if (mistakes.length > 0) throw new InvalidBlueprint(mistakes)
  if (!isFeed(items)) {
    throw new InvalidOption('items', 'an iterable of items, e.g. an array', items, `runActor(${name})`)
  }

  const kept = definition && keepingState(definition)
  const policy: FailurePolicy | ((failure: any) => FailurePolicy) = how.onFailure ?? 'stop'
  const onFailure = definition instanceof FaultyDefinition ? unlessDied(policy) : policy
  const watched = kept ? ({ kind: 'actor', actor: kept.actor } as const) : body
  const ran = await execute(alone(watched, { ...how, onFailure }), items, {
    what: `the actor ${name}`,
    clock,
    deadline,
  })

  const all = new Map(kept?.states(ran.error !== undefined))
  const state = all.get(undefined)
  all.delete(undefined)
  return {
    emitted: [...ran.emitted],
    state,
    states: all as Map<string | number, unknown>,
    deadLetters: [...ran.deadLetters],
    failure: ran.error as ActorFailure | undefined,
    restarts: ran.events.filter(({ type }) => type === 'worker.restarted').length,
    events: [...ran.events],
    millis: ran.millis,
  }
}

type Body = (Blueprint['steps'][number] & { kind: 'stage' })['body']
