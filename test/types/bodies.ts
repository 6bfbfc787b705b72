/** What is inferred from every kind of body, and that all of it compiles. */
import {
  type Actor,
  type Behaviour,
  type Context,
  defineActor,
  type Flow,
  type Home,
  type HomeOptions,
  type Pipeline,
  pipeline,
  type StandardSchema,
} from 'millrace'
import { batch } from 'millrace/actors'
import { filter, map, mergeMap, type Observable, scan } from 'rxjs'
import { type Equal, expect } from './expect.ts'

type Out<P> = P extends { run(): { output: Observable<infer T> } } ? T : never
const numbers = pipeline('t').from([1, 2])
const words = pipeline('t').from(['1', '2'])
const anys = pipeline('t').from([] as any[])
const unknowns = pipeline('t').from([] as unknown[])
const nevers = numbers.stage('silent', () => {})
declare function identity<T>(x: T): T
declare function wrap<T>(x: T): T[]
declare function over(x: string): boolean
declare function over(x: number): Date
declare function opt(x?: number): string
declare function wide(x: string | number): string
declare const z: StandardSchema<{ id: number }>

// A generic function says nothing of its result here: the one price of a signature without overloads (decision 0024).
const g1 = numbers.stage('g', identity)
expect<Equal<Out<typeof g1>, unknown>>()
const g2 = numbers.stage('g', x => wrap(identity(x)))
expect<Equal<Out<typeof g2>, number[]>>()

const g4 = numbers.stage('o', over)
expect<Equal<Out<typeof g4>, Date>>()
const g5 = numbers.stage('o', opt)
expect<Equal<Out<typeof g5>, string>>()
const g6 = numbers.stage('o', wide)
expect<Equal<Out<typeof g6>, string>>()
const g7 = numbers.stage('o', String)
expect<Equal<Out<typeof g7>, string>>()
const g8 = numbers.stage('o', console.log)
expect<Equal<Out<typeof g8>, never>>()
const g9 = words.stage('o', JSON.parse as (x: string) => any)
expect<Equal<Out<typeof g9>, any>>()
const h1 = numbers.stage('h', x => x as unknown)
expect<Equal<Out<typeof h1>, unknown>>()
const h2 = numbers.stage('h', x => x as any)
expect<Equal<Out<typeof h2>, any>>()
const h3 = numbers.stage('h', _x => null)
expect<Equal<Out<typeof h3>, null>>()
const h4 = numbers.stage('h', { receive: x => x as unknown })
expect<Equal<Out<typeof h4>, unknown>>()
const h5 = numbers.stage('h', { start: () => 1, receive: x => `${x}`, flush: n => n as unknown })
expect<Equal<Out<typeof h5>, unknown>>()
const h6 = numbers.stage('h', { start: () => 1, receive: x => `${x}`, flush: n => n })
expect<Equal<Out<typeof h6>, string | number>>()
const h7 = numbers.stage('h', { start: () => 1, receive: _x => {}, flush: n => n as any })
expect<Equal<Out<typeof h7>, any>>()
const h8 = numbers.stage('h', {
  receive: () => {
    throw new Error('no')
  },
})
expect<Equal<Out<typeof h8>, never>>()
const h9 = numbers.stage('h', _x => {
  throw new Error('no')
})
expect<Equal<Out<typeof h9>, never>>()
const a1 = anys.stage('a', x => x.foo)
expect<Equal<Out<typeof a1>, any>>()
const a2 = anys.stage('a', (x: string) => x.length)
expect<Equal<Out<typeof a2>, number>>()
const u1 = unknowns.stage('a', x => x)
expect<Equal<Out<typeof u1>, unknown>>()
const n1 = nevers.stage('a', x => x)
expect<Equal<Out<typeof n1>, never>>()
const n2 = nevers.stage('a', (x: string) => x)
expect<Equal<Out<typeof n2>, string>>()
const c2 = numbers.stage('c', (x, _c: Context<number>) => x.toFixed())
expect<Equal<Out<typeof c2>, string>>()
const c3 = numbers.stage('c', (x: number, { sequence }) => sequence + x)
expect<Equal<Out<typeof c3>, number>>()
const s1 = unknowns.stage('s', { schema: z, receive: x => x })
expect<Equal<Out<typeof s1>, { id: number }>>()
const s2 = pipeline('t')
  .from([{ id: 1 }])
  .stage('s', { schema: z, key: 'id', receive: x => x.id })
