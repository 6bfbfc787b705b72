/**
 * All that is wrong with a blueprint, found before anything starts.
 */
import type { Home } from '../actor/define-actor.ts'
import { type Mistake, mistake, shown } from '../errors.ts'
import {
  behaviourOptions,
  isPlain,
  mistakesIn,
  runOptions,
  soundOf,
  sourceOptions,
  stageOptions,
  supervisionOptions,
} from '../options.ts'
import { type Blueprint, blueprintOf, type Step } from './blueprint.ts'
import { combinations, handsOnByCompletion, isUnkeyedState } from './combinations.ts'
import type { RunOptions } from './language.ts'
import { isName, placeOf, rootOf } from './place.ts'
import { nameOf } from './plan.ts'
import { isRun } from './run/run.ts'
import { kindOf } from './sources/kind.ts'
import { travelMistakes } from './travel.ts'

type StageStep = Step & { kind: 'stage' }

/** What keeps it from being run. */
export function mistakesOf(blueprint: Blueprint, options?: RunOptions): Mistake[] {
  return validate(blueprint, options).filter(({ level }) => level === 'mistake')
}

/** The same, with warnings and notes. */
export function validate(blueprint: Blueprint, options?: RunOptions): Mistake[] {
  const mistakes = mistakesIn(options, runOptions, rootOf(blueprint))
  return [...mistakes, ...blueprintMistakes(blueprint, soundOf(options, runOptions))]
}

function blueprintMistakes(blueprint: Blueprint, options: RunOptions | undefined): Mistake[] {
  const { name, home, steps, supervision } = blueprint
  const mistakes: Mistake[] = []
  if (!isName(name)) {
    const blanks = { thing: 'pipeline', actual: shown(name), example: "pipeline('name')" }
    mistakes.push(mistake('NO_NAME', 'pipeline', blanks))
  }
  if (home !== undefined && typeof (home as Partial<Home> | null)?.url !== 'string') {
    mistakes.push(mistake('NOT_A_HOME', rootOf(blueprint), { actual: shown(home), type: typeof home }))
  }
  mistakes.push(...mistakesIn(supervision, supervisionOptions, rootOf(blueprint)), ...sourceMistakes(blueprint))

  const seen = new Set(steps.flatMap((step, index) => (step.kind === 'stage' ? [] : nameOf(steps, index))))
  let shuffling: string | undefined
  steps.forEach((step, index) => {
    const place = placeOf(blueprint, index)
    if (step.kind !== 'stage') {
      mistakes.push(...unnamedMistakes(step, place))
      return
    }
    mistakes.push(...nameMistakes(step, place, seen))
    const found = stageMistakes(step, place, options)
    if (shuffling !== undefined && found.every(({ level }) => level !== 'mistake') && isUnkeyedState(step)) {
      found.push(mistake('STATEFUL_AFTER_COMPLETION', place, { stage: shuffling }))
    }
    mistakes.push(...found)
    if (handsOnByCompletion(step)) shuffling = step.name
  })
  return mistakes
}

function sourceMistakes(blueprint: Blueprint): Mistake[] {
  const { source, steps } = blueprint
  if (!source) return []
  const { value } = source
  const place = `${rootOf(blueprint)}/source`
  const mistakes = mistakesIn(source.options, sourceOptions, place)
  if (typeof value === 'string') {
    const hint =
      '`lines(path)` of millrace/actors reads the lines of a file; `[text]` is one item, and `[...text]` its characters'
    mistakes.push(mistake('NOT_A_SOURCE', place, { actual: shown(value), type: 'string', hint }))
  } else if (blueprintOf(value) !== undefined || kindOf(value) === undefined) {
    const hint = blueprintOf(value)
      ? 'a pipeline takes items, so it is a stage'
      : isPlain(value)
        ? 'the values of an object are `Object.values(…)`'
        : value === undefined
          ? 'a pipeline that is given its items by `send` or `ask` has no `from`'
          : undefined
    mistakes.push(mistake('NOT_A_SOURCE', place, { actual: shown(value), type: typeof value, hint }))
  }
  const [first] = steps
  for (const name of ['capacity', 'overflow'] as const) {
    const isSaidTwice = first?.kind === 'stage' && first.how?.[name] !== undefined
    if (source.options?.[name] !== undefined && isSaidTwice) mistakes.push(mistake('OPTION_TWICE', place, { name }))
  }
  return mistakes
}

