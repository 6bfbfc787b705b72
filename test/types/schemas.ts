/** What a schema takes, and what it gives: to handlers, actors, keys and failures. No library's, but with types as they have. */
import { type Actor, defineActor, type Flow, type Pipeline, pipeline, type StandardSchema } from 'millrace'
import { csv, ndjson } from 'millrace/actors'
import { runActor } from 'millrace/testing'
import type { Observable } from 'rxjs'
import { type Equal, expect } from './expect.ts'

type Out<P> = P extends { run(): { output: Observable<infer T> } } ? T : never
interface User {
  id: number
  name: string
}
interface Row {
  user_id: string
}

/** As zod and valibot have it … */
interface Parser<Input, Output> {
  parse(value: unknown): Output
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => { value: Output } | { issues: readonly { message: string }[] }
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}
/** … and as arktype has it: a function, that may answer later. */
interface Type<T> {
  (value: unknown): T
  readonly '~standard': {
    readonly version: 1
    readonly vendor: 'other'
    readonly validate: (value: unknown, options?: object) => Promise<{ value: T }>
    readonly types: { readonly input: T; readonly output: T }
  }
}
declare const user: Parser<User, User>
declare const coerced: Parser<{ id: unknown }, { id: number }>
declare const parsed: Parser<{ id: string }, { id: number }>
declare const renamed: Parser<Row, User>
declare const text: Parser<string, User>
declare const type: Type<User>
declare const plain: StandardSchema<User>
declare const mute: { '~standard': { version: 1; validate(value: unknown): unknown } }

const unknowns = pipeline('p').from([] as unknown[])
const rows = pipeline('p').from([] as Row[])
const ids = pipeline('p').from([{ id: '3' }])

/* ── In the options of a stage ───────────────────────────────────────────── */

const a1 = unknowns.stage('x', u => u.id, { schema: user })
expect<Equal<Out<typeof a1>, number>>()
const a2 = unknowns.stage('x', (u: User) => u.id, { schema: user })
expect<Equal<Out<typeof a2>, number>>()
const a3 = pipeline('p')
  .from(csv('x'))
  .stage('x', u => u.id, { schema: coerced })
expect<Equal<Out<typeof a3>, number>>()
const a4 = ids.stage('x', u => u.id, { schema: parsed })
expect<Equal<Out<typeof a4>, number>>()
const a5 = unknowns.stage('x', u => u.name, { schema: type, onFailure: 'skip' })
expect<Equal<Out<typeof a5>, string>>()
const a6 = unknowns.stage('x', u => u.name, { schema: plain })
expect<Equal<Out<typeof a6>, string>>()
const a7 = ids.stage('says nothing of types', u => u.id, { schema: mute })
expect<Equal<Out<typeof a7>, string>>()
const a8 = unknowns.stage('takes less', (u: { id: number }) => u.id, { schema: user })
expect<Equal<Out<typeof a8>, number>>()
const a9 = rows.stage('x', u => u, { schema: user }).stage('y', u => u.name)
expect<Equal<Out<typeof a9>, string>>()

/* ── With every kind of body ─────────────────────────────────────────────── */

const nameOf = defineActor('name', import.meta, (u: User) => u.name)
const b1 = unknowns.stage('x', nameOf, { schema: user, on: 'threads', workers: { threads: 2 } })
expect<Equal<Out<typeof b1>, string>>()
const b2 = unknowns.stage(
  'x',
  pipeline<User>('names').map(u => u.name),
  { schema: user },
)
expect<Equal<Out<typeof b2>, string>>()
const b3 = unknowns.stage(
  'x',
  { start: () => ({ sum: 0 }), receive: (u, state) => void (state.sum += u.id), flush: state => state.sum },
  { schema: user },
)
expect<Equal<Out<typeof b3>, number>>()
const b4 = unknowns.stage('x', { schema: user, receive: u => u.id })
expect<Equal<Out<typeof b4>, number>>()
const b5 = unknowns.stage('x', {
  schema: user,
  setup: async () => 'id',
  start: (_, { resources }) => ({ [resources]: 0 }),
  receive(u, state, { resources }) {
    state[resources] = u.id
    return u
  },
  flush: state => state,
})
expect<Equal<Out<typeof b5>, User | Record<string, number>>>()
const b6 = unknowns.stage('x', { schema: user, receive: (u: User) => u.id })
expect<Equal<Out<typeof b6>, number>>()

