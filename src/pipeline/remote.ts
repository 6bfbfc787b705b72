/**
 * A stage whose workers live elsewhere: in this event loop each of them is an actor that asks, and waits.
 *
 *     setup ─▶ a worker          receive ─▶ a call, whose answer is a promise          stop ─▶ its end
 *
 * So order, bounds, attempts and dead letters are the same as for any asynchronous actor. What differs is how many items a
 * worker is handed: some more than it may have in flight, so that it need not wait for the next; but no more than about a
 * millisecond of them, so that none of them waits behind others for long.
 */
import { type AnyBehaviour, Many } from '../actor/behaviour.ts'
import type { OpenFeed } from '../actor/feed.ts'
import { weigh } from '../channel/weigh.ts'
import { firstDigestOf } from '../runtime/remote/digest.ts'
import type { OpenLine } from '../runtime/remote/line.ts'
import type { ErrorClass } from '../runtime/remote/packed-error.ts'
import type { Inside, Order, SeatOrder, Traveller } from '../runtime/remote/protocol.ts'
import { type Caller, type FarState, RemoteWorker } from '../runtime/remote/remote-worker.ts'
import type { Resources } from '../runtime/remote/resources.ts'
import { SeatLink, type SeatLinkHost } from '../runtime/remote/seat-link.ts'
import type { BehaviourBody, Body, StagePlan, Worker } from '../stage/plan.ts'
import type { StepBody } from './blueprint.ts'
import { isStateful } from './stateful.ts'

type Context = {
  readonly sequence: number
  readonly key: string | number | undefined
  readonly attempt: number
  readonly resources: RemoteWorker
  readonly forget: () => void
  readonly progress: () => void
  failed: (error: unknown) => void
  whenAborted: (tell: (reason: unknown, isStray: boolean) => void) => void
}

export interface RemoteHost {
  /** The way to the worker of that number. */
  open(index: number): OpenLine
  readonly resources: Resources
  readonly grace: number
  inside(inside: Inside): void
}

/** What the stage has to know of an actor without loading its module again. */
export interface Kind {
  readonly stateful: boolean
  readonly volatile: boolean
  readonly starts: boolean
  readonly flushes: boolean
  readonly saves: boolean
  readonly errors: readonly ErrorClass[]
  /** It is one over the whole stream. */
  readonly streams: boolean
}

const frameMs = 1
const longestFrame = 512
/** Bytes that take about a millisecond to carry: of large items a worker is handed no more than that ahead. */
const frameBytes = 4 * 1024 * 1024
/** One in so many items is weighed. */
const sample = 8

/** The hooks that a worker's life calls, and how many items it may be handed. */
function employment(traveller: Traveller, kind: Kind, plan: Omit<StagePlan, 'body'>, host: RemoteHost) {
  const { pipeline, name: stage, concurrency, emit } = plan
  const { open, grace, resources } = host
  const classes = new Map<string, ErrorClass>()
  for (const each of kind.errors) classes.set(each.name, each)
  const isAhead = handsAhead(plan, kind)
  const remote = { hand: isAhead ? concurrency + 1 : concurrency }
  let handed = 0
  let heaviest = 0
  let millis = frameMs
  const lookAhead = () => {
    const byTime = Math.min(longestFrame, Math.ceil(frameMs / millis))
    remote.hand = concurrency + Math.max(1, Math.min(byTime, Math.floor(frameBytes / heaviest)))
  }
  const costs = (cost: number) => {
    millis = cost
    if (isAhead) lookAhead()
  }
  /** What the heaviest of late weighs: the memory of it fades. */
  const weighed = (item: unknown) => {
    if (!isAhead || handed++ % sample !== 0) return
    heaviest = Math.max(weigh(item), heaviest * 0.75)
    if (heaviest * (remote.hand - concurrency) > frameBytes) lookAhead()
  }
  return {
    remote,
    weighed,
    setup: async (worker?: Worker) => {
      learn(traveller, classes)
      const order = { traveller, pipeline, stage, index: worker!.index, concurrency, emit, grace, resources }
      const remoteWorker = new RemoteWorker(open(worker!.index), order, {
        errorClass: name => classes.get(name),
        inside: inside => host.inside(inside),
        costs,
        died: (error, isCharged) => worker!.died(error, isCharged),
        occupied: isOccupied => worker!.occupied(isOccupied),
      })
      worker!.kill = () => remoteWorker.kill()
      await remoteWorker.ready
      return remoteWorker
    },
    stop: (remote: RemoteWorker | undefined) => remote?.stop(),
  }
}

/** Below that, what frames save is not worth it; and the channel is divided between its two ends. */
const leastCapacity = 64
const mostSeats = 62

/**
 * How a worker of the stage is begun that claims its items by itself; undefined where the stage has to hand them out: where
 * something is asked of it that only it can see to, in this event loop.
 */
