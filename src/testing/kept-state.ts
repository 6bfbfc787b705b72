/**
 * Looks at the state of an actor, as it is at the end.
 *
 * Where all went well, it is what `flush` is given: the states that are there, in the order in which their keys appeared.
 * Where the actor has failed there is no flush; then it is what its handlers were given last.
 */
import type { AnyBehaviour } from '../actor/behaviour.ts'
import { ActorDefinition } from '../actor/define-actor.ts'
import { withParts } from './definition.ts'

type Key = string | number | undefined
type States = ReadonlyMap<Key, unknown>

/** The same actor, and a look at what it keeps. */
export function keepingState(actor: ActorDefinition): { actor: ActorDefinition; states(failed: boolean): States } {
  const { body } = actor
  const given = new Map<Key, unknown>()
  const flushed = new Map<Key, unknown>()
  const states = (failed: boolean) => (failed ? given : flushed)
  if (typeof body === 'function' || !('receive' in body) || !body.start) return { actor, states }

  const behaviour: AnyBehaviour = body
  const watched = withParts(behaviour, {
    start(arg: unknown, context: any) {
      const keep = (state: unknown) => {
        given.set(context.key, state)
        return state
      }
      const state = behaviour.start!(arg, context)
      return typeof (state as PromiseLike<unknown>)?.then === 'function'
        ? (state as Promise<unknown>).then(keep)
        : keep(state)
    },
    receive(item: unknown, state: unknown, context: any) {
      const { key } = context
      given.set(key, state)
      return behaviour.receive(
        item,
        state,
        forgetting(context, () => given.delete(key)),
      )
    },
    flush(state: unknown, context: any) {
      flushed.set(context.key, state)
      return behaviour.flush?.(state, context)
    },
  })
  return { actor: new ActorDefinition(actor.name, actor.home, watched, actor.arg, actor.isGiven), states }
}

/** A context that tells when its handler asks to forget. */
function forgetting(context: any, forgotten: () => void): any {
  const forget = () => {
    context.forget()
    forgotten()
  }
  // Read from the context itself, whose getters look at private fields.
  return new Proxy(context, { get: (target, name) => (name === 'forget' ? forget : Reflect.get(target, name)) })
}
