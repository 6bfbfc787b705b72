/** How a message says where: `pipeline/stage`. */
import type { Blueprint } from './blueprint.ts'
import { nameOf } from './plan.ts'

export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== ''
}

export function rootOf({ name }: Blueprint): string {
  return isName(name) ? name : 'pipeline'
}

/** Where a step stands; one whose name is none is called by its number. */
export function placeOf(blueprint: Blueprint, index: number): string {
  const step = blueprint.steps[index]
  const isNameless = step?.kind === 'stage' && !isName(step.name)
  return `${rootOf(blueprint)}/${isNameless ? `stage@${index + 1}` : nameOf(blueprint.steps, index)}`
}
