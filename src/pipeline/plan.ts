/**
 * From what was written to what runs: stages with every default filled in; neighbouring maps and filters are one.
 */
import type { AnyBehaviour } from '../actor/behaviour.ts'
import type { Capacity } from '../channel/channel.ts'
import { weigh } from '../channel/weigh.ts'
import { InvalidKey } from '../errors.ts'
import { stageOptions } from '../options.ts'
import { type Step as FusedStep, fusedKernel, receiveKernel } from '../runtime/inline/kernel.ts'
import type { OpenLine } from '../runtime/remote/line.ts'
import { resourcesOf } from '../runtime/remote/resources.ts'
import { openHere } from '../stage/mailbox/here.ts'
import type { BehaviourBody, Body, StagePlan } from '../stage/plan.ts'
import { actorBody } from './actor-body.ts'
import type { Blueprint, Step } from './blueprint.ts'
import type { RunOptions, StageOptions, TravelOptions } from './language.ts'
import { operatorsFeed } from './operators-feed.ts'
import { kindOf, type RemoteHost, remoteBody, remoteFeed, seatedBy, travellerOf } from './remote.ts'
import { placesOf, runtimeOf } from './runtime-of.ts'
import { isStateful } from './stateful.ts'

/** What a plan needs of the run that it is for. */
export interface PlanHost {
  /** Where stages run that can travel, and say nothing else. */
  readonly on: RunOptions['on']
  /** Makes the body of a stage of a pipeline that is a stage. */
  nest(stage: string, blueprint: Blueprint, stateful: boolean): Omit<BehaviourBody, 'kernel'>
  /** What the workers of a stage need that live elsewhere; absent where all of them are to live here. */
  remote?(stage: string): Omit<RemoteHost, 'open' | 'resources'> & { open(place: string): OpenLine }
}

/** Blueprints never change, so what was planned once, with its loops that have learned their types, serves every run. */
const planned = new WeakMap<Blueprint, readonly StagePlan[]>()

export function planOf(blueprint: Blueprint, host: PlanHost): readonly StagePlan[] {
  const isOwn = blueprint.steps.some(
    step => step.kind === 'stage' && (step.body.kind === 'pipeline' || placesIn(step, host).some(isElsewhere)),
  )
  const known = isOwn ? undefined : planned.get(blueprint)
  if (known) return known
  const plans = makePlan(blueprint, host)
  if (!isOwn) planned.set(blueprint, plans)
  return plans
}

function makePlan({ name, steps, source }: Blueprint, host: PlanHost): StagePlan[] {
  const plans: StagePlan[] = []
  for (let index = 0; index < Math.max(steps.length, 1); index++) {
    const step = steps[index]
    const how = step?.kind === 'stage' ? (step.how ?? {}) : {}
    const channel = index === 0 ? { ...how, ...source?.options } : how
    const fused = fusedFrom(steps, index)
    const places = placesIn(step, host)
    const plan = { pipeline: name, name: nameOf(steps, index), ...optionsOf(step, how, channel, places.length) }
    if (!step || fused.length > 0) plans.push({ ...plan, body: fusedBody(fused) })
    else plans.push({ ...plan, ...bodyOf(step, plan, places, host) })
    index += Math.max(0, fused.length - 1)
  }
  return plans
}

/** Where each worker of a stage lives. */
function placesIn(step: Step | undefined, { on, remote }: PlanHost): readonly string[] {
  if (step?.kind !== 'stage') return ['inline']
  const places = placesOf(step.how ?? {}, runtimeOf(step, on))
  return remote ? places : places.map(() => 'inline')
}

const isElsewhere = (place: string) => place !== 'inline'

function optionsOf(
  step: Step | undefined,
  how: StageOptions<any>,
  channel: Pick<StageOptions<any>, 'capacity' | 'overflow'>,
  workers: number,
): Omit<StagePlan, 'pipeline' | 'name' | 'body'> {
  const own = step?.kind === 'stage' && step.body.kind === 'actor' ? step.body.actor.body : undefined
  const behaviour = typeof own === 'object' ? (own as Partial<AnyBehaviour>) : {}
  const key = keyIn(step)
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
    maxMessageBytes: resourcesOf((how as TravelOptions<any>).resources).maxMessageBytes,
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

function bodyOf(
  step: Step,
  plan: Omit<StagePlan, 'body'>,
  places: readonly string[],
  host: PlanHost,
): Pick<StagePlan, 'body' | 'seated'> {
  if (step.kind === 'operators') return { body: { kind: 'feed', open: operatorsFeed(step.operators) } }
  if (step.kind !== 'stage' || step.body.kind === 'nothing') throw new Error('unreachable: this was validated')
  const { body, name } = step
  const here = () =>
    body.kind === 'actor' ? actorBody(body.actor) : asking(host.nest(name, body.blueprint, isStateful(body)))
  if (!places.some(isElsewhere)) return { body: here() }
  const { open, ...told } = host.remote!(name)
  const lines = places.map(place => (place === 'inline' ? openHere(here) : open(place)))
  const resources = resourcesOf((step.how as TravelOptions<any> | undefined)?.resources)
  const remote = { ...told, resources, open: (index: number) => lines[index]! }
  const parts = [travellerOf(body), kindOf(body), plan, remote] as const
  if (parts[1].streams) return { body: remoteFeed(...parts) }
  const isThreads = places.every(place => place === 'threads')
  return { body: asking(remoteBody(...parts)), seated: isThreads ? seatedBy(...parts) : undefined }
}

/** A body that asks others for what an item leads to. */
function asking(body: Omit<BehaviourBody, 'kernel'>): Body {
  return { kind: 'behaviour', kernel: receiveKernel(body.receive, weigh), ...body }
}
