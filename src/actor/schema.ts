/**
 * Schemas, as types: what a stage checks its items with, and what that makes of them.
 *
 *     item as it came ─┬─ schema ─▶ what it gives ─▶ handler
 *                      └─▶ key
 *
 * A schema takes whatever comes, and says whether it is right. So no items are wrong for it before a run.
 */

/** The part of https://standardschema.dev that is used here: zod, valibot, arktype and others have it. */
export interface StandardSchema<Output, Input = unknown> extends Schema<{ input?: Input; output: Output }> {}

/** A schema by what it says of its types: both are inferred in one. */
export interface Schema<Types> {
  readonly '~standard': {
    readonly version: 1
    validate(value: unknown): unknown
    readonly types?: Readonly<Types> | undefined
  }
}

/** What a schema says of its types: what was right for it, and what it gives. */
export interface SchemaTypes {
  readonly input?: unknown
  readonly output: unknown
}

/** What may stand as `schema`. Of a schema that may be missing, in a type written by hand, nothing is inferred. */
export type SchemaOf<Types extends SchemaTypes> = [Types] extends [Unchecked] ? Schema<any> : Schema<Types>

declare const UNCHECKED: unique symbol
/** The types of a schema that is not there, or says nothing of them. */
export interface Unchecked extends SchemaTypes {
  readonly [UNCHECKED]: true
}

/** What a body may say that it takes: with a schema, anything. */
export type Taken<In, Types extends SchemaTypes> = [Types] extends [Unchecked] ? In : unknown

/** What a handler gets. Only a schema itself says what it gives: from handlers that is not inferred. */
export type Checked<In, Types extends SchemaTypes> = [Types] extends [Unchecked] ? In : NoInfer<Types>['output']

/**
 * What a key is read from: the item as it came. Where nothing is known of that, it is what the schema calls right, and if it
 * does not say, what it gives.
 */
export type Keyed<In, Types extends SchemaTypes> = [Types] extends [Unchecked]
  ? In
  : unknown extends In
    ? unknown extends Types['input']
      ? NoInfer<Types>['output']
      : Exclude<NoInfer<Types>['input'], undefined>
    : In
