/** The body of a stage that an actor is: what runs in the worker, wherever that is. */
import type { AnyBehaviour, AnyStreamBehaviour } from '../actor/behaviour.ts'
import type { ActorDefinition } from '../actor/define-actor.ts'
import { weigh } from '../channel/weigh.ts'
import { handlerKernel, type Receive, receiveKernel } from '../runtime/inline/kernel.ts'
import type { Body } from '../stage/plan.ts'
import { streamFeed } from './stream-feed.ts'

export function actorBody(actor: ActorDefinition): Body {
  const { body, arg } = actor
  if (typeof body === 'function') return { kind: 'handler', handler: body, kernel: handlerKernel(body, weigh) }
  if ('stream' in body) return { kind: 'feed', open: streamFeed(body as AnyStreamBehaviour, arg) }
  const behaviour = body as AnyBehaviour
  const { setup, start, flush, stop, snapshot, restore } = behaviour
  // Not bound: V8 does not look into bound functions, and this one is called for every item.
  const receive: Receive = (item, state, context) => behaviour.receive(item, state, context)
  return {
    kind: 'behaviour',
    kernel: receiveKernel(receive, weigh, behaviour),
    self: actor,
    stateful: start !== undefined || flush !== undefined,
    volatile: behaviour.volatile ?? false,
    setup: setup && (() => setup.call(behaviour, arg)),
    start: start && (context => start.call(behaviour, arg, context as never)),
    receive,
    flush: flush?.bind(behaviour),
    stop: stop?.bind(behaviour),
    snapshot: snapshot?.bind(behaviour),
    restore: restore?.bind(behaviour),
  }
}
