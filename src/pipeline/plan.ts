/**
 * From what was written to what runs: stages with every default filled in; neighbouring maps and filters are one.
 */
import type { AnyBehaviour, AnyStreamBehaviour } from '../actor/behaviour.ts'
import type { ActorDefinition } from '../actor/define-actor.ts'
import type { Capacity } from '../channel/channel.ts'
import { weigh } from '../channel/weigh.ts'
import { InvalidKey } from '../errors.ts'
import { stageOptions } from '../options.ts'
import {
  type Step as FusedStep,
  fusedKernel,
  handlerKernel,
  type Receive,
  receiveKernel,
} from '../runtime/inline/kernel.ts'
import type { BehaviourBody, Body, StagePlan } from '../stage/plan.ts'
import type { Blueprint, Step, StepBody } from './blueprint.ts'
import type { StageOptions } from './language.ts'
import { operatorsFeed } from './operators-feed.ts'
import { streamFeed } from './stream-feed.ts'

/** Makes the body of a stage of a pipeline that is a stage. */
export type Nest = (stage: string, blueprint: Blueprint, stateful: boolean) => Omit<BehaviourBody, 'kernel'>

/** Blueprints never change, so what was planned once, with its loops that have learned their types, serves every run. */
const planned = new WeakMap<Blueprint, readonly StagePlan[]>()

export function planOf(blueprint: Blueprint, nest: Nest): readonly StagePlan[] {
  const known = planned.get(blueprint)
  if (known) return known
  const plans = makePlan(blueprint, nest)
  const nests = blueprint.steps.some(step => step.kind === 'stage' && step.body.kind === 'pipeline')
  if (!nests) planned.set(blueprint, plans)
  return plans
}

function makePlan({ name, steps, source }: Blueprint, nest: Nest): StagePlan[] {
  const plans: StagePlan[] = []
  for (let index = 0; index < Math.max(steps.length, 1); index++) {
    const step = steps[index]
    const how = step?.kind === 'stage' ? (step.how ?? {}) : {}
    const channel = index === 0 ? { ...how, ...source?.options } : how
    const fused = fusedFrom(steps, index)
    const body = !step || fused.length > 0 ? fusedBody(fused) : bodyOf(step, nest)
    plans.push({ pipeline: name, name: nameOf(steps, index), body, ...optionsOf(step, how, channel) })
    index += Math.max(0, fused.length - 1)
  }
  return plans
}

function optionsOf(
  step: Step | undefined,
  how: StageOptions<any>,
  channel: Pick<StageOptions<any>, 'capacity' | 'overflow'>,
): Omit<StagePlan, 'pipeline' | 'name' | 'body'> {
  const own = step?.kind === 'stage' && step.body.kind === 'actor' ? step.body.actor.body : undefined
  const behaviour = typeof own === 'object' ? (own as Partial<AnyBehaviour>) : {}
  const key = keyIn(step)
  const workers = workersOf(how)
  const isStream = typeof own === 'object' && 'stream' in own
  return {
    workers,
    concurrency: how.concurrency ?? stageOptions.concurrency.value,
    keyOf: key === undefined ? undefined : keyOf(key),
    order: isStream && workers > 1 ? 'completion' : (how.order ?? stageOptions.order.value),
    capacity: capacityOf(channel.capacity),
    overflow: channel.overflow ?? stageOptions.overflow.value,
    inFlight: how.inFlight ?? stageOptions.inFlight.value,
    emit: how.emit ?? stageOptions.emit.value,
    timeout: how.timeout ?? stageOptions.timeout.value,
    attempts: how.retry?.attempts ?? stageOptions.retry.value.attempts,
    deaths: how.retry?.deaths ?? stageOptions.retry.value.deaths,
    backoff: how.retry?.backoff,
    onFailure: how.onFailure ?? stageOptions.onFailure.value,
    schema: how.schema ?? behaviour.schema,
  }
}

/** What tells the keys of a stage apart: as its options say, or else its actor. */
export function keyIn(step: Step | undefined): PropertyKey | ((item: any) => unknown) | undefined {
  if (step?.kind !== 'stage') return undefined
  const own = step.body.kind === 'actor' ? (step.body.actor.body as Partial<AnyBehaviour>).key : undefined
  return step.how?.key ?? own
}

