/**
 * The words of the language, as types: what a user may write, and what `run()` gives back.
 */
import type { InteropObservable, Observable, OperatorFunction } from 'rxjs'
import type { Behaviour, Given, KeyBeside, Nobody, StreamBehaviour, Takes } from '../actor/behaviour.ts'
import type { Context } from '../actor/context.ts'
import type { Actor, Home, Mailbox } from '../actor/define-actor.ts'
import type { StageMismatch, Told } from '../actor/mismatch.ts'
import type { Checked, SchemaOf, SchemaTypes, Unchecked } from '../actor/schema.ts'
import type { Clock } from '../clock.ts'
import type { Mistake } from '../errors.ts'
import type { Snapshot } from '../metrics/snapshot.ts'
import type { Backoff } from '../stage/backoff.ts'

/* ── What flows ──────────────────────────────────────────────────────────── */

/** What a function is told that makes the source of a run. */
export interface SourceContext {
  /** The run's idea of time: a source that waits by it keeps time with the rest, and does not wait in a test. */
  readonly clock: Clock
}

/**
 * Where items come from. A function is asked for a new one at each run.
 *
 * What RxJS calls an `ObservableInput`, but for its idea of a web stream: those are async iterables, and as anything else the
 * compiler would infer too wide an item from them.
 */
export type Source<T> =
  | (object & Iterable<T>) // not a text, whose characters nobody means
  | AsyncIterable<T>
  | Observable<T>
  | InteropObservable<T>
  | PromiseLike<T>
  | (object & ArrayLike<T>)
  | ((context: SourceContext) => Iterable<T> | AsyncIterable<T> | Observable<T> | InteropObservable<T>)

export type Overflow = 'wait' | 'drop-newest' | 'drop-oldest' | 'fail'

export interface SourceOptions {
  /** What the channel behind the source may hold. @default { items: 1024, bytes: 64 MiB } */
  capacity?: number | { items?: number; bytes?: number }
  /** What a full channel does. @default 'wait'; 'fail' for an Observable, which cannot be asked to wait */
  overflow?: Overflow
}

/* ── How a stage is run ──────────────────────────────────────────────────── */

export interface Runtime {
  readonly kind: string
}
export type Placement = 'inline' | 'threads' | 'processes' | Runtime

/** An item that failed for good. */
export interface Failure<In = unknown> {
  readonly stage: string
  readonly worker: number
  readonly sequence: number
  readonly key?: string | number
  readonly item: In
  readonly error: unknown
  readonly attempts: number
  readonly deaths: number
}
export type FailurePolicy = 'skip' | 'restart' | 'stop'

export interface StageOptions<In, Types extends SchemaTypes = Unchecked> {
  /** How many workers share the stage; 0 pauses it. @default 1 */
  workers?: number | 'auto' | { min: number; max: number }
  /** Items one worker may have in flight at once. Exactly so many, never more. @default 1 */
  concurrency?: number
  /** Items of one key are handled one after another, in order, with state of their own. */
  key?: KeyBeside<In, Types>
  /** Whether results leave in the order items came in, or as they finish (per key, they stay in order either way). @default 'input' */
  order?: 'input' | 'completion'
  /** What the channel before the stage may hold. @default { items: 1024, bytes: 64 MiB } */
  capacity?: number | { items?: number; bytes?: number }
  /** Items of this stage under way or not yet handed on; the slot is taken before computing. 1 is fully synchronous. */
  inFlight?: number
  /**
   * Whether the outputs of one item leave together once it is done, or each as it is yielded. Streaming, a generator is
   * asked for no more than can leave; of an Observable, up to 1,000,000 outputs or 64 MiB may wait. @default 'whole'
   */
  emit?: 'whole' | 'streaming'
  /** What a full channel before the stage does with one item more. @default 'wait' */
  overflow?: Overflow
  /** Milliseconds one item may take, all attempts together. Past that it fails with `ItemTimeout`. @default no limit */
  timeout?: number
  /** How often an item is tried when the handler throws, and how many workers it may take with it. @default { attempts: 1, deaths: 3 } */
  retry?: { attempts?: number; deaths?: number; backoff?: Backoff }
  /** What a failed item costs: itself (a dead letter), the worker as well, or the pipeline. @default 'stop' */
  onFailure?: FailurePolicy | ((failure: Failure<In | Checked<In, Types>>) => FailurePolicy)
  /** Checks items where they enter the stage: any Standard Schema (zod, valibot, arktype …). The handler gets what it gives. */
  schema?: SchemaOf<Types>
}
/** Of a stage whose actor stays in this process, and of one that may travel. */
export type HomeOptions<In> = AtHome<StageOptions<In>>
export type TravelOptions<In> = Travelling<StageOptions<In>>
type AtHome<Options> = Options & { on?: 'inline' }
type Travelling<Options extends StageOptions<any, any>> = Omit<Options, 'workers'> & {
  on?: Placement
  /** Per runtime when mixed. */
  workers?: Options['workers'] | { inline?: number; threads?: number; processes?: number }
  /** What one worker gets that lives on a thread or in a process. */
  resources?: WorkerResources
}

