/**
 * Holds a pipeline against what it means: runs it, asks the sequential model, and shows the first thing that differs.
 *
 *     input ─┬─▶ run ────▶ results, dead letters, failure ─┐
 *            └─▶ model ──▶ results, dead letters, failure ─┴─▶ equal?
 */
import type { Clock } from '../clock.ts'
import {
  ChannelFull,
  described,
  InvalidBlueprint,
  InvalidOption,
  ItemTimeout,
  type Mistake,
  StageFailed,
  StateLost,
} from '../errors.ts'
import { type Failed, model, type Outcome } from '../model/model.ts'
import { mistakesIn } from '../options.ts'
import { BLUEPRINT, type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import type { DeadLetter, Pipeline } from '../pipeline/language.ts'
import { validate } from '../pipeline/validate.ts'
import { copyOf } from './copy.ts'
import { firstDifference, Numbers, shownApart } from './difference.ts'
import { ModelMismatch, TestDeadline } from './errors.ts'
import { defaultDeadline, type Executed, execute, within } from './execution.ts'
import { interleavedUpTo } from './interleaving.ts'
import { modelOptions } from './options.ts'
import { type Segment, segmentsOf } from './segments.ts'

export interface ExpectModelOptions {
  /**
   * What every wait of the run asks for the time. A `manualClock` is moved to whatever is due next when nothing else
   * happens, for the model as well. @default the machine's
   */
  clock?: Clock
  /** Milliseconds of real time that the run may take, and the model as well; Infinity under a debugger. @default 5_000 */
  deadline?: number
}

/** What an open pipeline takes; any items for one whose source they take the place of. */
type Input<In> = [In] extends [never] ? any : In

/**
 * Runs `pipeline` on `input`, asks the sequential model for the same, and resolves with the results if both agree.
 *
 *     await expectModel(orders, [{ id: 1 }, { id: 2 }])
 *
 * The model handles one item at a time, to its end, with one worker; so what is proved is that `workers`, `concurrency`,
 * `order`, channels, retries and restarts do not change the answer. Results, dead letters and the failure have to agree:
 * in order, but after a stage with `order: 'completion'`, where they may be any mix that keeps the order of each key.
 *
 * Every handler runs twice, once for each, and must do the same for the same item: no chance, no time, no state outside of
 * `start`. Each side gets a copy of `input`, as far as that is plain data; a function of it is called once for each. The
 * source of a pipeline that has one is left out. The model knows no time: a `timeout` that strikes, or an `overflow` that
 * drops, is a difference. Once a pipeline with `order: 'completion'` fails, only where it fails is compared.
 *
 * @throws {ModelMismatch} with the first difference: `index`, `expected`, `actual`.
 * @throws {TestDeadline} when the run, or the model, is not done in time.
 * @throws {InvalidBlueprint} with all that is wrong with the pipeline.
 */
export async function expectModel<In, Out>(
  pipeline: Pipeline<In, Out, any>,
  input: Iterable<Input<In>> | AsyncIterable<Input<In>> | (() => Iterable<Input<In>> | AsyncIterable<Input<In>>),
  options: ExpectModelOptions = {},
): Promise<Out[]> {
  const { clock, deadline = defaultDeadline } = { ...options }
  const blueprint = blueprintOf(pipeline)
  if (!blueprint) throw new InvalidOption('expectModel', 'given a pipeline', pipeline)
  const mistakes: Mistake[] = [...mistakesIn(options, modelOptions, 'expectModel'), ...validate(blueprint)]
  if (mistakes.length > 0) throw new InvalidBlueprint(blueprint.name, mistakes)

  const { name } = blueprint
  const read = await inputOf(input, name)
  const segments = segmentsOf(blueprint)
  const ask = (part: Blueprint, items: Iterable<unknown>) => modelled(part, items, clock, deadline)
  // The model has its say before the run, which would change items that cannot be copied.
  const first =
    segments.length === 1 && segments[0]!.freedom === 'none' ? await ask(blueprint, await read()) : undefined
  const watched = segments.slice(1).map(segment => segment.first)
  const ran = await execute(blueprint, await read(), { what: `pipeline ${name}`, clock, deadline, watched })
  if (first) compare(name, first, ran)
  else await compareParts(name, segments, await read(), ran, ask)
  return [...ran.emitted] as Out[]
}

/** Reads the input, anew for each who asks. */
async function inputOf(input: unknown, name: string): Promise<() => Promise<unknown[]>> {
  const gather = async (items: unknown) => {
    const isThere = typeof items === 'object' && items !== null
    if (!isThere || !(Symbol.iterator in items || Symbol.asyncIterator in items)) {
      throw new InvalidOption(
        'input',
        'an iterable of items, or a function that makes one',
        items,
        `expectModel(${name})`,
      )
    }
    const gathered: unknown[] = []
    for await (const item of items as AsyncIterable<unknown>) gathered.push(item)
    return gathered
  }
  if (typeof input === 'function') return async () => gather(input())
  const items = await gather(input)
  return async () => copyOf(items)
}

/** What the model says, under a deadline; what goes wrong in time is said with the item that was at hand. */
async function modelled(
  { name, home, supervision, steps }: Blueprint,
  items: Iterable<unknown>,
  clock: Clock | undefined,
  deadline: number,
): Promise<Outcome> {
  let taken = 0
  const counted = function* () {
    for (const item of items) {
      taken++
      yield item
    }
  }
  try {
    return await within(model({ [BLUEPRINT]: { name, home, supervision, steps } }, counted()), clock, deadline)
  } catch (late) {
    if (!(late instanceof TestDeadline)) throw late
    const at = taken === 0 ? 'its `start`' : `item ${taken - 1} of its input, or what that led to`
    throw new TestDeadline(
      `the model of pipeline ${name}, which handles one item after another, is not done`,
      deadline,
      [at],
    )
  }
}

/* ── A whole pipeline, in order ──────────────────────────────────────────── */

function compare(name: string, said: Outcome, ran: Executed): void {
  const failed = failureOf(ran, name)
  // Who fails where it should not has no results to speak of; who does not where it should has too many.
  if ((said.failure === undefined) !== (failed === undefined)) compareFailures(name, said.failure, failed, ran)
  compareResults(name, said.results, ran.emitted)
  compareFailures(name, said.failure, failed, ran)
  const own = { letters: said.deadLetters, isCut: said.failure !== undefined }
  compareLetters(name, own, ran.deadLetters)
}

/** `place`: whose results they are: of the pipeline, or of a stage. */
function compareResults(place: string, wanted: readonly unknown[], got: readonly unknown[]): void {
  const index = firstDifference(wanted, got)
  if (index < 0) return
  const shown = shownApart(wanted[index], got[index])
  const equal = index === 0 ? '' : index === 1 ? 'Result 0 agrees. ' : `Results 0 to ${index - 1} agree. `
  const lines = [
    `${place}: result ${index} is not what the model says`,
    `  wanted  ${index < wanted.length ? shown.wanted : `none: there are ${wanted.length}`}`,
    `  got     ${index < got.length ? shown.got : `none: there are ${got.length}`}`,
    `${equal}${orderHint(wanted, got)}`,
  ]
  const found = { index, expected: wanted[index], actual: got[index] }
  throw new ModelMismatch(lines.join('\n'), found)
}

function orderHint(wanted: readonly unknown[], got: readonly unknown[]): string {
  const numbers = new Numbers()
  const sorted = (values: readonly unknown[]) => values.map(value => numbers.of(value)).sort((a, b) => a - b)
  if (wanted.length === got.length && firstDifference(sorted(wanted), sorted(got)) < 0) {
    return 'The run has the same results in another order.'
  }
  return 'The model handles one item after another: look for chance, time, or state that is not from `start`.'
}

/* ── Failures ────────────────────────────────────────────────────────────── */

interface RunFailure {
  readonly stage: string
  readonly sequence: number | undefined
  readonly error: unknown
}

/** What stopped the run, if a stage did. What ended it otherwise the model knows nothing of. */
function failureOf({ error }: Executed, name: string): RunFailure | undefined {
  if (error === undefined) return undefined
  if (error instanceof StageFailed) return { stage: error.stage, sequence: error.sequence, error }
  throw new ModelMismatch(`${name}: the run ended with what the model knows nothing of: ${described(error)}`, {
    actual: error,
    cause: error,
  })
}

function compareFailures(name: string, wanted: Failed | undefined, got: RunFailure | undefined, ran: Executed): void {
  const [text, other] = [placed(wanted), placed(got)]
  if (text === other) return
  const lines = [
    `${name}: ${wanted ? 'the failure' : 'that it fails'} is not what the model says`,
    `  wanted  ${text}`,
    `  got     ${other}`,
    ...timeHint(got?.error),
  ]
  throw new ModelMismatch(lines.join('\n'), { expected: wanted?.error, actual: ran.error, cause: ran.error })
}

function placed(failure: Failed | RunFailure | undefined): string {
  if (!failure) return 'no failure'
  return `${failure.stage} fails on item ${failure.sequence}: ${described(rootOf(failure.error))}`
}

function timeHint(error: unknown): string[] {
  const root = rootOf(error)
  if (root instanceof ItemTimeout) return ['The model knows no time: a `timeout` must not strike.']
  if (root instanceof ChannelFull) return ['The model has no channels: an `overflow` must not strike.']
  return []
}

/** What a handler threw, under all that says where. */
function rootOf(error: unknown): unknown {
  // The run tells how many keys a worker had; the model has but one worker.
  if (error instanceof StateLost) return new StateLost(1)
  if (error instanceof StageFailed) return rootOf(error.cause)
  const { cause } = (error ?? {}) as { cause?: unknown }
  // The model carries what stopped a pipeline within as { stage, sequence, error }.
  const isInner =
    typeof cause === 'object' && cause !== null && ['stage', 'sequence', 'error'].every(key => key in cause)
  return isInner ? rootOf((cause as Failed).error) : error
}

/* ── Dead letters ────────────────────────────────────────────────────────── */

interface Wanted {
  readonly letters: readonly Failed[]
  /** The pipeline failed: what ran ahead of that may have been given up as well. */
  readonly isCut: boolean
}

function compareLetters(name: string, { letters, isCut }: Wanted, got: readonly DeadLetter[]): void {
  const stages = new Set([...letters, ...got].map(({ stage }) => stage))
  for (const stage of stages) {
    // Within a stage, sequences depend on which worker had the item.
    const isInner = stage.includes('/')
    if (isInner && isCut) continue
    const texts = (all: readonly { stage: string; sequence: number; error: unknown }[]) => {
      const own = all.filter(letter => letter.stage === stage)
      const shown = own.map(({ sequence, error }) => {
        const text = described(rootOf(error))
        return isInner ? text : `item ${sequence}: ${text}`
      })
      return isInner
        ? shown.sort()
        : own
            .map((letter, i) => [letter.sequence, shown[i]!] as const)
            .sort(bySequence)
            .map(([, text]) => text)
    }
    const wanted = texts(letters)
    const all = texts(got)
    const found = isCut ? all.slice(0, wanted.length) : all
    const index = firstDifference(wanted, found)
    if (index < 0) continue
    const lines = [
      `${name}: dead letter ${index} of ${stage} is not what the model says`,
      `  wanted  ${wanted[index] ?? 'none'}`,
      `  got     ${found[index] ?? 'none'}`,
      ...timeHint(got.filter(letter => letter.stage === stage)[index]?.error),
    ]
    throw new ModelMismatch(lines.join('\n'), { index, expected: wanted[index], actual: found[index] })
  }
}

function bySequence(a: readonly [number, string], b: readonly [number, string]): number {
  return a[0] - b[0]
}

/* ── A pipeline in which order is free somewhere ─────────────────────────── */

type Ask = (part: Blueprint, items: Iterable<unknown>) => Promise<Outcome>

async function compareParts(
  name: string,
  segments: readonly Segment[],
  input: unknown[],
  ran: Executed,
  ask: Ask,
): Promise<void> {
  const failed = failureOf(ran, name)
  const letters: Failed[] = []
  let items: readonly unknown[] = input
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]
    const left = next ? ran.entered.get(next.first)! : ran.emitted
    const { outcome, byItem, byKey } = await attributed(segment, items, ask)
    if (failed ? segment.stages.includes(failed.stage) : outcome.failure) {
      const wanted = outcome.failure && { ...outcome.failure, stage: segment.nameOf(outcome.failure.stage) }
      // Which of several items fails first is free where order is.
      const isAgreed = segment.freedom !== 'none' && wanted?.stage === failed?.stage
      if (!isAgreed) compareFailures(name, wanted, failed, ran)
      return
    }
    // A run that failed further on was torn down somewhere: what did not get so far is no difference.
    if (!failed) {
      const place = next ? `${name}/${segment.stages.at(-1)}` : name
      if (segment.freedom === 'none') compareResults(place, outcome.results, left)
      else compareMix(place, segment, { results: outcome.results, byItem, byKey }, left)
      letters.push(...outcome.deadLetters.map(letter => ({ ...letter, stage: segment.nameOf(letter.stage) })))
    }
    items = left
  }
  if (failed) compareFailures(name, undefined, failed, ran)
  compareLetters(name, { letters, isCut: false }, ran.deadLetters)
}

