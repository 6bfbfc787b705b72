/** The actor behind what a test hands in, and the same actor with some parts of it replaced. */
import type { AnyBehaviour } from '../actor/behaviour.ts'
import { ActorDefinition, actorInPlace, isBody } from '../actor/define-actor.ts'

/** The definition of an actor; a handler or a behaviour gets one. Undefined for what is none of these. */
export function definitionOf(actor: unknown): ActorDefinition | undefined {
  if (actor instanceof ActorDefinition) return actor
  if (!isBody(actor)) return undefined
  return actorInPlace((typeof actor === 'function' && actor.name) || 'actor', actor)
}

const methods = ['setup', 'start', 'receive', 'flush', 'stop', 'snapshot', 'restore'] as const

/** A behaviour with some parts replaced. The others keep their own `this`, as they may have private fields. */
export function withParts(body: AnyBehaviour, parts: Partial<AnyBehaviour>): AnyBehaviour {
  const { key, schema, errors, volatile } = body
  const own: Record<string, unknown> = { ...body, key, schema, errors, volatile }
  for (const name of methods) if (body[name]) own[name] = (body[name] as (...args: any[]) => unknown).bind(body)
  for (const [name, part] of Object.entries(own)) if (part === undefined) delete own[name]
  return Object.assign(own, parts) as unknown as AnyBehaviour
}
