/**
 * What class instances lose on their way to a worker, as far as that can be seen before anything runs: in the argument of an
 * actor, and in the first items of a source that is an array.
 *
 * It is asked apart from `validate`, which every run asks: to look into items takes time, and the answer is for who checks.
 */
import { kindOf } from '../codec/built-ins.ts'
import { pathTo } from '../codec/refusal.ts'
import { type Mistake, mistake } from '../errors.ts'
import type { Blueprint, Step } from './blueprint.ts'
import type { RunOptions } from './language.ts'
import { placeOf } from './place.ts'
import { elsewhere } from './travel.ts'

const mostItems = 100
const mostObjects = 10_000

export function lossesOf(blueprint: Blueprint, options?: RunOptions): Mistake[] {
  return blueprint.steps.flatMap((step, index) => {
    if (step.kind !== 'stage') return []
    const place = placeOf(blueprint, index)
    const within = step.body.kind === 'pipeline' ? lossesOf(step.body.blueprint) : []
    const inside = within.map(found => ({ ...found, place: `${place}/${found.place}` }))
    const [runtime] = elsewhere(step, options)
    if (runtime === undefined) return inside
    return [...inside, ...lossesAt(step, index === 0 ? blueprint.source?.value : undefined, place, runtime)]
  })
}

function lossesAt(step: Step & { kind: 'stage' }, source: unknown, place: string, runtime: string): Mistake[] {
  const { body } = step
  const argument = body.kind === 'actor' ? lossIn(body.actor.arg) : undefined
  const items = Array.isArray(source) ? source.slice(0, mostItems) : []
  const item = items.map((each, n) => ({ n, loss: lossIn(each) })).find(({ loss }) => loss !== undefined)
  const said = (where: string, { path, name, lost }: Loss) =>
    mistake('CLASS_LOST', place, { where: path ? `\`${path}\` of ${where}` : where, name, runtime, lost })
  return [
    ...(argument ? [said('the argument that `with` got', argument)] : []),
    ...(item ? [said(`item ${item.n} of the source`, item.loss!)] : []),
  ]
}

interface Loss {
  /** Where in the value: `''` for itself. */
  readonly path: string | undefined
  readonly name: string
  readonly lost: string
}

/** The first instance of a class in it; of a large value only the beginning is looked at. */
function lossIn(value: unknown): Loss | undefined {
  const seen = new Set<unknown>()
  const open: unknown[] = [value]
  try {
    for (let next = open.shift(); seen.size < mostObjects; next = open.shift()) {
      if (typeof next === 'object' && next !== null && !seen.has(next)) {
        seen.add(next)
        const prototype: unknown = Object.getPrototypeOf(next)
        const isPlain = prototype === null || prototype === Object.prototype || Array.isArray(next)
        const kind = isPlain ? 'plain' : kindOf(next, prototype as object)
        if (kind === 'instance') return { path: pathTo(next, value), ...lossOf(next) }
        if (kind === 'map') for (const entry of next as Map<unknown, unknown>) open.push(...entry)
        else if (kind === 'set') open.push(...(next as Set<unknown>))
        else if (isPlain) open.push(...Object.values(next).slice(0, mostObjects))
      }
      if (open.length === 0) return undefined
    }
  } catch {
    // A getter that throws, a proxy that says no: what cannot be looked at is not told of.
  }
  return undefined
}

/** What hangs on the class of an object, and not on the object. */
function lossOf(instance: object): Omit<Loss, 'path'> {
  const names: string[] = []
  let at: object | null = Object.getPrototypeOf(instance)
  const { name = 'class without a name' } = (at?.constructor ?? {}) as { name?: string }
  for (; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter(each => each !== 'constructor'))
  }
  const some = names.slice(0, 3).map(each => `\`${each}\``)
  if (names.length > some.length) some.push('…')
  return { name, lost: some.length > 0 ? some.join(', ') : 'its class' }
}
