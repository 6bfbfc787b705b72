/** Where a stage runs. */
import type { Step } from './blueprint.ts'
import type { RunOptions } from './language.ts'

/** The kind of runtime. `on`: the run's word for all; what cannot travel, and does not say that it should, stays. */
export function runtimeOf({ body, how }: Step & { kind: 'stage' }, on: RunOptions['on']): string {
  const own = (how as { on?: unknown } | undefined)?.on
  const home = body.kind === 'actor' ? body.actor.home : body.kind === 'pipeline' ? body.blueprint.home : undefined
  const said = own ?? (home && on) ?? 'inline'
  return typeof said === 'string' ? said : (said as { kind: string }).kind
}
