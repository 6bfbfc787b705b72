/** With a schema, a body that takes something else than the schema gives; and keys that right items do not have. */
import { type Behaviour, defineActor, type HomeOptions, pipeline, type StandardSchema } from 'millrace'

interface User {
  id: number
}
interface Row {
  user_id: string
}
declare const schema: StandardSchema<User, Row>
const unknowns = pipeline('unknowns').from([] as unknown[])
const texts = pipeline('texts').from(['a', 'b'])
const upper = defineActor('upper', (text: string) => text.toUpperCase())

/* ── In the options of a stage ───────────────────────────────────────────── */

unknowns
  // error: Argument of type '(text: string) => string' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
  .stage('other', (text: string) => text, { schema })
texts
  // error: Argument of type '(text: string) => string' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
  .stage('what came before', (text: string) => text, { schema })
texts
  // error: Argument of type 'Actor<string, string, undefined>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
  .stage('actor', upper, { schema, workers: 2 })
texts.stage(
  'in place',
  // error: Argument of type 'Actor<string, string, undefined>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
  defineActor('upper', text => text.toUpperCase()),
  { schema },
)
texts
  // error: Argument of type 'Pipeline<string, string, undefined>' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
  .stage('pipeline', pipeline<string>('upper').stage('upper', upper), { schema })
unknowns
  // error: with 'StageMismatch<"takes", string, "but its schema gives", User>'
  .stage('behaviour', { receive: (text: string) => text }, { schema })
unknowns
  // error: with 'StageMismatch<"takes", string, "but its schema gives", User>'
  .stage('behaviour', { schema, receive: (text: string) => text })
// error: Property 'name' does not exist on type 'User'.
unknowns.stage('no such property', user => user.name, { schema })
unknowns.stage('no schema', () => 3, {
  // error: with 'parse' does not exist in type 'Schema<any>'
  schema: { parse: () => 3 },
})
unknowns.stage('id', user => user.id, {
  schema,
  // error: Type '"id"' is not assignable to type 'Key<Row> | undefined'.
  key: 'id',
})
texts.stage('id', user => user.id, {
  schema,
  // error: Type '"id"' is not assignable to type 'Key<string> | undefined'.
  key: 'id',
})
unknowns
  .stage('id', user => user.id, { schema })
  // error: Argument of type '(text: string) => string' is not assignable to parameter of type 'StageMismatch<"takes", string, "but gets", number>'.
  .stage('after', (text: string) => text)

/* ── In an actor ─────────────────────────────────────────────────────────── */

// error: Argument of type '{ schema: StandardSchema<User, Row>; receive: (text: string) => string; }' is not assignable to parameter of type 'StageMismatch<"takes", string, "but its schema gives", User>'.
defineActor('x', { schema, receive: (text: string) => text })
// error: with 'StageMismatch<"takes", string, "but its schema gives", User>'
defineActor('x', import.meta, { schema, key: 'user_id', receive: (text: string) => text })
// error: Property 'name' does not exist on type 'User'.
defineActor('x', { schema, receive: user => user.name })
defineActor('x', {
  schema,
  // error: Type '"id"' is not assignable to type 'Key<Row> | undefined'.
  key: 'id',
  receive: user => user.id,
})
// error: with Object literal may only specify known properties, 'recieve' does not exist in type
defineActor('x', { schema, recieve: (user: User) => user.id })

/* ── Written by hand, a type does not say whether a schema is there ──────── */

declare const behaviour: Behaviour<User, number, never, undefined, void, undefined>
// error: with 'StageMismatch<"takes", User, "but gets", unknown>'
unknowns.stage('behaviour', behaviour)
declare const how: HomeOptions<User>
// error: 'user' is of type 'unknown'.
unknowns.stage('options', user => user.id, how)
