/**
 * Whether a stage can run where it says: an actor travels as `{ module, name, argument }`, a pipeline by its export, and
 * neither ever as source text.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isInPlace } from '../actor/define-actor.ts'
import { isDefinedTwice } from '../actor/definitions.ts'
import { described, type Mistake, mistake } from '../errors.ts'
import { type Blueprint, blueprintOf, type Step } from './blueprint.ts'
import type { RunOptions, TravelOptions } from './language.ts'
import { placeOf } from './place.ts'
import { resourceMistakes } from './quarters.ts'
import { placesOf, runtimeOf } from './runtime-of.ts'

type StageStep = Step & { kind: 'stage' }

/** The runtimes that there are. */
const runtimes: ReadonlySet<string> = new Set(['inline', 'threads', 'processes'])

export function travelMistakes(step: StageStep, place: string, options: RunOptions | undefined): Mistake[] {
  const mistakes: Mistake[] = []
  const places = elsewhere(step, options)
  const { resources } = (step.how ?? {}) as TravelOptions<any>
  if (resources) mistakes.push(...resourceMistakes(resources, places, place))
  for (const runtime of places) {
    if (!runtimes.has(runtime)) mistakes.push(mistake('NO_RUNTIME', place, { runtime }))
    mistakes.push(...bodyMistakes(step, place, runtime), ...optionNotes(step, place, runtime))
  }
  return mistakes
}

/** The runtimes that a stage has workers on, and that are not this event loop. */
export function elsewhere(step: StageStep, options: RunOptions | undefined): Set<string> {
  const places = new Set(placesOf(step.how ?? {}, runtimeOf(step, options?.on)))
  places.delete('inline')
  return places
}

function bodyMistakes({ body }: StageStep, place: string, runtime: string): Mistake[] {
  if (body.kind === 'nothing') return []
  if (body.kind === 'pipeline') {
    const { home } = body.blueprint
    if (home) return exportsNothing(home.url) ? [notExported(body.blueprint, place, runtime)] : []
    const example = `pipeline('${body.blueprint.name}', import.meta)`
    return [mistake('CLOSURE', place, { thing: 'a pipeline without a home', runtime, example })]
  }
  const { actor } = body
  if (!actor.home) {
    const kind = typeof actor.body === 'function' ? 'a function' : 'a behaviour'
    const thing = isInPlace(actor) ? kind : 'an actor without a home'
    return [mistake('CLOSURE', place, { thing, runtime, example: `defineActor('${actor.name}', import.meta, …)` })]
  }
  const mistakes: Mistake[] = []
  const said = { runtime, actor: `actor ${actor.name}` }
  if (isDefinedTwice(actor.home, actor.name)) mistakes.push(mistake('DEFINED_TWICE', place, said))
  try {
    structuredClone(actor.arg)
  } catch (error) {
    mistakes.push(mistake('ARGUMENT_STAYS', place, { ...said, cause: described(error) }))
  }
  return mistakes
}

/** What makes the items of a stage that runs elsewhere pass the main thread. */
function optionNotes({ how }: StageStep, place: string, runtime: string): Mistake[] {
  const notes: Mistake[] = []
  if (typeof how?.key === 'function') {
    const fix = 'say the name of a property, or put `key` into the actor'
    notes.push(mistake('MAIN_THREAD', place, { name: 'key', runtime, fix }))
  }
  if (how?.schema) notes.push(mistake('MAIN_THREAD', place, { name: 'schema', runtime, fix: 'put it into the actor' }))
  return notes
}

function notExported({ name, home }: Blueprint, place: string, runtime: string): Mistake {
  return mistake('NOT_EXPORTED', place, { runtime, name, home: home!.url })
}

/**
 * Whether a module exports nothing, as far as that can be known before it has loaded: the word is not in it.
 *
 * That is the program in one file, as it is written first. What a module exports that has the word, only it can say.
 */
function exportsNothing(url: string): boolean {
  try {
    return !/\bexport\b/.test(readFileSync(fileURLToPath(url), 'utf8'))
  } catch {
    return false
  }
}

/**
 * Pipelines that are to travel and are not exported from home modules that export something.
 *
 * It is asked apart from `validate`: a module can say what it exports when it has loaded, and not while it is at `run()`.
 */
export async function exportMistakes(blueprint: Blueprint, options?: RunOptions): Promise<Mistake[]> {
  const mistakes: Mistake[] = []
  for (const [index, step] of blueprint.steps.entries()) {
    if (step.kind !== 'stage' || step.body.kind !== 'pipeline') continue
    const { blueprint: inner } = step.body
    const place = placeOf(blueprint, index)
    const [runtime] = elsewhere(step, options)
    if (runtime && inner.home && !(await isExported(inner, inner.home.url))) {
      mistakes.push(notExported(inner, place, runtime))
    }
    for (const found of await exportMistakes(inner)) mistakes.push({ ...found, place: `${place}/${found.place}` })
  }
  return mistakes
}

/** Whether a blueprint is among the exports of a module. Where `validate` says that it is not, it is not said again. */
async function isExported(blueprint: Blueprint, url: string): Promise<boolean> {
  if (exportsNothing(url)) return true
  const exports: unknown = await import(url).catch(() => ({}))
  return Object.values(exports as object).some(value => blueprintOf(value) === blueprint)
}
