/** What a stage of a random pipeline does with an item: it follows from the number alone. */
import { Observable, of } from 'rxjs'
import type { StageRecipe } from './recipe.ts'

export type Leaf =
  | 'sync'
  | 'async'
  | 'generator'
  | 'async generator'
  | 'observable'
  | 'resources'
  | 'fold'
  | 'running'
  | 'saved'
  | 'stream'

/** How handlers wait: `0` not at all. */
export type Sleep = (millis: number) => Promise<void>

/** Throws where the recipe has an item fail. */
export function checkOf({ failing }: Pick<StageRecipe, 'failing'>, mayFail = true) {
  return (n: number, attempt = 1) => {
    if (mayFail && n % failing.mod === failing.rest && attempt <= failing.times) throw new Error(`no ${n}`)
    return true
  }
}

export const next = (n: number) => (n * 7 + 3) % 1009
const many = (n: number) => Array.from({ length: n % 4 }, (_, i) => (n + i * 31) % 1009)

/** The body of a stage of that shape. */
export function bodyOf(shape: Leaf, recipe: StageRecipe, sleep: Sleep): any {
  const { delay, forgets } = recipe
  const check = checkOf(recipe)
  const wait = (n: number) => (delay > 0 ? sleep((n * 13) % delay) : undefined)
  const bodies: Record<Leaf, () => any> = {
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
  }
  return bodies[shape]()
}