expect<Equal<Out<typeof s2>, number>>()
const s3 = pipeline('t')
  .from([{ id: 1 }])
  .stage('s', x => x.id, { schema: z, key: 'id' })
expect<Equal<Out<typeof s3>, number>>()
const st1 = numbers.stage('s', {
  async *stream(items) {
    for await (const n of items) yield n.toFixed()
  },
})
expect<Equal<Out<typeof st1>, string>>()
const st2 = numbers.stage('s', {
  stream: async function* (items: AsyncIterable<number>) {
    for await (const n of items) yield n.toFixed()
  },
})
expect<Equal<Out<typeof st2>, string>>()
const r1 = numbers.stage('r', {
  setup: async () => ({ db: 1 }),
  start: (_, { resources }) => ({ n: resources.db }),
  receive: (x, s, { resources }) => x + s.n + resources.db,
  stop: r => void r.db,
})
expect<Equal<Out<typeof r1>, number>>()
const r2 = numbers.stage('r', {
  start: () => ({ n: 1 }),
  receive(x, s) {
    s.n += x
    return s.n
  },
  snapshot: s => s.n,
  restore: (n: number) => ({ n }),
})
expect<Equal<Out<typeof r2>, number>>()
const b1 = numbers.stage('b', batch({ size: 3 }))
expect<Equal<Out<typeof b1>, number[]>>()
const b2 = pipeline('t')
  .from([1, 'a'])
  .stage('b', batch({ size: 3 }))
expect<Equal<Out<typeof b2>, (number | string)[]>>()
const b3 = anys.stage('b', batch({ size: 3 }))
expect<Equal<Out<typeof b3>, any[]>>()
const b4 = pipeline('t')
  .from([{ a: 1 }])
  .stage('b', batch({ size: 3 }), { on: 'threads' })
expect<Equal<Out<typeof b4>, { a: number }[]>>()
const b5 = nevers.stage('b', batch({ size: 3 }))
expect<Equal<Out<typeof b5>, never[]>>()
const d1 = numbers.stage(
  'd',
  defineActor('d', (x: number) => x + 1),
)
expect<Equal<Out<typeof d1>, number>>()
const d2 = numbers.stage(
  'd',
  defineActor('d', import.meta, (x: number) => x + 1),
  { on: 'processes' },
)
expect<Equal<Out<typeof d2>, number>>()
const d4 = numbers.stage(
  'd',
  defineActor('d', (x: number | string) => `${x}`),
)
expect<Equal<Out<typeof d4>, string>>()
const d5 = numbers.stage(
  'd',
  defineActor('d', (x: unknown) => `${x}`),
)
expect<Equal<Out<typeof d5>, string>>()
const d6 = numbers.stage(
  'd',
  defineActor('d', (x: any) => x),
)
expect<Equal<Out<typeof d6>, any>>()
const d7 = numbers.stage(
  'd',
  defineActor('d', x => x + 1),
)
expect<Equal<Out<typeof d7>, number>>()
const d8 = numbers.stage(
  'd',
  defineActor('d', import.meta, { start: () => ({ n: 0 }), receive: (x, state) => `${x + state.n}` }),
  { on: 'threads' },
)
expect<Equal<Out<typeof d8>, string>>()
const d9 = numbers.stage(
  'd',
  defineActor('d', function* (x) {
    yield x
    yield `${x}`
  }),
)
expect<Equal<Out<typeof d9>, string | number>>()
declare const someActor: Actor<any, any>
declare const someActor3: Actor<any, any, any>
const e1 = numbers.stage('e', someActor)
expect<Equal<Out<typeof e1>, any>>()
const e2 = numbers.stage('e', someActor3)
expect<Equal<Out<typeof e2>, any>>()
const e3 = words.stage(
  'p',
  pipeline<string>('u').map(x => x.length),
)
expect<Equal<Out<typeof e3>, number>>()
const e4 = words.stage(
  'p',
  pipeline<string>('u', import.meta).map(x => x.length),
  { on: 'threads', workers: { threads: 2 } },
)
expect<Equal<Out<typeof e4>, number>>()
declare const cond: boolean
const i1 = numbers.filter(x => x > 1)
expect<Equal<Out<typeof i1>, number>>()
const i2 = pipeline('t')
  .from([1, null])
  .filter(x => x !== null)
expect<Equal<Out<typeof i2>, number>>()
const i3 = pipeline('t')
  .from([1, 'a'])
  .filter((x): x is string => typeof x === 'string')
