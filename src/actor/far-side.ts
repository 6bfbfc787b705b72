/**
 * What a worker on another thread knows of the module that it has loaded: its actors by name, and whether it got to `run()`.
 *
 * Kept where every copy of this package finds it: the module may have its own.
 */
import type { ActorDefinition, Home } from './define-actor.ts'

export interface FarSide {
  /** By `farAddress`. */
  readonly bodies: Map<string, ActorDefinition['body']>
  /** The module got to a `run()`, which does nothing here: what it has defined by now can be used. */
  reached(): void
}

const place = Symbol.for('millrace.far')
const shared = globalThis as unknown as Record<symbol, FarSide | undefined>

/** Absent in the thread that runs pipelines. */
export function farSide(): FarSide | undefined {
  return shared[place]
}

export function beFarSide(side: FarSide): void {
  shared[place] = side
}

export const farAddress = (home: Home, name: string): string => `${home.url}#${name}`
