/**
 * All that is wrong with a blueprint, found before anything starts.
 */
import type { AnyBehaviour } from '../actor/behaviour.ts'
import { type Mistake, shown } from '../errors.ts'
import {
  behaviourOptions,
  mistakesIn,
  runOptions,
  sourceOptions,
  stageOptions,
  supervisionOptions,
} from '../options.ts'
import type { Blueprint, Step } from './blueprint.ts'
import type { RunOptions, StageOptions } from './language.ts'
import { isStateful, nameOf, workersOf } from './plan.ts'
import { kindOf } from './sources/kind.ts'

export function validate(blueprint: Blueprint, options?: RunOptions): Mistake[] {
  return [...mistakesIn(options, runOptions, blueprint.name), ...blueprintMistakes(blueprint, options)]
}

function blueprintMistakes(blueprint: Blueprint, options: RunOptions | undefined): Mistake[] {
  const { name, source, steps, supervision } = blueprint
  const mistakes: Mistake[] = []
  const say = (code: string, place: string, message: string) => mistakes.push({ code, place, message })

  if (typeof name !== 'string' || name === '') {
    say('NO_NAME', 'pipeline', `a pipeline needs a name, a string that is not empty, got ${shown(name)}`)
  }
  mistakes.push(...mistakesIn(supervision, supervisionOptions, name))
  if (source) {
    const place = `${name}/source`
    mistakes.push(...mistakesIn(source.options, sourceOptions, place))
    if (typeof source.value === 'string') {
      const ways = '`[text]` for one item, `[...text]` for its characters, or `() => createReadStream(path)` for a file'
      say('NOT_A_SOURCE', place, `\`from\` takes no text, got ${shown(source.value)}: say ${ways}`)
    } else if (kindOf(source.value) === undefined) {
      const wanted = 'an iterable, an async iterable, an Observable, a stream, or a function that makes one'
      say('NOT_A_SOURCE', place, `\`from\` takes ${wanted}, got ${shown(source.value)} (${typeof source.value})`)
    }
    const first = steps[0]
    const twice = (['capacity', 'overflow'] as const).filter(
      option => source.options?.[option] !== undefined && first?.kind === 'stage' && first.how?.[option] !== undefined,
    )
    for (const option of twice) {
      const message = `\`${option}\` of the channel between the source and its first stage is said twice: keep one`
      say('OPTION_TWICE', place, message)
    }
  }
  const seen = new Set(steps.flatMap((step, index) => (step.kind === 'stage' ? [] : nameOf(steps, index))))
  steps.forEach((step, index) => {
    const place = `${name}/${nameOf(steps, index)}`
    if (step.kind === 'map' || step.kind === 'filter') {
      if (typeof step.fn !== 'function')
        say('NOT_A_FUNCTION', place, `\`${step.kind}\` takes a function, got ${shown(step.fn)}`)
      const more = step.rest.find(argument => argument !== undefined)
      if (more !== undefined) {
        const message = `\`${step.kind}\` takes a function and nothing else, got ${shown(more)} as well`
        say('TOO_MANY_ARGUMENTS', place, `${message}: options are for \`.stage(name, fn, { … })\``)
      }
    } else if (step.kind === 'operators') {
      const odd = step.operators.find(operator => typeof operator !== 'function')
      if (odd !== undefined || step.operators.length === 0) {
        say('NOT_AN_OPERATOR', place, `\`pipe\` takes RxJS operators, got ${shown(odd)}`)
      }
    } else {
      if (typeof step.name !== 'string' || step.name === '') {
        say('NO_NAME', place, `a stage needs a name, a string that is not empty, got ${shown(step.name)}`)
      } else if (seen.has(step.name)) {
        say('DUPLICATE_NAME', place, 'two stages have this name: each needs one of its own')
      }
      seen.add(step.name)
      mistakes.push(...stageMistakes(step, place, options))
    }
  })
  return mistakes
}