interface Attributed {
  readonly outcome: Outcome
  /** Places of results, by the item that they belong to; at the end those of `flush`. */
  readonly byItem: readonly (readonly number[])[]
  /** The same by the key of that item, in order; those of an item without a key, and each of `flush`, alone. */
  readonly byKey: readonly (readonly number[])[]
}

/** What the model says of a segment, and which item led to what. */
async function attributed({ blueprint, keyOf }: Segment, items: readonly unknown[], ask: Ask): Promise<Attributed> {
  const byItem: number[][] = items.map(() => [])
  const byKey = new Map<unknown, number[]>()
  const flushed: number[] = []
  let results = 0
  let at = -1
  let key: unknown
  const counted = function* () {
    for (const item of items) {
      at++
      try {
        key = keyOf ? keyOf(item) : Symbol(at)
      } catch {
        key = undefined // and the item is a dead letter
      }
      yield item
    }
    at = items.length
  }
  const note = (result: unknown) => {
    const place = results++
    if (at === items.length) flushed.push(place)
    else {
      byItem[at]!.push(place)
      const row = byKey.get(key)
      if (row) row.push(place)
      else byKey.set(key, [place])
    }
    return result
  }
  const outcome = await ask({ ...blueprint, steps: [...blueprint.steps, { kind: 'map', fn: note }] }, counted())
  return { outcome, byItem: [...byItem, flushed], byKey: [...byKey.values(), ...flushed.map(place => [place])] }
}