export function seatedBy(
  traveller: Traveller,
  kind: Kind,
  plan: Omit<StagePlan, 'body'>,
  host: RemoteHost,
): StagePlan['seated'] {
  const { keyOf, order, inFlight, emit, timeout, concurrency, capacity, schema, workers } = plan
  const isPlain = keyOf === undefined && order === 'input' && emit === 'whole' && schema === undefined
  const isUnbounded = inFlight === Infinity && timeout === Infinity && concurrency === 1
  const isLarge = capacity.items >= leastCapacity && workers > 0 && workers <= mostSeats
  if (!isPlain || !isUnbounded || !isLarge || kind.stateful || kind.streams || traveller.kind !== 'actor')
    return undefined
  const { pipeline, name: stage } = plan
  const classes = new Map(kind.errors.map(each => [each.name, each]))
  return (index: number, seat: SeatOrder, linkHost: SeatLinkHost) => {
    learn(traveller, classes)
    const { grace, resources } = host
    const order: Order = { traveller, pipeline, stage, index, concurrency, emit, grace, resources, seat }
    return new SeatLink(host.open(index), order, name => classes.get(name), linkHost)
  }
}

/** One for a body over the whole stream. */
export function remoteFeed(
  traveller: Traveller,
  kind: Kind,
  plan: Omit<StagePlan, 'body'>,
  host: RemoteHost,
): Body & { kind: 'feed' } {
  const { remote, setup, stop } = employment(traveller, kind, plan, host)
  const open: OpenFeed = port => (port.context as Context).resources.feed(port)
  return { kind: 'feed', remote, setup, stop, open }
}

export function remoteBody(
  traveller: Traveller,
  kind: Kind,
  plan: Omit<StagePlan, 'body'>,
  host: RemoteHost,
): Omit<BehaviourBody, 'kernel'> {
  const { emit } = plan
  const callerOf = (context: Context, state: FarState | undefined): Caller => ({
    many: values => new Many(values),
    forget: context.forget,
    progress: context.progress,
    state,
  })
  const given = (
    remote: RemoteWorker,
    context: Context,
    { call, answer }: { call: number; answer: Promise<unknown> },
  ) => {
    context.whenAborted((reason, isStray) => remote.abort(call, reason, isStray))
    if (emit === 'whole') return answer
    // Rejects where nobody has asked for the next output: then nobody else hears that there will be none.
    answer.catch(error => context.failed(error))
    return remote.outputs(call)
  }

  const { weighed, ...employed } = employment(traveller, kind, plan, host)
  return {
    self: undefined,
    stateful: kind.stateful,
    volatile: kind.volatile,
    ...employed,
    start: kind.starts
      ? ({ key, resources }) => {
          const state: FarState = { saved: undefined, isLost: false }
          const caller = { many: (values: unknown) => values, forget() {}, progress() {}, state }
          return (resources as RemoteWorker).start(key, caller).then(() => state)
        }
      : undefined,
    receive: (item, state, context: Context) => {
      const { resources: remote, sequence, key, attempt } = context
      weighed(item)
      return given(remote, context, remote.ask({ item, sequence, key, attempt }, callerOf(context, state)))
    },
    flush: kind.flushes
      ? (state, context: Context) => {
          const { resources: remote, sequence, key } = context
          return given(remote, context, remote.flush(key, sequence, callerOf(context, state)))
        }
      : undefined,
    ...(kind.saves && {
      snapshot: (state: FarState) => state.saved,
      restore: (saved: unknown): FarState => ({ saved, isLost: true }),
    }),
  }
}

/**
 * Whether a worker may be handed items before it is done with those it has: not where it matters when an item is begun, or
 * what became of the one before (its state may be forgotten, or lost, or tried on again), nor where the first death is the
 * last: there is no other to tell which of several items it was.
 */
function handsAhead({ timeout, capacity, keyOf, deaths }: Omit<StagePlan, 'body'>, { stateful }: Kind): boolean {
  return timeout === Infinity && capacity.items > 0 && deaths > 1 && (!stateful || keyOf !== undefined)
}

/** The error classes that the actor's module exports; it is loaded here already, or does not load at all. */
function learn({ url }: Traveller, classes: Map<string, ErrorClass>): void {
  import(url)
    .then((exports: Record<string, unknown>) => {
      for (const each of Object.values(exports)) {
        if (typeof each === 'function' && each.prototype instanceof Error && !classes.has(each.name)) {
          classes.set(each.name, each as unknown as ErrorClass)
        }
      }
    })
    // What an export does when it is looked at is not this run's business.
    .catch(() => {})
}

type Travelling = Exclude<StepBody, { kind: 'nothing' }>

/** How a body is found on the other side. */
export function travellerOf(body: Travelling): Traveller {
  if (body.kind === 'pipeline') {
    const { name, home } = body.blueprint
    const { url } = home!
    return { kind: 'pipeline', url, name, digest: firstDigestOf(url), arg: undefined, isGiven: false }
  }
  const { name, home, arg, isGiven } = body.actor
  const { url } = home!
  return { kind: 'actor', url, name, digest: firstDigestOf(url), arg, isGiven }
}

export function kindOf(body: Travelling): Kind {
  const stateful = isStateful(body)
  if (body.kind === 'pipeline') {
    return { stateful, volatile: false, starts: stateful, flushes: stateful, saves: false, errors: [], streams: false }
  }
  const own = body.actor.body
  const {
    start,
    flush,
    snapshot,
    volatile = false,
    errors = [],
  } = (typeof own === 'function' ? {} : own) as Partial<AnyBehaviour>
  return {
    stateful,
    volatile,
    starts: start !== undefined,
    flushes: flush !== undefined,
    saves: snapshot !== undefined,
    errors: errors as readonly ErrorClass[],
    streams: typeof own === 'object' && 'stream' in own,
  }
}
