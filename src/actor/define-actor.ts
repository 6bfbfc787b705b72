/**
 * An actor: behaviour with a mailbox. A value; nothing runs until a pipeline does.
 */
import { calledAt, callOf, InvalidOption, InvalidOptions, type MillraceError } from '../errors.ts'
import { behaviourOptions, isPlain, mistakesIn } from '../options.ts'
import type {
  AnyBehaviour,
  AnyStreamBehaviour,
  Behaviour,
  Given,
  Handler,
  StreamBehaviour,
  Takes,
} from './behaviour.ts'
import type { Context } from './context.ts'
import { remember } from './definitions.ts'
import type { StageMismatch } from './mismatch.ts'
import type { SchemaTypes, Taken, Unchecked } from './schema.ts'

declare const IN: unique symbol
declare const OUT: unique symbol

/** The module that an actor can be found in: pass `import.meta`. */
export interface Home {
  readonly url: string
}

/** What an actor takes: a mark for the compiler, there is nothing behind it. */
export interface Mailbox<In> {
  readonly [IN]: ((item: In) => void) | undefined
}

/**
 * Something with a mailbox that takes `In` and emits `Out`.
 *
 * `Where` is `Home` for an actor that may travel to a thread, a process or another machine,
 * and `undefined` for one that has to stay in this process (a closure).
 */
export interface Actor<In, Out, Where extends Home | undefined = Home | undefined> extends Mailbox<In> {
  readonly name: string
  readonly home: Where
  readonly [OUT]: (() => Out) | undefined
}

/** An actor that still wants its argument; as a stage it is told that it takes that, and not items. */
export interface Unstarted<In, Out, Arg, Where extends Home | undefined> extends Mailbox<ArgumentOfWith<Arg>> {
  readonly name: string
  with(arg: Arg): Actor<In, Out, Where>
}

/** What an actor takes that still wants its argument. */
export interface ArgumentOfWith<Arg> {
  readonly [IN]: Arg
}

type Definition<In, Out, Arg, Where extends Home | undefined> = [Arg] extends [void]
  ? Actor<In, Out, Where>
  : Unstarted<In, Out, Arg, Where>

/** All that can be the body of an actor. With a schema its handler takes an `Item`, which only the handler says, and else `In`. */
type ActorBody<In, R, F, State, Arg, Resources, Item, Types extends SchemaTypes> =
  | ((item: In, context: Context<In>) => R)
  | StreamBehaviour<In, R, Arg>
  | Behaviour<Taken<In, Types>, R, F, State, Arg, Resources, [Types] extends [Unchecked] ? In : Item, Types>

/** To be intersected with the body: it stays as it is, or is gone where it does not take what its schema gives. */
type IfGiven<Item, Types extends SchemaTypes> = [Types] extends [Unchecked]
  ? unknown
  : Takes<Item, Types['output']> extends false
    ? never
    : unknown
/** To be united with the body: nothing, or the message. */
type IfNotGiven<Item, Types extends SchemaTypes> = [Types] extends [Unchecked]
  ? never
  : Takes<Item, Types['output']> extends false
    ? StageMismatch<'takes', Item, 'but its schema gives', Types['output']>
    : never

/** What is behind an actor: a name, a home, a body, and the argument that `with` gave. */
export class ActorDefinition {
  readonly name: string
  readonly home: Home | undefined
  readonly body: Handler | AnyBehaviour | AnyStreamBehaviour
  readonly arg: unknown
  /** `with` was called, if only with `undefined`. */
  readonly isGiven: boolean

  constructor(name: string, home: Home | undefined, body: ActorDefinition['body'], arg?: unknown, isGiven = false) {
    this.name = name
    this.home = home
    this.body = body
    this.arg = arg
    this.isGiven = isGiven
  }

  with(arg: unknown): ActorDefinition {
    return new ActorDefinition(this.name, this.home, this.body, arg, true)
  }
}

const inPlace = new WeakSet<ActorDefinition>()

/** What is behind a body that was handed in as it is, without `defineActor`. */
export function actorInPlace(name: string, body: ActorDefinition['body']): ActorDefinition {
  const actor = new ActorDefinition(name, undefined, body)
  inPlace.add(actor)
  return actor
}

/** Whether it was handed in without `defineActor`, and so has no `with`. */
export function isInPlace(actor: ActorDefinition): boolean {
  return inPlace.has(actor)
}

/**
 * Names a behaviour, so that it can be a stage; with a home (`import.meta`) it may travel.
 *
 *     export const hash = defineActor('hash', import.meta, async (path: string) => digest(await readFile(path)))
 *
 * The body is a function of the item, a generator function, or `{ setup, start, receive, flush, stop }`,
 * or `{ stream }` over all items. A behaviour whose `setup`, `start` or `stream` takes an argument gets it by `.with(arg)`.
 * One with a `schema` takes anything; its `receive` gets what the schema gives.
 *
 * @throws {InvalidOption} when the name is empty, the home has no url, or the body is none of these.
 * @throws {InvalidOptions} when the body has what no behaviour has, such as `recieve`.
 */
export function defineActor<
  R,
  F = never,
  Types extends SchemaTypes = Unchecked,
  In = unknown,
  Item = Types['output'],
  State = undefined,
  Arg = void,
  Resources = undefined,
>(
  name: string,
  body: (ActorBody<In, R, F, State, Arg, Resources, Item, Types> & IfGiven<Item, Types>) | IfNotGiven<Item, Types>,
): Definition<Taken<In, Types>, Given<R | F>['emitted'], Arg, undefined>
export function defineActor<
  R,
  F = never,
  Types extends SchemaTypes = Unchecked,
  In = unknown,
  Item = Types['output'],
  State = undefined,
  Arg = void,
  Resources = undefined,
>(
  name: string,
  home: Home,
  body: (ActorBody<In, R, F, State, Arg, Resources, Item, Types> & IfGiven<Item, Types>) | IfNotGiven<Item, Types>,
): Definition<Taken<In, Types>, Given<R | F>['emitted'], Arg, Home>
export function defineActor(name: string, homeOrBody: unknown, maybeBody?: unknown): unknown {
  const refused = (error: MillraceError) => calledAt(error, callOf(defineActor))
  if (typeof name !== 'string' || name === '') {
    throw refused(new InvalidOption('name', 'a string that is not empty', name))
  }
  const body = maybeBody ?? homeOrBody
  const home = maybeBody === undefined ? undefined : (homeOrBody as Home)
  if (home !== undefined && typeof home?.url !== 'string') {
    throw refused(new InvalidOption('home', '`import.meta`', home, `actor ${name}`))
  }
  // A home alone has no body at all: that it has a misspelt one would lead astray.
  const isHome = maybeBody === undefined && typeof (homeOrBody as Partial<Home> | undefined)?.url === 'string'
  const mistakes = isPlain(body) && !isHome ? mistakesIn(body, behaviourOptions, `actor ${name}`) : []
  const isMeant = isBody(body) || mistakes.some(({ code }) => code === 'UNKNOWN_OPTION')
  if (isMeant && mistakes.length > 0) throw refused(new InvalidOptions(mistakes))
  if (!isBody(body)) {
    const expected = 'a function, { receive } or { stream }'
    throw refused(new InvalidOption('behaviour', expected, body, `actor ${name}`))
  }
  if (home) remember(home, name, body)
  return new ActorDefinition(name, home, body)
}

/** Whether something can be the body of a stage. */
export function isBody(value: unknown): value is ActorDefinition['body'] {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  const { receive, stream } = value as { receive?: unknown; stream?: unknown }
  return typeof receive === 'function' || typeof stream === 'function'
}