function unnamedMistakes(step: Exclude<Step, StageStep>, place: string): Mistake[] {
  if (step.kind === 'operators') {
    const { operators } = step
    const odd = operators.find(operator => typeof operator !== 'function')
    if (odd === undefined && operators.length > 0) return [mistake('ASYNC_OPERATORS', place, {})]
    return [mistake('NOT_AN_OPERATOR', place, { actual: shown(odd) })]
  }
  const fn: unknown = step.fn
  const more = step.rest.find(argument => argument !== undefined)
  if (typeof fn === 'function') {
    return more === undefined ? [] : [mistake('TOO_MANY_ARGUMENTS', place, { word: step.kind, actual: shown(more) })]
  }
  const isProperty = typeof fn === 'string' && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(fn)
  const hint = isProperty ? `write \`item => item.${fn}\`` : 'hand in the function itself, without calling it'
  return [mistake('NOT_A_FUNCTION', place, { word: step.kind, actual: shown(fn), hint })]
}

function nameMistakes({ name }: StageStep, place: string, seen: Set<unknown>): Mistake[] {
  const isTaken = seen.has(name)
  seen.add(name)
  if (!isName(name)) {
    return [mistake('NO_NAME', place, { thing: 'stage', actual: shown(name), example: ".stage('name', body)" })]
  }
  return isTaken ? [mistake('DUPLICATE_NAME', place, {})] : []
}

function stageMistakes(step: StageStep, place: string, options: RunOptions | undefined): Mistake[] {
  const { body, how } = step
  const mistakes = mistakesIn(how, stageOptions, place)
  // What follows is about combinations: of an option that is wrong by itself it would only say so again.
  const sound = { ...step, how: soundOf(how, stageOptions) }
  if (body.kind === 'nothing') return [...mistakes, ...bodyMistakes(step, body.value, place)]
  const behaviour = body.kind === 'actor' ? body.actor.body : undefined
  if (typeof behaviour === 'function' && /^class\b/.test(Function.prototype.toString.call(behaviour))) {
    return [...mistakes, notABody(behaviour, place, 'it is a class: hand in what `new` makes of it')]
  }
  const misspelt = isPlain(behaviour) ? mistakesIn(behaviour, behaviourOptions, place) : []
  mistakes.push(...misspelt)
  if (body.kind === 'pipeline') {
    for (const inner of blueprintMistakes(body.blueprint, undefined)) {
      mistakes.push({ ...inner, place: `${place}/${inner.place}` })
    }
    if (body.blueprint.source) mistakes.push(mistake('CONNECTED', place, {}))
  }
  mistakes.push(...travelMistakes(sound, place, options))
  if (misspelt.length === 0) mistakes.push(...combinations(sound, place))
  return mistakes
}

function bodyMistakes({ name }: StageStep, value: unknown, place: string): Mistake[] {
  // `.stage(fn)`: that the name is missing says it all.
  if (value === undefined && typeof name === 'function') return []
  if (isPlain(value)) {
    const misspelt = mistakesIn(value, behaviourOptions, place)
    if (misspelt.length > 0) return misspelt
  }
  const isCalled = typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
  const hint = isCalled
    ? 'hand in the function itself, without calling it'
    : isRun(value)
      ? 'it is a run: hand in the pipeline itself, without `.run()`'
      : undefined
  return [notABody(value, place, hint)]
}

function notABody(value: unknown, place: string, hint: string | undefined): Mistake {
  return mistake('NOT_A_BODY', place, { actual: shown(value), type: typeof value, hint })
}
