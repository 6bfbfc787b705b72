/**
 * Random pipelines, as data: what fast-check makes and shrinks, and what a counterexample shows.
 *
 * Items are whole numbers; what a stage does with one follows from the number alone, so that a model and a run that get
 * the same items do the same.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { map, scan, toArray } from 'rxjs'
import { defineActor } from '../../src/actor/define-actor.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { bodyOf, checkOf, next, type Sleep } from './shapes.ts'
import { travelling } from './travelling.ts'

export type { Sleep } from './shapes.ts'

export const stateless = [
  'map',
  'filter',
  'sync',
  'async',
  'generator',
  'async generator',
  'observable',
  'resources',
] as const
export const stateful = ['fold', 'running', 'saved', 'stream', 'operators'] as const
export type Shape = (typeof stateless)[number] | (typeof stateful)[number] | 'nested'

export interface StageRecipe {
  readonly shape: Shape
  readonly inner: readonly StageRecipe[]
  readonly workers: number
  readonly concurrency: number
  readonly keys: number
  readonly capacity: number
  readonly inFlight: number
  readonly streaming: boolean
  readonly attempts: number
  readonly backoff: number
  readonly policy: 'stop' | 'skip' | 'restart' | 'by item'
  /** Items of which remainder fail, and how often: 0 never. */
  readonly failing: { readonly mod: number; readonly rest: number; readonly times: number }
  /** The longest delay of an item, in ms of the virtual clock. */
  readonly delay: number
  readonly forgets: boolean
  /** Where its workers live, if it can travel. */
  readonly on: 'inline' | 'threads' | 'processes'
  /** Items of which remainder end their worker, where it lives elsewhere, and how often: 0 never. */
  readonly deadly: { readonly mod: number; readonly rest: number; readonly times: number }
}

const failing = fc.record({
  mod: fc.integer({ min: 2, max: 9 }),
  rest: fc.integer({ min: 0, max: 8 }),
  times: fc.constantFrom(0, 0, 0, 1, 2, 99),
})

type Place = StageRecipe['on']

