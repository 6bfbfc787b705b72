/** Options of a stage that are right one by one, and wrong together. */
import type { AnyBehaviour, AnyStreamBehaviour } from '../actor/behaviour.ts'
import { type ActorDefinition, isInPlace } from '../actor/define-actor.ts'
import { type Mistake, mistake, shown } from '../errors.ts'
import { stageOptions } from '../options.ts'
import type { Step } from './blueprint.ts'
import type { StageOptions } from './language.ts'
import { placesOf } from './runtime-of.ts'
import { isStateful } from './stateful.ts'

type StageStep = Step & { kind: 'stage' }
type AnyBody = Partial<AnyBehaviour & AnyStreamBehaviour>

export function combinations(step: StageStep, place: string): Mistake[] {
  const { how = {} } = step
  const behaviour = behaviourOf(step)
  const mistakes = behaviour?.stream ? streamMistakes(how, behaviour, place) : stateMistakes(step, place)
  if (step.body.kind === 'actor') mistakes.push(...hookMistakes(step.body.actor, place))
  const least = placesOf(how, '').length * concurrencyOf(how)
  if (how.inFlight !== undefined && how.inFlight < least) {
    mistakes.push(mistake('IN_FLIGHT', place, { least, inFlight: how.inFlight }))
  }
  return mistakes
}

/** Whether what such a stage does with an item depends on all items before it. */
export function isUnkeyedState(step: StageStep): boolean {
  return isStateful(step.body) && (step.how?.key ?? behaviourOf(step)?.key) === undefined
}

/** Whether items may leave a stage in another order than they came in. */
export function handsOnByCompletion(step: StageStep): boolean {
  const { how } = step
  if (typeof how !== 'object' || how === null) return false
  const { workers = stageOptions.workers.value, order } = how
  const atOnce = typeof workers === 'number' ? workers : Infinity
  if (behaviourOf(step)?.stream) return atOnce > 1
  return order === 'completion' && atOnce * concurrencyOf(how) > 1
}

function behaviourOf({ body }: StageStep): AnyBody | undefined {
  return body.kind === 'actor' && typeof body.actor.body === 'object' ? (body.actor.body as AnyBody) : undefined
}

function concurrencyOf({ concurrency = stageOptions.concurrency.value }: StageOptions<any>): number {
  return concurrency
}

/** How many workers a stage may come to have; what is left to us is as many as it can have. */
function mostWorkersOf(how: StageOptions<any>): number {
  const { workers } = how
  return typeof workers === 'object' && 'max' in workers ? workers.max : placesOf(how, '').length
}

const hooks = ['setup', 'start', 'receive', 'flush', 'stop', 'snapshot', 'restore'] as const

function streamMistakes(how: StageOptions<any>, behaviour: AnyBody, place: string): Mistake[] {
  const mistakes: Mistake[] = []
  if (concurrencyOf(how) > 1) mistakes.push(mistake('STREAM_CONCURRENCY', place, {}))
  if ((how.retry?.attempts ?? 1) > 1) mistakes.push(mistake('STREAM_RETRY', place, {}))
  if ((how.key ?? behaviour.key) !== undefined) mistakes.push(mistake('STREAM_KEY', place, {}))
  if ((how.schema ?? behaviour.schema) !== undefined) mistakes.push(mistake('STREAM_SCHEMA', place, {}))
  for (const hook of hooks) {
    if (behaviour[hook] !== undefined) mistakes.push(mistake('STREAM_HOOK', place, { hook }))
  }
  return mistakes
}

function stateMistakes(step: StageStep, place: string): Mistake[] {
  if (!isUnkeyedState(step)) return []
  const { how = {} } = step
  const concurrency = concurrencyOf(how)
  return [
    ...(mostWorkersOf(how) > 1 ? [mistake('STATEFUL_WORKERS', place, { workers: shown(how.workers) })] : []),
    ...(concurrency > 1 ? [mistake('STATEFUL_CONCURRENCY', place, { concurrency })] : []),
  ]
}

function hookMistakes(actor: ActorDefinition, place: string): Mistake[] {
  if (typeof actor.body !== 'object') return []
  const { setup, start, stream, snapshot, restore } = actor.body as AnyBody
  const mistakes: Mistake[] = []
  // A `start` with two parameters may only want the second, its context.
  const hook = setup?.length
    ? 'setup'
    : start?.length === 1
      ? 'start'
      : (stream?.length ?? 0) > 2
        ? 'stream'
        : undefined
  if (hook && !actor.isGiven) {
    const fix = isInPlace(actor)
      ? 'make it with `defineActor`, and hand in its `.with(…)`'
      : `hand in \`${actor.name}.with(…)\``
    mistakes.push(mistake('NO_ARGUMENT', place, { hook, fix }))
  }
  if ((snapshot === undefined) !== (restore === undefined)) {
    const [hook, missing] = snapshot ? ['snapshot', 'restore'] : ['restore', 'snapshot']
    mistakes.push(mistake('HALF_SNAPSHOT', place, { hook, missing }))
  }
  return mistakes
}