/** What one worker gets that lives on a thread or in a process. */
export interface WorkerResources {
  /** MB of its heap (the old generation), from 16: one that needs more dies, and is replaced. @default as Node has it */
  heapMB?: number
  /** Bytes that one item, or all that it led to, may take on its way: a larger one fails with `ItemTooLarge`. @default 64 MiB */
  maxMessageBytes?: number
  /** Milliseconds in which it has to be ready: its module loaded, and its `setup` done. @default 30_000 */
  startTimeout?: number
  /** Environment variables, over those of this process. */
  env?: Record<string, string>
  /** Flags of Node, behind those that are taken over from this process. */
  execArgv?: readonly string[]
}

export interface Supervision {
  strategy?: 'one-for-one' | 'rest-for-one' | 'one-for-all'
  /** Give up after this many restarts of a stage … @default max(3, workers) */
  maxRestarts?: number
  /** … within this many milliseconds. @default 5_000 */
  within?: number
  /** Milliseconds to wait before the n-th restart. */
  backoff?: Backoff
  /** Milliseconds that a teardown may take in all. @default 15_000 */
  grace?: number
  /** No progress for so many milliseconds, with items under way, is an error that says who holds what. @default no limit */
  inactivity?: number
  /** More dead letters than this stop the pipeline. @default no limit */
  tolerate?: { deadLetters: number } | { share: number; of: number }
}

/* ── Bodies ──────────────────────────────────────────────────────────────── */

/**
 * All that can be the body of a stage. `Out` is what the items are, `Item` what the body says that it takes, and `Types`
 * are those of the schema that stands in between.
 */
export type StageBody<Out, Item, Next, R, F, State, Resources, At extends Home | undefined, Types extends SchemaTypes> =
  | Actor<Checked<Out, Types>, Next, At>
  | Behaviour<Out, R, F, State, void, Resources, Item, Types>
  | StreamBehaviour<Out, R, void, Item>
  | ((item: Item, context: Context<Out>) => R)

/** What a pipeline with a source of its own is told as a body; `Actor` tells the compiler what a call in this place may infer. */
export type SourceMismatch<Takes, Item, ButGets, Out> = 'a pipeline without a source of its own' &
  Told<[Takes, Item, ButGets, Out]> &
  Actor<Out, never, any>

/**
 * To be intersected with the body: it stays as it is, or is gone.
 *
 * Where `Out` is a type parameter the compiler passes over a branch for `false`, as `Out` might be anything; there the
 * last branch is what the body has to match.
 */
export type IfTaken<Item, Out> =
  Takes<Item, Out> extends false ? never : Takes<Item, Out> extends true ? unknown : Taking<Out>
type Taking<Out> =
  | Mailbox<Out>
  | { receive: (item: Out, state: any, context: any) => unknown }
  | { stream: (items: AsyncIterable<Out>, context: any, arg: any) => unknown }
  | ((item: Out, context: any) => unknown)
/** To be united with the body: nothing, or the message. The branch of `Nobody` is where an actor's `Item` is inferred. */
export type IfNotTaken<Item, Out, Types extends SchemaTypes> =
  Takes<Item, Checked<Out, Types>> extends false
    ? [Item] extends [never]
      ? SourceMismatch<'takes', Item, 'but gets', Out>
      : [Item] extends [Nobody]
        ? Mailbox<Item>
        : [Types] extends [Unchecked]
          ? StageMismatch<'takes', Item, 'but gets', Out>
          : StageMismatch<'takes', Item, 'but its schema gives', Types['output']>
    : never

