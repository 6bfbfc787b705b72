/**
 * A pipeline cut where order is free, so that each part can be held against the model.
 *
 *     parse ─▶ count ─▶ fetch (order: 'completion') ─▶ total
 *     └── exact ──┘     └ any mix that keeps keys ┘    └ exact, given the order in which `fetch` let its results go ┘
 *
 * What enters a part is what the run had enter it: so an order that was free before does not blur what comes after.
 */
import type { Blueprint, Step } from '../pipeline/blueprint.ts'
import { keyIn, nameOf } from '../pipeline/plan.ts'
import { placesOf } from '../pipeline/runtime-of.ts'

type Freedom =
  /** Results leave in the order of the items. */
  | 'none'
  /** Results of one item may come in any order: a pipeline is inside in which that is so. */
  | 'within an item'
  /** As they finish; those of one key in order. */
  | 'between keys'
  /** As they finish, in any order. */
  | 'any'

export interface Segment {
  /** A pipeline without a source. */
  readonly blueprint: Blueprint
  readonly freedom: Freedom
  /** Of the whole pipeline, the name of the first stage here. */
  readonly first: string
  /** Names of all stages here, in the whole pipeline. */
  readonly stages: readonly string[]
  /** The name that a stage here has in the whole pipeline. */
  nameOf(stage: string): string
  /** The key of an item, where there is one. */
  readonly keyOf: ((item: any) => unknown) | undefined
}

export function segmentsOf(blueprint: Blueprint): Segment[] {
  const { steps } = blueprint
  const starts = new Set([0])
  for (const [index, step] of steps.entries()) {
    if (freedomOf(step) === 'none') continue
    starts.add(index)
    if (index + 1 < steps.length) starts.add(index + 1)
  }
  const from = [...starts].sort((a, b) => a - b)
  return from.map((start, i) => segment(blueprint, start, from[i + 1] ?? steps.length))
}

function segment({ name, home, supervision, steps }: Blueprint, start: number, end: number): Segment {
  const own = steps.slice(start, end)
  const names = new Map(own.map((_, index) => [nameOf(own, index), nameOf(steps, start + index)]))
  if (steps.length === 0) names.set(nameOf(own, 0), nameOf(steps, 0))
  const step = own[0]
  return {
    blueprint: { name, home, supervision, steps: own },
    freedom: step ? freedomOf(step) : 'none',
    first: nameOf(steps, start),
    stages: [...names.values()],
    nameOf: stage => {
      const [outer = stage, ...inner] = stage.split('/')
      return [names.get(outer) ?? outer, ...inner].join('/')
    },
    keyOf: step && keyOf(step),
  }
}

function freedomOf(step: Step): Freedom {
  if (step.kind !== 'stage') return 'none'
  const { body, how = {} } = step
  const isStream = body.kind === 'actor' && typeof body.actor.body === 'object' && 'stream' in body.actor.body
  const isLoose = body.kind === 'pipeline' && body.blueprint.steps.some(inner => freedomOf(inner) !== 'none')
  if (how.order === 'completion' || (isStream && placesOf(how, '').length > 1)) {
    return isLoose ? 'any' : 'between keys'
  }
  return isLoose ? 'within an item' : 'none'
}

function keyOf(step: Step): Segment['keyOf'] {
  const key = keyIn(step)
  if (key === undefined) return undefined
  return typeof key === 'function' ? key : (item: any) => item[key]
}
