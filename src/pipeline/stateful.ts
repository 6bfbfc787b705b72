/** Which stages remember. */
import type { AnyBehaviour, AnyStreamBehaviour } from '../actor/behaviour.ts'
import type { StepBody } from './blueprint.ts'

/** Whether what a stage does with an item depends on items before it. */
export function isStateful(body: StepBody): boolean {
  if (body.kind === 'pipeline') {
    return body.blueprint.steps.some(
      step => step.kind === 'operators' || (step.kind === 'stage' && isStateful(step.body)),
    )
  }
  if (body.kind === 'nothing' || typeof body.actor.body === 'function') return false
  const { start, flush, stream } = body.actor.body as Partial<AnyBehaviour & AnyStreamBehaviour>
  return start !== undefined || flush !== undefined || stream !== undefined
}