/** Results in an order that is free, as far as it is. */
function compareMix(
  place: string,
  { freedom }: Segment,
  wanted: { readonly results: readonly unknown[] } & Pick<Attributed, 'byItem' | 'byKey'>,
  got: readonly unknown[],
): void {
  const numbers = new Numbers()
  const known = wanted.results.map(value => numbers.of(value))
  const numbered = (places: readonly number[]) => places.map(place => known[place]!)
  const left = new Map<number, number>()
  for (const number of known) left.set(number, (left.get(number) ?? 0) + 1)
  const mixed = got.map(value => numbers.of(value))
  for (const [index, number] of mixed.entries()) {
    const count = left.get(number) ?? 0
    if (count === 0) throw mixMismatch(place, index, 'is none that the model has, or has it once too often', got)
    left.set(number, count - 1)
  }
  const missing = known.findIndex(number => left.get(number)! > 0)
  if (missing >= 0) {
    const expected = wanted.results[missing]
    const lines = [
      `${place}: a result is missing`,
      `  wanted  ${shownApart(expected, undefined).wanted}`,
      '  got     none',
    ]
    throw new ModelMismatch(lines.join('\n'), { expected })
  }
  const index = freedom === 'within an item' ? regroupedUpTo(mixed, wanted.byItem.map(numbered)) : mixedUpTo()
  if (index === mixed.length) return
  const why =
    freedom === 'within an item' ? 'belongs to another item' : 'comes before one of its key that it has to follow'
  throw mixMismatch(place, index, why, got)

  function mixedUpTo(): number {
    return freedom === 'any' ? mixed.length : interleavedUpTo(mixed, wanted.byKey.map(numbered))
  }
}

function mixMismatch(place: string, index: number, why: string, got: readonly unknown[]): ModelMismatch {
  const lines = [`${place}: result ${index} ${why}`, `  got     ${shownApart(got[index], undefined).wanted}`]
  return new ModelMismatch(lines.join('\n'), { index, actual: got[index] })
}

/** How far `row` is made of groups, one after another, each in any order. */
function regroupedUpTo(row: readonly number[], groups: readonly (readonly number[])[]): number {
  let at = 0
  for (const group of groups) {
    const rest = [...group]
    for (; rest.length > 0; at++) {
      const place = rest.indexOf(row[at]!)
      if (place < 0) return at
      rest.splice(place, 1)
    }
  }
  return at
}