/** What `R` is before anything is inferred: unlike `never` it lets the options be at fault, unlike `unknown` it can be told. */
// biome-ignore lint/complexity/noBannedTypes: `unknown` in three parts, so that it is another type
export type Anything = {} | null | undefined
export type Inferred<R> = (<T>() => T extends R ? 1 : 2) extends <T>() => T extends Anything ? 1 : 2 ? never : R

/** Options of a stage, by whether its actor may travel, and a schema is there. */
export type How<In, At, Types extends SchemaTypes> = [Types] extends [Unchecked]
  ? [At] extends [Home]
    ? TravelOptions<In>
    : HomeOptions<In>
  : [At] extends [Home]
    ? Travelling<StageOptions<In, Types>>
    : AtHome<StageOptions<In, Types>>

/* ── Pipelines ───────────────────────────────────────────────────────────── */

/** An immutable blueprint: takes `In`, emits `Out`, runs nothing until `run()`. It is itself an actor, so it nests. */
export interface Pipeline<In, Out, Where extends Home | undefined = undefined> extends Actor<In, Out, Where> {
  /**
   * A place in the pipeline where a worker, a buffer, a restart or a name is wanted.
   * The body is an actor, a function, a generator function, a behaviour, a body over the whole stream, or a pipeline.
   */
  stage<
    Types extends SchemaTypes = Unchecked,
    Item = Checked<Out, Types>,
    Next = never,
    R = Anything,
    F = Anything,
    State = undefined,
    Resources = undefined,
    At extends Home | undefined = undefined,
  >(
    name: string,
    body:
      | (StageBody<Out, Item, Next, R, F, State, Resources, At, Types> & IfTaken<Item, Checked<Out, Types>>)
      | IfNotTaken<Item, Out, Types>,
    how?: How<Out, At, Types>,
  ): Pipeline<In, Next | Given<Inferred<R> | Inferred<F>>['emitted'], Where>

  /** One item becomes another, or none (`undefined`). Free: neighbours are fused, without a channel in between. */
  map<Next>(fn: (item: Out) => Next | Promise<Next>): Pipeline<In, Exclude<Awaited<Next>, undefined | void>, Where>
  /** Keeps what `keep` says. Free, as `map` is. */
  filter<Kept extends Out = Out>(
    keep: ((item: Out) => item is Kept) | ((item: Out) => boolean),
  ): Pipeline<In, Kept, Where>

  /** RxJS operators as a stage; they stay in this event loop. */
  pipe<A>(a: OperatorFunction<Out, A>): Pipeline<In, A, Where>
  pipe<A, B>(a: OperatorFunction<Out, A>, b: OperatorFunction<NoInfer<A>, B>): Pipeline<In, B, Where>
  pipe<A, B, C>(
    a: OperatorFunction<Out, A>,
    b: OperatorFunction<NoInfer<A>, B>,
    c: OperatorFunction<NoInfer<B>, C>,
  ): Pipeline<In, C, Where>
  pipe<A, B, C, D>(
    a: OperatorFunction<Out, A>,
    b: OperatorFunction<NoInfer<A>, B>,
    c: OperatorFunction<NoInfer<B>, C>,
    d: OperatorFunction<NoInfer<C>, D>,
  ): Pipeline<In, D, Where>
  pipe<A, B, C, D, E>(
    a: OperatorFunction<Out, A>,
    b: OperatorFunction<NoInfer<A>, B>,
    c: OperatorFunction<NoInfer<B>, C>,
    d: OperatorFunction<NoInfer<C>, D>,
    e: OperatorFunction<NoInfer<D>, E>,
  ): Pipeline<In, E, Where>
  pipe<A, B, C, D, E, F>(
    a: OperatorFunction<Out, A>,
    b: OperatorFunction<NoInfer<A>, B>,
    c: OperatorFunction<NoInfer<B>, C>,
    d: OperatorFunction<NoInfer<C>, D>,
    e: OperatorFunction<NoInfer<D>, E>,
    f: OperatorFunction<NoInfer<E>, F>,
  ): Pipeline<In, F, Where>

  /** How the pipeline meets failures, and how it ends. Said twice, the later words win one by one. */
  supervise(policy: Supervision): Pipeline<In, Out, Where>
  /** All that is wrong with the blueprint, with warnings and notes, by `level`; `run` throws the mistakes. */
  validate(options?: RunOptions): readonly Mistake[]
  /**
   * Starts it. The source is asked for nothing before the current turn ends, so there is time to subscribe.
   * @throws {InvalidBlueprint} with all mistakes at once.
   */
  run(options?: RunOptions): Running<In, Out>
}

