/** A stage that takes other items than it gets. */
import { type Actor, defineActor, type Flow, pipeline } from 'millrace'
import { batch } from 'millrace/actors'

const texts = pipeline('texts').from(['a', 'b'])
const numbers = pipeline('numbers').from([1, 2])

pipeline('p')
  .from([1, 2])
  .stage('a', (x: number) => String(x))
  // error: Argument of type '(x: number) => number' is not assignable to parameter of type 'StageMismatch<"takes", number, "but gets", string>'.
  .stage('b', (x: number) => x)
  .stage('c', x => x)

interface Payment {
  account: string
  cents: number
}
numbers
  .map((cents): Payment => ({ account: 'NL01', cents }))
  // error: Argument of type '(x: { id: number; }) => number' is not assignable to parameter of type 'StageMismatch<"takes", { id: number; }, "but gets", Payment>'.
  .stage('other shape', (x: { id: number }) => x.id)
pipeline('one of two')
  .from([1, 'a'])
  // error: Argument of type '(x: string) => string' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", string | number>'.
  .stage('half', (x: string) => x)

/* ── Actors ──────────────────────────────────────────────────────────────── */

const hash = defineActor('hash', import.meta, async (path: string) => path)
const double = defineActor('double', (n: number) => n * 2)
const above = defineActor('above', import.meta, {
  start: (least: number) => ({ least }),
  receive: (n: number, { least }) => (n > least ? n : undefined),
})
const lengths = defineActor('lengths', import.meta, {
  stream: async function* (items: AsyncIterable<string>) {
    for await (const item of items) yield item.length
  },
})

numbers
  .stage('double', double)
  // error: Argument of type 'Actor<string, string, Home>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", number>'.
  .stage('hash', hash)
texts
  // error: Argument of type 'Actor<number, number, undefined>' is not assignable to parameter of type 'StageMismatch<"takes", number, "but gets", string>'.
  .stage('double', double)
texts
  // error: Argument of type 'Actor<number, number, Home>' is not assignable to parameter of type 'StageMismatch<"takes", number, "but gets", string>'.
  .stage('above', above.with(3), { on: 'threads' })
numbers
  // error: Argument of type 'Unstarted<number, number, number, Home>' is not assignable to parameter of type 'StageMismatch<"takes", ArgumentOfWith<number>, "but gets", number>'.
  .stage('above', above)
numbers
  // error: Argument of type 'Actor<string, number, Home>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", number>'.
  .stage('lengths', lengths)
numbers
  .stage('batch', batch({ size: 3 }))
  // error: Argument of type '(x: number) => number' is not assignable to parameter of type 'StageMismatch<"takes", number, "but gets", number[]>'.
  .stage('one', (x: number) => x)

/* ── Pipelines ───────────────────────────────────────────────────────────── */

const upper = pipeline<string>('upper').map(text => text.toUpperCase())
numbers
  // error: Argument of type 'Pipeline<string, string, undefined>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", number>'.
  .stage('upper', upper, { workers: 3 })
numbers
  // error: Argument of type 'Pipeline<never, number, undefined>' is not assignable to parameter of type 'SourceMismatch<"takes", never, "but gets", number>'.
  // error: Type 'Pipeline<never, number, undefined>' is not assignable to type '"a pipeline without a source of its own"'.
  .stage('inner', pipeline('inner').from([1]))

/* ── Bodies that are written in place ────────────────────────────────────── */

numbers
  // error: Argument of type '{ start: () => number; receive: (s: string, n: number) => number; }' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", number>'.
  .stage('behaviour', { start: () => 3, receive: (s: string, n) => s.length + n })
numbers
  // error: with 'StageMismatch<"takes", string, "but gets", number>'
  .stage('method', {
    start: () => 3,
    receive(s: string, n) {
      return s.length + n
    },
  })
numbers
  // error: with 'StageMismatch<"takes", string, "but gets", number>'
  .stage('stream', {
    stream: async function* (items: AsyncIterable<string>) {
      for await (const item of items) yield item.length
    },
  })
numbers
  // error: Property 'foo' does not exist on type 'number'.
  .stage('no such property', x => x.foo)
// error: with 'number', 'StageBody<number
numbers.stage('a number', 3)
numbers
  // error: with Property 'receive' is missing
  .stage('no receive', { start: () => 3 })
numbers
  // error: with 'recieve' does not exist in type
  .stage('misspelt', { recieve: (x: number) => x })

/* ── Where the items are a type parameter ────────────────────────────────── */

export function generic<T extends { id: string }>(rows: Flow<T>, double: Actor<number, number>) {
  rows.stage('inferred', ({ id }) => id).stage('text', (id: string) => id)
  rows.stage('bound', (row: { id: string }) => row.id, { key: 'id' }).stage('batch', batch({ size: 3 }))
  // error: with Type 'T' is not assignable to type 'number'
  rows.stage('double', double)
  // error: with IfTaken<number, T>
  rows.stage('behaviour', { receive: (n: number) => n })
  // error: with IfTaken<number, T>
  return rows.stage('number', (x: number) => x)
}
