/**
 * What an actor does: the shapes that a handler may have, and what may leave it.
 *
 * **Return emits one, yield emits many, nothing emits none.**
 */
import type { Observable } from 'rxjs'
import type { Context } from './context.ts'
import type { Keyed, SchemaOf, SchemaTypes, Unchecked } from './schema.ts'

export type { StandardSchema } from './schema.ts'

/** What leaves a handler: return emits one, yield emits many, nothing emits none. */
export type Emitted<R> = Given<R>['emitted']

/** Read from here, it is shown by editors as what it is; by the name of an alias, as how it was come by. */
export interface Given<R> {
  readonly emitted: R extends
    | AsyncGenerator<infer T, unknown, unknown>
    | Generator<infer T, unknown, unknown>
    | Observable<infer T>
    ? Exclude<T, undefined>
    : Exclude<Awaited<R>, void | undefined>
}

/** Names of what an item has that can be a key: a text or a number. */
type KeyName<In> = Takes<Nobody, In> extends false ? Named<In> : keyof In
type Named<In> = keyof { [Name in keyof In as In[Name] extends string | number ? Name : never]: Name }

/** By what items are told apart: the name of one of their properties, or a function. */
export type Key<In> = KeyName<In> | ((item: In) => string | number)
/** The same beside a schema. The names of `In` stand there once more for a type parameter, of which they are known at once. */
export type KeyBeside<In, Types extends SchemaTypes> = [Types] extends [Unchecked]
  ? Key<In>
  : KeyName<In> | Key<Keyed<In, Types>>

/** Whether a body for `Item` takes `Out`; neither, as long as `Out` is a type parameter. */
export type Takes<Item, Out> = [Out] extends [Item] ? true : false
declare const NOBODY: unique symbol
/** What no item is, but `any` and `never`. */
export interface Nobody {
  readonly [NOBODY]: true
}

/** A body for one item at a time, with state by key and resources by worker. */
export interface Behaviour<In, R, F, State, Arg, Resources, Item = In, Types extends SchemaTypes = Unchecked> {
  /** Once in each worker: a connection, a model, a buffer. What it gives is `context.resources`. */
  setup?: (arg: Arg) => Resources | Promise<Resources>
  /** State: once for each key of a keyed stage, or once for the stage. */
  start?: (
    arg: Arg,
    context: { readonly key: string | number | undefined; readonly resources: NoInfer<Awaited<Resources>> },
  ) => State | Promise<State>
  receive: (item: Item, state: State, context: Context<In, NoInfer<Arg>, NoInfer<Awaited<Resources>>>) => R
  /** What is left when the input has ended: once for each key, in the order of first appearance. */
  flush?: (state: State, context: Context<In, NoInfer<Arg>, NoInfer<Awaited<Resources>>>) => F
  /** On every orderly way out. */
  stop?: (resources: NoInfer<Awaited<Resources>>) => void | Promise<void>
  /** What of the state survives its worker; taken after each commit. */
  snapshot?: (state: State) => unknown
  restore?: (snapshot: any) => State
  /** Losing state with a worker is fine. @default false */
  volatile?: boolean
  /** Items of one key are handled one after another, in order, with state of their own. */
  key?: KeyBeside<In, Types>
  /** Checks items where they enter the stage: `receive` gets what it gives. */
  schema?: SchemaOf<Types>
  /** Error classes to be revived as themselves, beside those that the actor's module exports. */
  errors?: readonly (abstract new (
    ...args: any
  ) => Error)[]
}

/** A body over the whole stream; what it yields between two takes belongs to the item taken last, and before to none. */
export interface StreamBehaviour<In, R, Arg, Item = In> {
  stream: (items: AsyncIterable<Item>, context: Context<In, NoInfer<Arg>>, arg: Arg) => R
}

/** A body for one item at a time, without state. */
export type Handler = (item: any, context: any) => unknown

export type AnyBehaviour = Behaviour<any, any, any, any, any, any>
export type AnyStreamBehaviour = StreamBehaviour<any, any, any>

/** What kind of thing a handler gave back. */
export type Kind = 'value' | 'promise' | 'generator' | 'async-generator' | 'observable'

/**
 * Tells apart what may leave a handler. Only generator objects expand: an array is one item.
 *
 * By shape, not by class, so that values from another copy of a library, or another realm, are known as well.
 */
export function given(value: object): Kind {
  const shape = value as {
    then?: unknown
    next?: unknown
    throw?: unknown
    subscribe?: unknown
    pipe?: unknown
    [Symbol.iterator]?: unknown
    [Symbol.asyncIterator]?: unknown
  }
  if (typeof shape.then === 'function') return 'promise'
  if (typeof shape.next === 'function' && typeof shape.throw === 'function') {
    if (typeof shape[Symbol.iterator] === 'function') return 'generator'
    if (typeof shape[Symbol.asyncIterator] === 'function') return 'async-generator'
  }
  if (typeof shape.subscribe === 'function' && typeof shape.pipe === 'function') return 'observable'
  return 'value'
}

/** Several outputs at once, where a promise gives them: inside, never in a user's hands. */
export class Many {
  readonly items: readonly unknown[]

  constructor(items: readonly unknown[]) {
    this.items = items
  }
}
