/** From a name to what a worker does with items: an actor of a module, or a pipeline that it exports. */
import { ActorDefinition } from '../actor/define-actor.ts'
import { beFarSide, farAddress } from '../actor/far-side.ts'
import { weigh } from '../channel/weigh.ts'
import { registerTypeScript } from '../cli/typescript.ts'
import { ActorNotFound, ModuleChanged } from '../errors.ts'
import { actorBody } from '../pipeline/actor-body.ts'
import { type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import { receiveKernel } from '../runtime/inline/kernel.ts'
import { digestOf } from '../runtime/remote/digest.ts'
import type { FromWorker, Order } from '../runtime/remote/protocol.ts'
import type { Body } from '../stage/plan.ts'

type Exports = Record<string, unknown>

export async function bodyOf(order: Order, tell: (message: FromWorker) => void): Promise<Body> {
  const { traveller } = order
  const { url, name, digest } = traveller
  if (digest !== undefined && digest !== digestOf(url)) throw new ModuleChanged(url)
  const bodies = new Map<string, ActorDefinition['body']>()
  const reached = new Promise<undefined>(resolve => beFarSide({ bodies, reached: () => resolve(undefined) }))
  if (url.startsWith('file:')) await registerTypeScript(url)
  const exports = await Promise.race([import(url) as Promise<Exports>, reached])
  if (traveller.kind === 'pipeline') {
    const found = Object.values(exports ?? {})
      .map(blueprintOf)
      .find(each => each?.name === name)
    if (!found) throw new ActorNotFound('pipeline', name, url, exports === undefined)
    return nested(found, order, tell)
  }
  const body = bodies.get(farAddress({ url }, name))
  if (!body) throw new ActorNotFound('actor', name, url, exports === undefined)
  return actorBody(new ActorDefinition(name, { url }, body, traveller.arg, traveller.isGiven))
}

/** A pipeline brings the engine with it; only then is it loaded. */
async function nested(blueprint: Blueprint, order: Order, tell: (message: FromWorker) => void): Promise<Body> {
  const { nestedActor } = await import('./nested.ts')
  const body = nestedActor(blueprint, order.grace, inside => tell({ type: 'inside', inside }))
  return { kind: 'behaviour', kernel: receiveKernel(body.receive, weigh), ...body }
}