/* ── In an actor: it takes anything ──────────────────────────────────────── */

const c1 = defineActor('x', { schema: user, receive: u => u.id })
expect<Equal<typeof c1, Actor<unknown, number, undefined>>>()
const c2 = pipeline('p')
  .from(ndjson('x'))
  .stage('x', defineActor('x', { schema: user, receive: u => u.id }))
expect<Equal<Out<typeof c2>, number>>()
const c3 = pipeline<unknown>('svc').stage('x', defineActor('x', { schema: user, receive: u => u.id }))
expect<Equal<typeof c3, Pipeline<unknown, number>>>()
const c4 = pipeline('p').from(ndjson('x')).stage('x', c1, { workers: 2 })
expect<Equal<Out<typeof c4>, number>>()
const c5 = pipeline('p')
  .from([3])
  .stage('x', defineActor('x', { schema: renamed, key: 'user_id', receive: u => u.name }))
expect<Equal<Out<typeof c5>, string>>()
const c6 = defineActor('x', import.meta, {
  schema: parsed,
  start: (most: number) => ({ most }),
  receive: (u, { most }) => (u.id < most ? u : undefined),
  flush: ({ most }) => most,
}).with(3)
const c7 = ids.stage('x', c6, { on: 'processes' })
expect<Equal<Out<typeof c7>, number | { id: number }>>()
const c8 = defineActor('x', { schema: user, receive: (u: { id: number }) => u.id })
expect<Equal<typeof c8, Actor<unknown, number, undefined>>>()

/* ── A key is read from what came, a failure has either ──────────────────── */

defineActor('x', { schema: renamed, key: 'user_id', receive: u => u.id })
defineActor('x', { schema: renamed, key: row => row.user_id, receive: u => u.id })
defineActor('x', { schema: renamed, key: (row: Row) => row.user_id, receive: (u: User) => u.id })
defineActor('says nothing of its input', { schema: plain, key: 'id', receive: u => u.id })
unknowns.stage('x', u => u.id, { schema: renamed, key: 'user_id' })
unknowns.stage('x', { schema: renamed, key: ({ user_id }) => user_id, receive: u => u.id })
rows.stage('x', u => u.id, { schema: user, key: 'user_id' })
rows.stage('x', u => u.id, {
  schema: text,
  key: row => row.user_id,
  onFailure: ({ item }) => {
    expect<Equal<typeof item, Row | User>>()
    return 'skip'
  },
})

/* ── Where the items are a type parameter ────────────────────────────────── */

export function checked<T, U extends { id: string }>(
  items: Flow<U>,
  schema: StandardSchema<T>,
  name: (t: T) => string,
) {
  const first = items.stage('x', t => name(t), { schema, key: 'id' }).stage('y', { schema, receive: t => name(t) })
  const actor = defineActor('x', { schema, receive: t => name(t) })
  return [first, items.stage('z', actor), items.stage('z', defineActor('x', { schema, receive: t => name(t) }))]
}
expect<Equal<ReturnType<typeof checked>, Flow<string>[]>>()

/* ── In a test ───────────────────────────────────────────────────────────── */

const d1 = runActor(u => u.id, [{ id: 'no' }, 3], { schema: user, onFailure: 'skip' })
expect<Equal<Awaited<typeof d1>['emitted'], number[]>>()
const d2 = runActor({ schema: user, receive: u => u.id }, ['any', 3])
expect<Equal<Awaited<typeof d2>['emitted'], number[]>>()
const d3 = runActor(c1, ['any', 3])
expect<Equal<Awaited<typeof d3>['emitted'], number[]>>()
const d4 = runActor(nameOf, ['any', 3], { schema: user })
expect<Equal<Awaited<typeof d4>['emitted'], string[]>>()
