/**
 * Random pipelines, as data: what fast-check makes and shrinks, and what a counterexample shows.
 *
 * Items are whole numbers; what a stage does with one follows from the number alone, so that a model and a run that get
 * the same items do the same.
 */
import * as fc from 'fast-check'
import { map, Observable, of, scan, toArray } from 'rxjs'
import { defineActor } from '../../src/actor/define-actor.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'

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
}

/** How handlers wait: `0` not at all. */
export type Sleep = (millis: number) => Promise<void>

const failing = fc.record({
  mod: fc.integer({ min: 2, max: 9 }),
  rest: fc.integer({ min: 0, max: 8 }),
  times: fc.constantFrom(0, 0, 0, 1, 2, 99),
})

const leaf = (shapes: readonly Shape[], inner: fc.Arbitrary<readonly StageRecipe[]>): fc.Arbitrary<StageRecipe> =>
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
  })

const none = fc.constant([])
const inner = fc.oneof(
  fc.array(leaf(stateless, none), { maxLength: 3, size: 'max' }),
  fc.array(leaf([...stateless, ...stateful], none), { maxLength: 3, size: 'max' }),
)

/** 0 to 6 stages, some of them pipelines. */
export const recipes: fc.Arbitrary<readonly StageRecipe[]> = fc.array(
  fc.oneof(
    { weight: 7, arbitrary: leaf([...stateless, ...stateful], none) },
    { weight: 1, arbitrary: leaf(['nested'], inner) },
  ),
  { maxLength: 6, size: 'max' },
)

export const items = fc.array(fc.nat({ max: 999 }), { maxLength: 40, size: 'max' })

export function isStateful(recipe: StageRecipe): boolean {
  return (stateful as readonly Shape[]).includes(recipe.shape) || recipe.inner.some(isStateful)
}

/** The pipeline that a recipe is for, its source still to come. */
export function built(recipe: readonly StageRecipe[], sleep: Sleep, start: any): any {
  return recipe.reduce((before, stage, index) => withStage(before, stage, `s${index}`, sleep), start)
}

function withStage(before: any, recipe: StageRecipe, name: string, sleep: Sleep): any {
  const { shape, failing: fails, delay, policy, forgets } = recipe
  // What a stateful pipeline did before it failed, inside, depends on what ran ahead: see the decision on nesting.
  const mayFail = !(shape === 'nested' && isStateful(recipe))
  const check = (n: number, attempt = 1) => {
    if (mayFail && n % fails.mod === fails.rest && attempt <= fails.times) throw new Error(`no ${n}`)
    return true
  }
  const next = (n: number) => (n * 7 + 3) % 1009
  const many = (n: number) => Array.from({ length: n % 4 }, (_, i) => (n + i * 31) % 1009)
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
  const bodies: Record<Exclude<Shape, 'map' | 'filter' | 'operators'>, () => unknown> = {
    sync:
      () =>
      (n: number, { attempt }: any) =>
        check(n, attempt) && (n % 7 === 0 ? undefined : next(n)),
    async:
      () =>
      async (n: number, { attempt }: any) => {
        await wait(n)
        check(n, attempt)
        return n % 7 === 0 ? undefined : next(n)
      },
    generator: () =>
      function* (n: number, { attempt }: any) {
        yield* many(n)
        check(n, attempt)
        yield undefined
        yield n
      },
    'async generator': () =>
      async function* (n: number, { attempt }: any) {
        for (const value of many(n)) {
          await wait(value)
          yield value
        }
        check(n, attempt)
      },
    observable:
      () =>
      (n: number, { attempt }: any) => {
        check(n, attempt)
        if (delay === 0) return of(...many(n))
        return new Observable<number>(subscriber => {
          void sleep(n % delay).then(() => {
            for (const value of many(n)) subscriber.next(value)
            subscriber.complete()
          })
        })
      },
    resources: () => ({
      setup: () => (delay > 0 ? sleep(1).then(() => ({ add: 5 })) : { add: 5 }),
      receive: (n: number, _: unknown, { resources, attempt }: any) => check(n, attempt) && n + resources.add,
    }),
    fold: () => ({
      start: () => ({ sum: 0, count: 0 }),
      receive: (n: number, state: any, { attempt }: any) => {
        check(n, attempt)
        state.sum = (state.sum + n) % 1009
        state.count++
      },
      *flush(state: any, { key }: any) {
        yield state.sum + (key ?? 0)
        yield state.count
      },
    }),
    running: () => ({
      start: () => (delay > 0 ? sleep(1).then(() => ({ sum: 0 })) : { sum: 0 }),
      receive: async (n: number, state: any, { attempt, forget }: any) => {
        if (delay > 0) await wait(n)
        check(n, attempt)
        state.sum = (state.sum + n) % 1009
        if (forgets && n % 4 === 0) forget()
        return state.sum
      },
      flush: (state: any) => state.sum,
    }),
    saved: () => ({
      start: () => ({ sum: 1 }),
      receive: (n: number, state: any, { attempt, forget }: any) => {
        state.sum = (state.sum * 3 + n) % 1009
        if (forgets && n % 6 === 0) forget()
        check(n, attempt)
        return state.sum
      },
      flush: (state: any) => state.sum,
      snapshot: (state: any) => state.sum,
      restore: (sum: number) => ({ sum }),
    }),
    stream: () => ({
      async *stream(all: AsyncIterable<number>) {
        let last = 0
        for await (const n of all) {
          if (delay > 0) await wait(n)
          check(n)
          if (n % 3 > 0) yield (n + last) % 1009
          if (n % 3 > 1) yield last
          last = n
        }
        yield last
      },
    }),
    nested: () => {
      const home = pipeline<number>('inner')
      const calm = isStateful(recipe)
      const stages = calm
        ? recipe.inner.map(stage => ({ ...stage, failing: { mod: 2, rest: 0, times: 0 } }))
        : recipe.inner
      return built(stages, sleep, home)
    },
  }
  const body = bodies[shape]()
  return before.stage(name, shape === 'resources' ? defineActor('named', body as any) : body, how)
}