/** A pipeline whose input is already connected. */
export type Flow<Out> = Pipeline<never, Out, undefined>

export interface Start<Where extends Home | undefined> {
  /** Iterables are asked for the next item; an Observable cannot be, so for it a full channel defaults to `'fail'`. */
  from<T>(source: Source<T>, options?: SourceOptions): Pipeline<never, Exclude<T, undefined>, Where>
}

/* ── Running ─────────────────────────────────────────────────────────────── */

export interface RunOptions {
  /** Its abort ends the run at once; `done` rejects with its reason. */
  signal?: AbortSignal
  /** Where stages run that can travel and do not say. @default 'inline' */
  on?: Placement
  /** Milliseconds that a teardown may take in all. @default that of `supervise`, else 15_000 */
  grace?: number
  /** End-to-end bound on source items under way. */
  inFlight?: number
  /**
   * Sees the lives of the run, its stages and its workers: the events of one system of XState actors, to a function or an
   * observer, as `createActor` takes it. There are some in the life of a worker, and none per item.
   */
  inspect?: ((event: any) => void) | { next?: (event: any) => void }
  /** What every wait of the run asks for the time. @default the machine's */
  clock?: Clock
}

/** An item that was given up, with the reason; `at` is the time by the wall, in ms. */
export type DeadLetter<In = unknown> = Failure<In> & { readonly at: number }

export interface Summary {
  /** Items that the source gave, or that were sent. */
  readonly received: number
  /** Results that left the last stage. */
  readonly emitted: number
  readonly deadLetters: number
  readonly dropped: number
  /** Items in channels, under way or unread when the run was torn down. */
  readonly unfinished: number
  readonly restarts: number
  readonly millis: number
}

export type PipelineEvent =
  | { type: 'stage.started' | 'stage.drained'; stage: string }
  | { type: 'worker.failed'; stage: string; worker: number; error: unknown }
  | { type: 'worker.restarted'; stage: string; worker: number; restarts: number }
  | { type: 'item.dropped'; stage: string; dropped: number }
  | { type: 'state.lost'; stage: string; keys: number }
  | { type: 'pipeline.stopping'; reason: 'done' | 'asked' | 'failed'; grace: number }

/** One item as it enters a stage. */
export interface Entered {
  /**
   * Position among all items that enter: 0, 1, 2 … without gaps. A handler's `context.sequence` is the same, unless
   * `overflow: 'drop-oldest'` takes items away again before they are handled: then those behind them move up.
   */
  readonly sequence: number
  readonly item: unknown
  readonly enteredAt: number
  /** How many items a sample left out before this one. */
  readonly missed: number
}

/** What every run can do. */
export interface Live {
  /** What happens to stages and workers, as it happens. */
  readonly events: Observable<PipelineEvent>
  /** Items that were given up. The first 1,000 wait for a subscriber. */
  readonly deadLetters: Observable<DeadLetter>
  /** Resolves when everything has drained; rejects with the failure that stopped the pipeline. */
  readonly done: Promise<Summary>
  /** What enters a stage. Watching never slows it down; `missed` counts what a sample left out. @throws {UnknownStage} */
  channel(stage: string): Observable<Entered>
  /** One moment of the run as plain data. */
  snapshot(): Snapshot
  /**
   * Takes no more input, finishes what is in hand, and resolves when that is done; at the end of the grace period it is
   * done all the same. Results that nobody has read stay readable.
   */
  stop(options?: { grace?: number }): Promise<Summary>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Running<In, Out> extends Live, AsyncIterable<Out> {
  /** Push: every result as it leaves the last stage. */
  readonly output: Observable<Out>
  /** Every result, to a function; slows the pipeline down when it is slow. Resolves when all are done. */
  consume(fn: (item: Out) => void | Promise<void>, options?: { concurrency?: number }): Promise<void>
  /** Hand in one item; resolves when the first channel had room for it. */
  send(item: In): Promise<void>
  /** Hand in one item; resolves with all that it led to, rejects with its failure. */
  ask(item: In, options?: { signal?: AbortSignal; timeout?: number }): Promise<Out[]>
  /** No more items will come. */
  end(): void
}
