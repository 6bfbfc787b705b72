/** How much of a run is done, and how long the rest takes: where its source knows how much there is. */
import type { Snapshot } from '../metrics/snapshot.ts'
import type { Progress } from './job.ts'

/** How it is at one time. */
export interface Reached {
  /** Milliseconds since the run began. */
  readonly elapsed: number
  readonly snapshot: Snapshot
  /** How far the source is, where it is known. */
  readonly source?: Progress | undefined
}

/** How far a source is: by its own `progress()`, or by its `length` or `size`, if that can be seen without asking it for an item. */
export function progressOf(source: unknown, { stages }: Snapshot): Progress | undefined {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return undefined
  const { progress, length, size } = source as { progress?: unknown; length?: unknown; size?: unknown }
  if (typeof progress === 'function') return ownProgress(source as { progress(): unknown })
  if (typeof source === 'function') return undefined // its length is that of its parameters
  const total = length ?? size
  const [first] = stages
  if (!first || typeof total !== 'number' || !Number.isFinite(total)) return undefined
  return { done: first.received + first.queued, total, unit: 'items' }
}

/** What it gives may be anything: it is somebody else's. */
function ownProgress(source: { progress(): unknown }): Progress | undefined {
  try {
    const { done, total, unit } = source.progress() as Progress
    if (!(Number.isFinite(done) && Number.isFinite(total))) return undefined
    return { done, total, unit: unit === 'bytes' ? 'bytes' : 'items' }
  } catch {
    return undefined
  }
}

/**
 * How much of all is done, 0 to 1: the share of the source that was read, times the share of what came to each stage that it
 * has taken. So what waits before a stage is not done, and a stage that lets through one in ten changes nothing.
 */
export function shareOf({ snapshot, source }: Reached): number | undefined {
  if (!source) return undefined
  let share = source.total > 0 ? Math.min(1, source.done / source.total) : 1
  for (const { received, queued } of snapshot.stages) if (queued > 0) share *= received / (received + queued)
  return share
}

/** Milliseconds until all is done, at the pace between two moments. */
export function remainingOf(first: Reached, last: Reached): number | undefined {
  const [before, now] = [shareOf(first), shareOf(last)]
  if (before === undefined || now === undefined || last.elapsed <= first.elapsed) return undefined
  return now > before ? ((1 - now) / (now - before)) * (last.elapsed - first.elapsed) : undefined
}
