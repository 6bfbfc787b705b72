/**
 * The fluent form: each word gives a new blueprint, and none of them does anything.
 */
// `#engine`: in a worker, where `run` does nothing, without what it stands on (package.json, `imports`).
import { inspect } from 'node:util'
import type { OperatorFunction } from 'rxjs'
import { mistakesOf, startRun, validate } from '#engine'
import { ActorDefinition, actorInPlace, type Home, isBody } from '../actor/define-actor.ts'
import { calledAt, callOf, InvalidBlueprint, type Mistake } from '../errors.ts'
import { isPlain } from '../options.ts'
import { BLUEPRINT, type Blueprint, blueprintOf, type Step, type StepBody } from './blueprint.ts'
import type { Pipeline, Running, RunOptions, SourceOptions, StageOptions, Start, Supervision } from './language.ts'
import { refuseWordsOfRuns } from './not-running.ts'

class FluentPipeline {
  readonly [BLUEPRINT]: Blueprint

  constructor(blueprint: Blueprint) {
    this[BLUEPRINT] = blueprint
  }

  get name(): string {
    return this[BLUEPRINT].name
  }

  get home(): Home | undefined {
    return this[BLUEPRINT].home
  }

  stage(name: string, body: unknown, how?: StageOptions<any>): FluentPipeline {
    return this.#with({ kind: 'stage', name, body: bodyOf(name, body), how: copied(how) })
  }

  map(fn: (item: any) => unknown, ...rest: unknown[]): FluentPipeline {
    return this.#with({ kind: 'map', fn, rest })
  }

  filter(fn: (item: any) => unknown, ...rest: unknown[]): FluentPipeline {
    return this.#with({ kind: 'filter', fn, rest })
  }

  pipe(...operators: OperatorFunction<any, any>[]): FluentPipeline {
    return this.#with({ kind: 'operators', operators })
  }

  supervise(policy: Supervision = {}): FluentPipeline {
    const before = this[BLUEPRINT]
    // What is no object is kept as it is, for `validate` to find.
    const odd = [before.supervision, policy].find(each => !isPlain(each))
    const supervision = odd === undefined ? { ...before.supervision, ...policy } : odd
    return new FluentPipeline({ ...before, supervision })
  }

  validate(options?: RunOptions): readonly Mistake[] {
    return validate(this[BLUEPRINT], options)
  }

  run(options: RunOptions = {}): Running<any, any> {
    const call = callOf(this.run)
    const mistakes = mistakesOf(this[BLUEPRINT], options)
    if (mistakes.length > 0) throw calledAt(new InvalidBlueprint(mistakes), call)
    return startRun(this[BLUEPRINT], options, { call })
  }

  /** How it is printed, and stands in a message. */
  [inspect.custom](): string {
    return `pipeline ${this.name}`
  }

  #with(step: Step): FluentPipeline {
    const before = this[BLUEPRINT]
    return new FluentPipeline({ ...before, steps: [...before.steps, step] })
  }
}

refuseWordsOfRuns(FluentPipeline)

/** Options as they are now: a blueprint does not change with what it was made from. What is none is for `validate` to find. */
function copied<How>(how: How): How {
  return isPlain(how) ? { ...how } : how
}

function bodyOf(name: string, body: unknown): StepBody {
  const blueprint = blueprintOf(body)
  if (blueprint) return { kind: 'pipeline', blueprint }
  if (body instanceof ActorDefinition) return { kind: 'actor', actor: body }
  if (isBody(body)) return { kind: 'actor', actor: actorInPlace(name, body) }
  return { kind: 'nothing', value: body }
}

/**
 * Begins a pipeline.
 *
 * With `.from(source)` its input is connected; without, it is open: a stage of another pipeline, or given its items by
 * `run.send` and `run.ask`. One that may travel is found by its export: export it from its home module (`import.meta`).
 */
export function pipeline(name: string): Start<undefined>
export function pipeline<In>(name: string): Pipeline<In, In, undefined>
export function pipeline<In>(name: string, home: Home): Pipeline<In, In, Home>
export function pipeline(name: string, home?: Home): unknown {
  const blueprint: Blueprint = { name, home, steps: [], supervision: {} }
  const open = new FluentPipeline(blueprint)
  return Object.assign(open, {
    from: (value: unknown, options?: SourceOptions) =>
      new FluentPipeline({ ...blueprint, source: { value, options: copied(options) } }),
  })
}