/** A key that says what it is and what it was given, where it does not give one. */
function keyOf(key: PropertyKey | ((item: any) => unknown)): (item: any) => string | number {
  const read = typeof key === 'function' ? key : (item: any) => item[key]
  return item => {
    const given = read(item)
    if (typeof given === 'string' || typeof given === 'number') return given
    throw new InvalidKey(given, { key, item })
  }
}

export function capacityOf(capacity: StageOptions<any>['capacity']): Capacity {
  const { items, bytes } = stageOptions.capacity.value
  if (typeof capacity === 'number') return { items: capacity, bytes }
  return { items: capacity?.items ?? items, bytes: capacity?.bytes ?? bytes }
}

/** How many workers a stage has in this event loop, which has nothing to gain from more than what was asked for. */
export function workersOf({ workers = stageOptions.workers.value }: StageOptions<any>): number {
  if (typeof workers === 'number') return workers
  if (workers === 'auto') return 1
  if ('min' in workers) return Math.max(1, workers.min)
  return (workers as { inline?: number }).inline ?? 0
}

/** The name of the stage that a step is part of; unnamed ones are called by what they do and where they stand. */
export function nameOf(steps: readonly Step[], index: number): string {
  const step = steps[index]
  if (!step) return 'through'
  if (step.kind === 'stage') return step.name
  if (step.kind === 'operators') return `pipe@${index + 1}`
  const first = firstOf(steps, index)
  return `${fusedFrom(steps, first)
    .map(({ kind }) => kind)
    .join('·')}@${first + 1}`
}

/** The step with which the stage begins that a step is part of. */
export function firstOf(steps: readonly Step[], index: number): number {
  let first = index
  while (isFusable(steps[index]) && isFusable(steps[first - 1])) first--
  return first
}

function isFusable(step: Step | undefined): step is Step & FusedStep {
  return step?.kind === 'map' || step?.kind === 'filter'
}

function fusedFrom(steps: readonly Step[], index: number): FusedStep[] {
  const fused: FusedStep[] = []
  for (let step = steps[index]; isFusable(step); step = steps[++index]) fused.push(step)
  return fused
}

function fusedBody(steps: readonly FusedStep[]): Body {
  return { kind: 'fused', steps, kernel: fusedKernel(steps, weigh) }
}

function bodyOf(step: Step, nest: Nest): Body {
  if (step.kind === 'operators') return { kind: 'feed', open: operatorsFeed(step.operators) }
  if (step.kind !== 'stage' || step.body.kind === 'nothing') throw new Error('unreachable: this was validated')
  if (step.body.kind === 'pipeline') {
    const nested = nest(step.name, step.body.blueprint, isStateful(step.body))
    return { kind: 'behaviour', kernel: receiveKernel(nested.receive, weigh), ...nested }
  }
  return actorBody(step.body.actor)
}

function actorBody(actor: ActorDefinition): Body {
  const { body, arg } = actor
  if (typeof body === 'function') return { kind: 'handler', handler: body, kernel: handlerKernel(body, weigh) }
  if ('stream' in body) return { kind: 'feed', open: streamFeed(body as AnyStreamBehaviour, arg) }
  const behaviour = body as AnyBehaviour
  const { setup, start, flush, stop, snapshot, restore } = behaviour
  // Not bound: V8 does not look into bound functions, and this one is called for every item.
  const receive: Receive = (item, state, context) => behaviour.receive(item, state, context)
  return {
    kind: 'behaviour',
    kernel: receiveKernel(receive, weigh, behaviour),
    self: actor,
    stateful: start !== undefined || flush !== undefined,
    volatile: behaviour.volatile ?? false,
    setup: setup && (() => setup.call(behaviour, arg)),
    start: start && (context => start.call(behaviour, arg, context as never)),
    receive,
    flush: flush?.bind(behaviour),
    stop: stop?.bind(behaviour),
    snapshot: snapshot?.bind(behaviour),
    restore: restore?.bind(behaviour),
  }
}

/** Whether what a stage does with an item depends on items before it. */
export function isStateful(body: StepBody): boolean {
  if (body.kind === 'pipeline') {
    return body.blueprint.steps.some(
      step => step.kind === 'operators' || (step.kind === 'stage' && isStateful(step.body)),
    )
  }
  if (body.kind === 'nothing' || typeof body.actor.body === 'function') return false
  const { start, flush, stream } = body.actor.body as Partial<AnyBehaviour & AnyStreamBehaviour>
  return start !== undefined || flush !== undefined || stream !== undefined
}
