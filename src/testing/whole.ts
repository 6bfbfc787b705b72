/** A run held against the model where order is that of the input: results, failure and dead letters have to be the same. */
import { ChannelFull, described, ItemTimeout, StageFailed, StateLost, TooManyDeadLetters } from '../errors.ts'
import type { Failed, Outcome } from '../model/model.ts'
import type { DeadLetter } from '../pipeline/language.ts'
import { firstDifference, Numbers, shownApart } from './difference.ts'
import { ModelMismatch } from './errors.ts'
import type { Executed } from './execution.ts'

export function compare(name: string, said: Outcome, ran: Executed): void {
  const failed = failureOf(ran, name)
  // Who fails where it should not has no results to speak of; who does not where it should has too many.
  if ((said.failure === undefined) !== (failed === undefined)) compareFailures(name, said.failure, failed, ran)
  compareResults(name, said.results, ran.emitted)
  compareFailures(name, said.failure, failed, ran)
  const own = { letters: said.deadLetters, isCut: said.failure !== undefined }
  compareLetters(name, own, ran.deadLetters)
}

/** `place`: whose results they are: of the pipeline, or of a stage. */
export function compareResults(place: string, wanted: readonly unknown[], got: readonly unknown[]): void {
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
export function failureOf({ error }: Executed, name: string): RunFailure | undefined {
  if (error === undefined) return undefined
  if (error instanceof StageFailed) return { stage: error.stage, sequence: error.sequence, error }
  throw new ModelMismatch(`${name}: the run ended with what the model knows nothing of: ${described(error)}`, {
    actual: error,
    cause: error,
  })
}

export function compareFailures(
  name: string,
  wanted: Failed | undefined,
  got: RunFailure | undefined,
  ran: Executed,
): void {
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
  const item = failure.sequence === undefined ? '' : ` on item ${failure.sequence}`
  return `${failure.stage} fails${item}: ${described(rootOf(failure.error))}`
}

function timeHint(error: unknown): string[] {
  const root = rootOf(error)
  if (root instanceof ItemTimeout) return ['The model knows no time: a `timeout` must not strike.']
  if (root instanceof ChannelFull) return ['The model has no channels: an `overflow` must not strike.']
  if (root instanceof TooManyDeadLetters) return ['The model bears every dead letter: `tolerate` must not strike.']
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

export function compareLetters(name: string, { letters, isCut }: Wanted, got: readonly DeadLetter[]): void {
  for (const stage of new Set([...letters, ...got].map(({ stage }) => stage))) {
    const isInner = stage.includes('/')
    // Within a stage, what ran ahead of a failure that took the whole item with it may have been given up as well.
    if (isInner && isCut) continue
    const wanted = lettersOf(stage, letters, isInner)
    const all = lettersOf(stage, got, isInner)
    const found = isInner ? kept(wanted, all) : isCut ? all.slice(0, wanted.length) : all
    const index = firstDifference(
      wanted.map(({ text }) => text),
      found.map(({ text }) => text),
    )
    if (index < 0) continue
    const lines = [
      `${name}: dead letter ${index} of ${stage} is not what the model says`,
      `  wanted  ${wanted[index]?.text ?? 'none'}`,
      `  got     ${found[index]?.text ?? 'none'}`,
      ...timeHint(found[index]?.error),
    ]
    throw new ModelMismatch(lines.join('\n'), { index, expected: wanted[index]?.error, actual: found[index]?.error })
  }
}

interface Letter {
  readonly sequence: number
  readonly text: string
  readonly error: unknown
}

/** Those of one stage, in order. Within a stage, sequences depend on which worker had the item, and say nothing. */
function lettersOf(stage: string, letters: readonly (Failed | DeadLetter)[], isInner: boolean): Letter[] {
  const own = letters.filter(letter => letter.stage === stage)
  const shown = own.map(({ sequence, error }) => {
    const text = described(rootOf(error))
    return { sequence, error, text: isInner ? text : `item ${sequence}: ${text}` }
  })
  return shown.sort((a, b) => (isInner ? (a.text < b.text ? -1 : 1) : a.sequence - b.sequence))
}

/** Of `all`, those that are wanted, each as often as it is. */
function kept(wanted: readonly Letter[], all: readonly Letter[]): Letter[] {
  const left = wanted.map(({ text }) => text)
  return all.filter(({ text }) => {
    const place = left.indexOf(text)
    if (place >= 0) left.splice(place, 1)
    return place >= 0
  })
}
