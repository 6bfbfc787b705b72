/**
 * Which names the actors of a module have: an actor travels by `{ module, name }`, so a name may stand for one body only.
 *
 * Here it costs nothing to have two, and they may be made by the thousand; so it is no error before one of them is to travel.
 */
import type { ActorDefinition, Home } from './define-actor.ts'
import { farAddress, farSide } from './far-side.ts'

/** The body that has a name; weakly, so that being known keeps nothing alive. */
const bodies = new Map<string, WeakRef<object>>()
/** Names that came with a second body. */
const ambiguous = new Set<string>()

export function remember(home: Home, name: string, body: ActorDefinition['body']): void {
  const at = farAddress(home, name)
  farSide()?.bodies.set(at, body)
  const known = bodies.get(at)
  if (known === undefined) bodies.set(at, new WeakRef(body))
  // One that is gone was another: this one is here.
  else if (known.deref() !== body) ambiguous.add(at)
}

/** Whether the module of `home` has given `name` to two bodies. */
export function isDefinedTwice(home: Home, name: string): boolean {
  return ambiguous.has(farAddress(home, name))
}
