/** Where the stages of a pipeline run, which of them could run elsewhere, and what keeps the others. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Home } from '../actor/define-actor.ts'
import type { Blueprint, Step } from '../pipeline/blueprint.ts'
import { placeOf } from '../pipeline/place.ts'
import { runtimeOf } from '../pipeline/runtime-of.ts'

export interface Journey {
  readonly place: string
  /** The runtime: `inline`, `threads` … */
  readonly on: string
  readonly travels: boolean
  /** The name it travels by, or what keeps it. */
  readonly why: string
  /** What is done in the main thread wherever the stage runs. */
  readonly mainThread: readonly string[]
}

/** A stage that is a pipeline stands before the stages in it. */
export function journeysOf(blueprint: Blueprint, within = ''): Journey[] {
  const journeys: Journey[] = []
  for (const [index, step] of blueprint.steps.entries()) {
    const place = within + placeOf(blueprint, index)
    if (journeys.at(-1)?.place === place) continue // fused with the one before
    journeys.push({ place, ...journeyOf(step) })
    if (step.kind === 'stage' && step.body.kind === 'pipeline')
      journeys.push(...journeysOf(step.body.blueprint, `${place}/`))
  }
  return journeys
}

function journeyOf(step: Step): Omit<Journey, 'place'> {
  if (step.kind === 'operators') return { on: 'inline', travels: false, why: 'RxJS operators', mainThread: [] }
  if (step.kind !== 'stage') return { on: 'inline', travels: false, why: 'functions without a name', mainThread: [] }
  const how = step.how ?? {}
  const mainThread = [
    ...(typeof how.key === 'function' ? ['every item, for `key` is a function'] : []),
    ...(how.schema ? ['every item, for `schema` stands in the options'] : []),
    ...(typeof how.onFailure === 'function' ? ['failures, for `onFailure`'] : []),
    ...(how.retry?.backoff ? ['failures, for `backoff`'] : []),
  ]
  const on = runtimeOf(step, undefined)
  const { body } = step
  if (body.kind === 'pipeline') {
    const { home, name } = body.blueprint
    return {
      on,
      travels: home !== undefined,
      why: home ? `pipeline ${name} of ${fileOf(home)}` : 'a pipeline without a home',
      mainThread,
    }
  }
  if (body.kind === 'nothing') return { on, travels: false, why: 'nothing', mainThread }
  const { home, name, body: behaviour } = body.actor
  const kept = typeof behaviour === 'function' ? 'a function' : 'a behaviour'
  return {
    on,
    travels: home !== undefined,
    why: home ? `actor ${name} of ${fileOf(home)}` : `${kept} without a home`,
    mainThread,
  }
}

function fileOf({ url }: Home): string {
  try {
    return relative('.', fileURLToPath(url)) || url
  } catch {
    return url
  }
}