expect<Equal<Out<typeof i3>, string>>()
const i4 = pipeline('t')
  .from([1, 'a'])
  .filter(Boolean as (x: unknown) => boolean)
expect<Equal<Out<typeof i4>, string | number>>()
const i5 = pipeline('t')
  .from([1, 'a'])
  .filter(() => true)
expect<Equal<Out<typeof i5>, string | number>>()
const i6 = pipeline('t').from([1, 'a']).filter(Boolean)
expect<Equal<Out<typeof i6>, string | number>>()
const p1 = numbers.pipe(
  map(x => `${x}`),
  filter(x => x.length > 1),
  scan((n, x) => n + x.length, 0),
  mergeMap(x => [x, 's']),
)
expect<Equal<Out<typeof p1>, string | number>>()
const o1 = numbers.stage('o', x => x, {
  onFailure: ({ item }) => {
    expect<Equal<typeof item, number>>()
    return 'skip'
  },
  key: x => x.toFixed(),
})
expect<Equal<Out<typeof o1>, number>>()
const o2 = pipeline('t')
  .from([{ a: 's', b: 1 }])
  .stage('o', x => x.a, { key: 'a', workers: 2 })
expect<Equal<Out<typeof o2>, string>>()
const l1 = numbers.stage('l', function* (x) {
  yield x
  yield `${x}`
})
expect<Equal<Out<typeof l1>, string | number>>()
const l2 = numbers.stage('l', x => (x > 1 ? 'a' : 'b'))
expect<Equal<Out<typeof l2>, 'a' | 'b'>>()
const l3 = numbers.stage('l', x => ({ kind: 'a' as const, x }))
expect<Equal<Out<typeof l3>, { kind: 'a'; x: number }>>()
class Box {
  readonly n: number
  constructor(n: number) {
    this.n = n
  }
}
const l4 = numbers.stage('l', x => new Box(x)).stage('m', b => b.n)
expect<Equal<Out<typeof l4>, number>>()
// generic code
export function generic<T>(flow: Flow<T>, how: HomeOptions<T>) {
  flow.stage('g', x => [x], how).stage('h', xs => xs[0]!)
  return flow
    .stage('b', batch({ size: 3 }))
    .stage('u', function* (xs) {
      yield* xs
    })
    .stage('i', (x: T) => ({ x }))
}
expect<Equal<ReturnType<typeof generic<number>>, Flow<{ x: number }>>>()
export function generic2<T, U>(flow: Flow<T>, actor: Actor<T, U, Home>, _fn: (t: T) => U) {
  return flow.stage('a', actor, { on: 'threads' })
}
expect<Equal<ReturnType<typeof generic2<number, string>>, Flow<string>>>()
export function generic3<T, U>(flow: Flow<T>, fn: (t: T) => U) {
  return flow.stage('a', fn)
}
export function generic4<T extends { id: string }>(flow: Flow<T>) {
  return flow.stage('a', (x: { id: string }) => x.id, { key: 'id' })
}
export function generic6<T extends { id: string }>(flow: Flow<T>) {
  return flow.stage('a', { key: 'id', receive: x => x.id })
}
pipeline('t')
  .from([[1, 'a']] as [number, string][])
  .stage('by place', x => x, { key: 0 })
anys.stage('by any name', x => x, { key: 'id' })
pipeline('t')
  .from([] as Record<string, string>[])
  .stage('by any name', x => x, { key: 'id' })
export function generic5<T extends { id: string }>(flow: Flow<T>) {
  return flow.stage('a', x => x.id)
}
export const open: Pipeline<number, number> = pipeline<number>('x').filter(x => x > 1)
declare const beh: Behaviour<number, string, never, undefined, void, undefined>
const be = numbers.stage('x', beh)
expect<Equal<Out<typeof be>, string>>()
declare const unionBody: ((x: number) => string) | Actor<number, Date, undefined>
const ub = numbers.stage('x', unionBody)
expect<Equal<Out<typeof ub>, string | Date>>()
class Svc {
  handle(x: number) {
    return `${x}`
  }
}
const sv = numbers.stage('x', new Svc().handle)
expect<Equal<Out<typeof sv>, string>>()
const opt2 = numbers.stage('x', (x?: number) => x)
expect<Equal<Out<typeof opt2>, number>>()
export const rest = numbers.stage('x', (..._args: unknown[]) => 1)
expect<Equal<Out<typeof rest>, number>>()
const dflt = numbers.stage('x', (x = 3) => x)
expect<Equal<Out<typeof dflt>, number>>()
