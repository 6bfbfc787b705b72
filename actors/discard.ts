/** The end of a pipeline whose work is done on the way. */
import { type Actor, defineActor, type Home } from '../src/index.ts'
import { mustNotBeBody } from './accepts.ts'

/**
 * A sink: takes every item, and emits nothing. A run whose last stage it is needs no reader, and its items are counted:
 * `snapshot()` has how many were received. It travels.
 *
 *     .stage('save', save).stage('done', discard())
 */
export function discard<T = unknown>(): Actor<T, never, Home>
export function discard(_?: unknown, second?: unknown): Actor<any, never, Home> {
  mustNotBeBody(second, discard, 'discard()')
  return discarding
}

const discarding = defineActor('discard', import.meta, (_item: unknown): void => {})