const leaf = (
  shapes: readonly Shape[],
  inner: fc.Arbitrary<readonly StageRecipe[]>,
  places: readonly Place[],
): fc.Arbitrary<StageRecipe> =>
  fc.record({
    shape: fc.constantFrom(...shapes),
    inner,
    workers: fc.integer({ min: 1, max: 8 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    keys: fc.constantFrom(0, 1, 2, 5),
    capacity: fc.constantFrom(1024, 0, 1, 2, 3, 7),
    inFlight: fc.constantFrom(0, 0, 0, 1, 2, 40),
    streaming: fc.boolean(),
    attempts: fc.constantFrom(1, 1, 2, 3),
    backoff: fc.constantFrom(0, 5),
    policy: fc.constantFrom('skip', 'stop', 'restart', 'by item'),
    failing,
    delay: fc.constantFrom(0, 0, 3, 20),
    forgets: fc.boolean(),
    on: fc.constantFrom(...places),
    deadly: fc.record({
      mod: fc.integer({ min: 20, max: 60 }),
      rest: fc.integer({ min: 0, max: 59 }),
      times: fc.constantFrom(0, 0, 1, 2),
    }),
  })

const none = fc.constant([])
const innerOf = (places: readonly Place[]) =>
  fc.oneof(
    fc.array(leaf(stateless, none, places), { maxLength: 3, size: 'max' }),
    fc.array(leaf([...stateless, ...stateful], none, places), { maxLength: 3, size: 'max' }),
  )

/** Up to `most` stages, some of them pipelines. */
export const recipesOn = (places: readonly Place[], most: number): fc.Arbitrary<readonly StageRecipe[]> =>
  fc.array(
    fc.oneof(
      { weight: 7, arbitrary: leaf([...stateless, ...stateful], none, places) },
      { weight: 1, arbitrary: leaf(['nested'], innerOf(places), ['inline']) },
    ),
    { maxLength: most, size: 'max' },
  )

/** Neighbouring stages on threads of which nothing is asked that only this event loop can see to: they are a section. */
export const seatedRecipes: fc.Arbitrary<readonly StageRecipe[]> = fc
  .array(
    leaf([...stateless, 'sync', 'async', 'resources'], none, ['threads', 'threads', 'threads', 'threads', 'inline']),
    {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    },
  )
  .map(recipe =>
    recipe.map(stage => {
      // A worker that is restarted is a thread that is: not for every other item.
      const failing = stage.policy === 'restart' ? seldom(stage.failing) : stage.failing
      return { ...stage, ...plain, failing, deadly: seldom({ ...stage.deadly, rest: stage.deadly.rest + 100 }) }
    }),
  )

/** Each death takes a start. */
const seldom = ({ mod, rest, times }: StageRecipe['deadly']) => ({ mod: mod * 9, rest, times })

const plain = { concurrency: 1, keys: 0, capacity: 64, inFlight: 0, streaming: false }

/** Enough for frames of more than one item. */
export const manyItems = fc.array(fc.nat({ max: 999 }), { maxLength: 600, size: 'max' })

/** 0 to 6 stages in this event loop. */
export const recipes = recipesOn(['inline'], 6)

export const items = fc.array(fc.nat({ max: 999 }), { maxLength: 40, size: 'max' })

export function isStateful(recipe: StageRecipe): boolean {
  return (stateful as readonly Shape[]).includes(recipe.shape) || recipe.inner.some(isStateful)
}

/** The pipeline that a recipe is for, its source still to come. `deaths`: a folder, where workers may die. */
export function built(recipe: readonly StageRecipe[], sleep: Sleep, start: any, deaths = ''): any {
  return recipe.reduce((before, stage, index) => withStage(before, stage, `s${index}`, sleep, deaths), start)
}

function withStage(before: any, recipe: StageRecipe, name: string, sleep: Sleep, deaths: string): any {
  const { shape, delay, policy } = recipe
  // What a stateful pipeline did before it failed, inside, depends on what ran ahead: see the decision on nesting.
  const mayFail = !(shape === 'nested' && isStateful(recipe))
  const check = checkOf(recipe, mayFail)
  const wait = (n: number) => (delay > 0 ? sleep((n * 13) % delay) : undefined)
  if (shape === 'map') {
    if (recipe.workers % 2) return before.map((n: number) => check(n) && (n % 5 === 0 ? undefined : next(n)))
    return before.map(async (n: number) => {
      await wait(n)
      check(n)
      return n % 5 === 0 ? undefined : next(n)
    })
  }
  if (shape === 'filter') return before.filter((n: number) => check(n) && n % 3 !== 0)
  if (shape === 'operators') {
    return recipe.workers % 2
      ? before.pipe(
          scan((sum: number, n: number) => (sum + n) % 1009, 0),
          map((n: number) => n + 1),
        )
      : before.pipe(
          toArray(),
          map((all: number[]) => all.reduce((sum, n) => (sum * 31 + n) % 1009, 7)),
        )
  }
  const isKeyed = recipe.keys > 0 && shape !== 'stream'
  const isFree = !isStateful(recipe) || isKeyed
  const workers = isFree ? recipe.workers : 1
  const concurrency = isFree ? recipe.concurrency : 1
  const how = {
    workers,
    concurrency,
    capacity: recipe.capacity,
    ...(recipe.inFlight > 0 && { inFlight: Math.max(recipe.inFlight, workers * concurrency) }),
    ...(isKeyed && { key: (n: number) => n % recipe.keys }),
    emit: recipe.streaming ? 'streaming' : 'whole',
    retry: { attempts: shape === 'stream' ? 1 : recipe.attempts, backoff: () => recipe.backoff },
    onFailure: policy === 'by item' ? ({ item }: { item: number }) => (item % 2 ? 'skip' : 'stop') : policy,
  }
  if (shape !== 'nested') {
    if (recipe.on !== 'inline') {
      return before.stage(name, travelling(recipe, deaths && mkdtempSync(join(deaths, name))), {
        ...how,
        workers: Math.min(workers, 3),
        on: recipe.on,
      })
    }
    const body = bodyOf(shape, recipe, sleep)
    return before.stage(name, shape === 'resources' ? defineActor('named', body) : body, how)
  }
  const home = pipeline<number>('inner')
  const calm = { mod: 2, rest: 0, times: 0 }
  const stages = isStateful(recipe) ? recipe.inner.map(stage => ({ ...stage, failing: calm })) : recipe.inner
  return before.stage(name, built(stages, sleep, home, deaths), how)
}
