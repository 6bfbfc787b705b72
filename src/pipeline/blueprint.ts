/**
 * A pipeline as plain data: what was written, before anything runs.
 */
import type { OperatorFunction } from 'rxjs'
import type { ActorDefinition, Home } from '../actor/define-actor.ts'
import type { SourceOptions, StageOptions, Supervision } from './language.ts'

export interface Blueprint {
  readonly name: string
  readonly home: Home | undefined
  /** Absent in an open pipeline, which is given its items by `send` and `ask`. */
  readonly source?: { readonly value: unknown; readonly options: SourceOptions | undefined }
  readonly steps: readonly Step[]
  readonly supervision: Supervision
}

export type Step =
  /** `rest`: what was given beside the function, which is a mistake. */
  | { readonly kind: 'map'; readonly fn: (item: any) => unknown; readonly rest: readonly unknown[] }
  | { readonly kind: 'filter'; readonly fn: (item: any) => unknown; readonly rest: readonly unknown[] }
  | { readonly kind: 'operators'; readonly operators: readonly OperatorFunction<any, any>[] }
  | {
      readonly kind: 'stage'
      readonly name: string
      readonly body: StepBody
      readonly how: StageOptions<any> | undefined
    }

export type StepBody =
  | { readonly kind: 'actor'; readonly actor: ActorDefinition }
  | { readonly kind: 'pipeline'; readonly blueprint: Blueprint }
  | { readonly kind: 'nothing'; readonly value: unknown }

/** Where the blueprint of a pipeline is kept: a symbol, so that it is in nobody's way. */
export const BLUEPRINT: unique symbol = Symbol.for('millrace.blueprint')

/** The blueprint behind a pipeline, if that is what `value` is. */
export function blueprintOf(value: unknown): Blueprint | undefined {
  return (value as { [BLUEPRINT]?: Blueprint } | null | undefined)?.[BLUEPRINT]
}