function stageMistakes(step: Step & { kind: 'stage' }, place: string, options: RunOptions | undefined): Mistake[] {
  const { body, how } = step
  const mistakes = mistakesIn(how, stageOptions, place)
  const say = (code: string, message: string) => mistakes.push({ code, place, message })
  if (body.kind === 'nothing') {
    const wanted = 'an actor, a function, { receive }, { stream } or an open pipeline'
    say('NOT_A_BODY', `a stage takes ${wanted}, got ${shown(body.value)} (${typeof body.value})`)
    return mistakes
  }
  // What follows is about combinations: it would only repeat what is wrong with the single options.
  if (mistakes.length > 0) return mistakes
  const on = (how as { on?: unknown } | undefined)?.on ?? options?.on ?? 'inline'
  if (on !== 'inline') {
    const runtime = typeof on === 'string' ? on : (on as { kind: string }).kind
    say('NO_RUNTIME', `there is no runtime '${runtime}' in this version: leave \`on\` out, or say 'inline'`)
  }
  const { workers } = how ?? {}
  if (typeof workers === 'object' && !('min' in workers) && (workers as { inline?: number }).inline === undefined) {
    say('NO_RUNTIME', '`workers` names no inline workers, and there are no threads or processes in this version')
  }
  if (body.kind === 'actor' && typeof body.actor.body === 'object') {
    const isPlain = Object.getPrototypeOf(body.actor.body) === Object.prototype
    if (isPlain) mistakes.push(...mistakesIn(body.actor.body, behaviourOptions, place))
  }
  if (body.kind === 'pipeline') {
    mistakes.push(
      ...blueprintMistakes(body.blueprint, undefined).map(mistake => ({
        ...mistake,
        place: `${place}/${mistake.place}`,
      })),
    )
    if (body.blueprint.source)
      say('CONNECTED', 'the input of this pipeline is already connected: a stage must be an open one')
  }
  mistakes.push(...combinations(step, how ?? {}, place))
  return mistakes
}

function combinations(step: Step & { kind: 'stage' }, how: StageOptions<any>, place: string): Mistake[] {
  const mistakes: Mistake[] = []
  const say = (code: string, message: string) => mistakes.push({ code, place, message })
  const { body } = step
  const workers = workersOf(how)
  const concurrency = how.concurrency ?? 1
  const behaviour = body.kind === 'actor' && typeof body.actor.body === 'object' ? body.actor.body : undefined
  const isStream = behaviour !== undefined && 'stream' in behaviour
  const key = how.key ?? (behaviour as AnyBehaviour | undefined)?.key
  if (isStream) {
    if (concurrency > 1)
      say('STREAM_CONCURRENCY', 'a body over the whole stream takes items itself: leave `concurrency` out')
    if ((how.retry?.attempts ?? 1) > 1) {
      say(
        'STREAM_RETRY',
        'a body over the whole stream cannot be given an item again: leave `retry` out, and retry inside it',
      )
    }
    if (key !== undefined) say('STREAM_KEY', 'a body over the whole stream has no state by key: leave `key` out')
  } else if (isStateful(body) && key === undefined) {
    const fix = 'give it a `key`, or leave the option out'
    if (workers > 1)
      say(
        'STATEFUL_WORKERS',
        `a stateful actor without a key has one state, so \`workers\` must be 1, got ${workers}: ${fix}`,
      )
    if (concurrency > 1) {
      say(
        'STATEFUL_CONCURRENCY',
        `a stateful actor without a key handles one item after another, so \`concurrency\` must be 1, got ${concurrency}: ${fix}`,
      )
    }
  }
  if (how.inFlight !== undefined && how.inFlight < workers * concurrency) {
    say(
      'IN_FLIGHT',
      `\`inFlight\` must be at least workers × concurrency (${workers * concurrency}), got ${how.inFlight}`,
    )
  }
  return mistakes
}
