/** Where the workers of a stage live. */
import { stageOptions } from '../options.ts'
import type { Step } from './blueprint.ts'
import type { RunOptions, StageOptions } from './language.ts'

/** The kind of runtime. `on`: the run's word for all; what cannot travel, and does not say that it should, stays. */
export function runtimeOf({ body, how }: Step & { kind: 'stage' }, on: RunOptions['on']): string {
  const own = (how as { on?: unknown } | undefined)?.on
  const home = body.kind === 'actor' ? body.actor.home : body.kind === 'pipeline' ? body.blueprint.home : undefined
  const said = own ?? (home && on) ?? 'inline'
  return typeof said === 'string' ? said : (said as { kind: string }).kind
}

const mostWorkers = 1 << 20
const mixable = ['inline', 'threads', 'processes'] as const

/** Where each worker lives, by its number: on `runtime`, where their number does not say. */
export function placesOf({ workers = stageOptions.workers.value }: StageOptions<any>, runtime: string): string[] {
  if (typeof workers === 'object' && workers !== null && !('min' in workers)) {
    const counts = workers as Readonly<Record<string, number | undefined>>
    return mixable.flatMap(place => rowOf(counts[place] ?? 0, place))
  }
  return rowOf(countOf(workers), runtime)
}

/** Also of a number that is none, and not checked yet. */
function rowOf(count: number, place: string): string[] {
  return new Array<string>(count > 0 ? Math.min(Math.floor(count), mostWorkers) : 0).fill(place)
}

/** In one event loop there is nothing to gain from more than what was asked for. */
function countOf(workers: StageOptions<any>['workers']): number {
  if (typeof workers === 'number') return workers
  return typeof workers === 'object' && workers !== null ? Math.max(1, workers.min) : 1
}
