/**
 * What a pipeline means.
 *
 * This is the specification that runs: one item at a time, each carried to the end before the next is looked at; no
 * workers, no channels, no frames, and no time but what a handler waits for by its clock. Whatever a runtime does with
 * threads, batches and retries, its results are these, in this order: adding workers makes a pipeline faster, it does not
 * change its answer.
 * A keyed stage has one state for each key. An item that fails for good is a dead letter, or ends everything.
 */
import { lastValueFrom, materialize, toArray } from 'rxjs'
import { given } from '../actor/behaviour.ts'
import { SchemaMismatch, StateLost } from '../errors.ts'
import { JumpingTime } from '../jumping-clock.ts'
import { type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import { type PlanHost, planOf } from '../pipeline/plan.ts'
import { type Fed, fed } from '../stage/in-step.ts'
import type { BehaviourBody, Failure, StagePlan } from '../stage/plan.ts'

/** `failure`: what stopped the pipeline, if something did. */
export type Failed = { readonly stage: string; readonly sequence: number; readonly error: unknown }
export type Outcome = { readonly results: unknown[]; readonly deadLetters: Failed[]; failure?: Failed }

/** What `pipeline` makes of `items`. */
export async function model(pipeline: unknown, items: Iterable<unknown>): Promise<Outcome> {
  const outcome: Outcome = { results: [], deadLetters: [] }
  const time = new JumpingTime()
  const emit = async (result: unknown) => void outcome.results.push(result)
  try {
    const row = inRow(blueprintOf(pipeline)!, { dead: outcome.deadLetters, time }, '')
    for (const item of items) await row.take(item, emit)
    await row.end(emit)
  } catch (stopped) {
    if (!(stopped instanceof Stopped)) throw stopped
    outcome.failure = stopped.cause
  } finally {
    time.end()
  }
  return outcome
}

class Stopped extends Error {
  declare readonly cause: Failed
}

/** What the stages of a model share. */
type World = { readonly dead: Failed[]; readonly time: JumpingTime }

type Emit = (value: unknown) => Promise<void>
type At = { readonly sequence: number; key: unknown; item: unknown }

/** Takes items, one after another, and at last hears that there are no more. */
type Meaning = { take(item: unknown, emit: Emit): Promise<void>; end(emit: Emit): Promise<void> }

/** Stages in a row: what leaves one enters the next. */
function inRow(blueprint: Blueprint, world: World, path: string): Meaning {
  const nest: PlanHost['nest'] = (stage, inner, stateful) => ({
    ...nested(() => inRow(inner, world, `${path}${stage}/`)),
    stateful,
  })
  const plans = planOf(blueprint, { on: 'inline', nest })
  const stages = plans.map(plan => stageOf(plan, world, path))
  const through = (index: number, item: unknown, emit: Emit): Promise<void> =>
    index === stages.length ? emit(item) : stages[index]!.take(item, next => through(index + 1, next, emit))
  const end = async (emit: Emit) => {
    for (const [i, stage] of stages.entries()) await stage.end(next => through(i + 1, next, emit))
  }
  return { take: (item, emit) => through(0, item, emit), end }
}

/** A pipeline as a body: one of its own for each state. */
function nested(start: () => Meaning): Omit<BehaviourBody, 'kernel'> {
  const gather = async (run: (emit: Emit) => Promise<void>) => {
    const outputs: unknown[] = []
    await run(async output => void outputs.push(output))
    return outputs.values()
  }
  const receive = (item: unknown, inner: Meaning) => gather(emit => inner.take(item, emit))
  return { self: undefined, stateful: true, volatile: false, start, receive, flush: inner => gather(inner.end) }
}

/** What a body does with an item, and at the end. */
function behaviourOf({ body, emit }: StagePlan, time: JumpingTime): Omit<BehaviourBody, 'kernel'> & Partial<Fed> {
  const stateless = { self: undefined, stateful: false, volatile: false }
  if (body.kind === 'behaviour') return body
  if (body.kind === 'feed') return { ...stateless, ...fed(body.open, emit === 'streaming', time) }
  if (body.kind === 'handler') return { ...stateless, receive: (item, _, context) => body.handler(item, context) }
  const receive = async (item: unknown) => {
    let value = item
    for (const { kind, fn } of body.steps) {
      const result = await fn(value)
      if (kind === 'filter' ? !result : result === undefined) return undefined
      if (kind === 'map') value = result
    }
    // It is one item, whatever it is.
    return [value].values()
  }
  return { ...stateless, receive }
}

/** A stage: a state for each key, attempts for each item. */
function stageOf(plan: StagePlan, { dead, time }: World, path: string): Meaning {
  const body = behaviourOf(plan, time)
  const name = `${path}${plan.name}`
  const states = new Map<unknown, { state?: unknown; saved?: unknown }>()
  let resources: unknown
  let inputs = 0
  const stateOf = async (key: any) => {
    resources ??= await body.setup?.()
    if (!states.has(key)) states.set(key, { state: await body.start?.({ key, resources }) })
    return states.get(key)!.state
  }

  /** Attempts, until one does not throw: then its outputs go on. If none is left, the item is given up. */
  const handle = async (at: At, emit: Emit, attempted: (context: any) => Promise<unknown>): Promise<void> => {
    resources ??= await body.setup?.()
    for (let attempt = 1, left = 0; ; attempt++) {
      const outputs: unknown[] = []
      let isAtHand = true
      let isForgotten = false
      let repeated = 0
      const forget = () => void (isForgotten = true)
      const { signal } = new AbortController()
      const clock = time.clock(() => isAtHand)
      const context = { ...at, attempt, resources, signal, clock, endOfBatch: false, progress() {}, forget }
      try {
        const result = await attempted(context).finally(() => each(body.extras?.splice(0).values(), emit))
        await each(result, async value => {
          if (plan.emit === 'whole') outputs.push(value)
          else if (++repeated > left) await emit(value).then(() => left++)
        })
      } catch (error) {
        // What has stopped a stage further down is no failure of this one.
        if (error instanceof Stopped && !error.cause.stage.startsWith(`${name}/`)) throw error
        if (attempt < plan.attempts) continue
        return giveUp(at, error)
      } finally {
        isAtHand = false
      }
      const kept = states.get(at.key)
      if (kept && body.snapshot) kept.saved = body.snapshot(kept.state)
      if (isForgotten) states.delete(at.key)
      return each(outputs.values(), emit)
    }
  }

  const giveUp = ({ sequence, item }: At, error: unknown) => {
    const failed = { stage: name, sequence, error }
    const { onFailure } = plan
    const policy = typeof onFailure === 'function' ? onFailure({ ...failed, item } as Failure) : onFailure
    const isLost = policy === 'restart' && body.stateful && !body.snapshot && !body.volatile
    if (isLost) throw new Stopped('', { cause: { ...failed, error: new StateLost(states.size) } })
    if (policy === 'stop') throw new Stopped('', { cause: failed })
    // State goes with its worker, back to what was saved of it.
    for (const [key, kept] of policy === 'restart' && body.stateful ? states : []) {
      if ('saved' in kept) kept.state = body.restore!(kept.saved)
      else states.delete(key)
    }
    dead.push(failed)
  }

  return {
    async take(item, emit) {
      const at: At = { sequence: inputs++, item, key: undefined }
      try {
        at.key = plan.keyOf?.(item)
      } catch (error) {
        return giveUp(at, error)
      }
      await handle(at, emit, async context => {
        const checked: any = (await plan.schema?.['~standard'].validate(item)) ?? { value: item }
        if (checked.issues) throw new SchemaMismatch(checked.issues)
        if (context.attempt === 1) at.item = checked.value
        return body.receive(at.item, await stateOf(at.key), context)
      })
    },
    async end(emit) {
      if (!body.flush) return
      if (!plan.keyOf && inputs === 0) await stateOf(undefined)
      for (const [key, { state }] of [...states]) {
        await handle({ sequence: inputs, item: undefined, key }, emit, async context => body.flush!(state, context))
      }
    },
  }
}

/** What leaves a handler: return emits one, yield emits many, nothing emits none. */
async function each(result: any, emit: Emit): Promise<void> {
  const kind = typeof result === 'object' && result !== null ? given(result) : 'value'
  if (kind === 'observable') {
    for (const said of await lastValueFrom<any>(result.pipe(materialize(), toArray()))) {
      if (said.kind === 'E') throw said.error
      if (said.value !== undefined) await emit(said.value)
    }
  } else if (kind !== 'value' || typeof result?.next === 'function') {
    for await (const value of result) if (value !== undefined) await emit(value)
  } else if (result !== undefined) await emit(result)
}
