/**
 * A pipeline as it was written, and as it runs: rows of boxes, with boxes that hold rows.
 *
 *     written    source ─▶ map ─▶ filter ─▶ hash ─▶ results
 *     runs       source ─▶ map·filter@1 ─▶ hash ×4 ─▶ results
 *
 * Data alone; mermaid.ts and svg.ts draw it.
 */
import type { Blueprint, Step } from '../pipeline/blueprint.ts'
import { capacityOf, firstOf, keyIn, nameOf } from '../pipeline/plan.ts'
import { placesOf, runtimeOf } from '../pipeline/runtime-of.ts'
import { whole } from './units.ts'
import { visible } from './visible.ts'

export interface Box {
  readonly id: string
  readonly kind: 'end' | 'step' | 'stage'
  /** What it is called, then what else there is to know. */
  readonly lines: readonly [string, ...string[]]
  /** Of a pipeline that is a stage: what is in it. */
  readonly inner?: Row
  /** Of a step: the stage that it becomes. */
  readonly becomes?: string
}

export interface Row {
  readonly boxes: readonly Box[]
  /** What the channel before each box may hold, where there is one; index as of the boxes. */
  readonly channels: readonly (string | undefined)[]
}

export interface Drawing {
  readonly pipeline: string
  readonly written: Row
  readonly runs: Row
}

export function drawingOf(blueprint: Blueprint): Drawing {
  return { pipeline: visible(blueprint.name), written: written(blueprint, 'w'), runs: running(blueprint, 'r') }
}

function written(blueprint: Blueprint, id: string, inner = false): Row {
  const stages = `r${id.slice(1)}`
  const boxes = blueprint.steps.map((step, index): Box => {
    const common = {
      id: `${id}${index}`,
      kind: 'step',
      becomes: `${stages}${firstOf(blueprint.steps, index)}`,
    } as const
    if (step.kind === 'operators') return { ...common, lines: [`pipe (${step.operators.length} operators)`] }
    if (step.kind !== 'stage') return { ...common, lines: [step.kind] }
    const lines = [visible(step.name)] as const
    if (step.body.kind !== 'pipeline') return { ...common, lines }
    return { ...common, lines, inner: written(step.body.blueprint, `${id}${index}_`, true) }
  })
  return row(boxes, [], blueprint, id, inner)
}

function running(blueprint: Blueprint, id: string, inner = false): Row {
  const { steps, source } = blueprint
  const boxes: Box[] = []
  const channels: string[] = []
  for (const [index, step] of steps.entries()) {
    if (firstOf(steps, index) !== index) continue // runs in the box of the one before
    const how = step.kind === 'stage' ? (step.how ?? {}) : {}
    const { capacity } = index === 0 ? { ...how, ...source?.options } : how
    channels.push(whole(capacityOf(capacity).items))
    const box = {
      id: `${id}${index}`,
      kind: 'stage',
      lines: [visible(nameOf(steps, index)), ...notesOf(step)],
    } as const
    const isNest = step.kind === 'stage' && step.body.kind === 'pipeline'
    boxes.push(
      isNest
        ? { ...box, inner: running((step.body as { blueprint: Blueprint }).blueprint, `${id}${index}_`, true) }
        : box,
    )
  }
  if (boxes.length === 0) {
    boxes.push({ id: `${id}0`, kind: 'stage', lines: ['through'] })
    channels.push(whole(capacityOf(source?.options?.capacity).items))
  }
  return row(boxes, channels, blueprint, id, inner)
}

/** A pipeline that is a stage is given its items by the stage, and gives it what they lead to. */
function row(
  boxes: readonly Box[],
  channels: readonly string[],
  { source }: Blueprint,
  id: string,
  inner: boolean,
): Row {
  if (inner) return { boxes, channels: boxes.map((_, i) => (i > 0 ? channels[i] : undefined)) }
  const first: Box = { id: `${id}s`, kind: 'end', lines: [source ? 'source' : 'send'] }
  const last: Box = { id: `${id}e`, kind: 'end', lines: ['results'] }
  return { boxes: [first, ...boxes, last], channels: [undefined, ...boxes.map((_, i) => channels[i]), undefined] }
}

/** What is worth knowing of how a stage runs: what is not as it is by itself. */
function notesOf(step: Step): string[] {
  if (step.kind !== 'stage') return []
  const how = step.how ?? {}
  const key = keyIn(step)
  const workers = placesOf(how, '').length
  const on = runtimeOf(step, undefined)
  return [
    ...(workers === 1 ? [] : [`${workers} workers`]),
    ...((how.concurrency ?? 1) > 1 ? [`${how.concurrency} at a time`] : []),
    ...(on === 'inline' ? [] : [`on ${on}`]),
    ...(key === undefined ? [] : [`by ${typeof key === 'function' ? 'key' : visible(String(key))}`]),
    ...(how.order === 'completion' ? ['as they finish'] : []),
  ]
}
