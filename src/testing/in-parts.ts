/**
 * A run held against the model where order is free somewhere: part by part, each with what the run had enter it.
 *
 * Results that may come in any order have to be the same ones; those of one key have to be in order all the same.
 */
import type { Failed, Outcome } from '../model/model.ts'
import type { Blueprint } from '../pipeline/blueprint.ts'
import { Numbers, shownApart } from './difference.ts'
import { ModelMismatch } from './errors.ts'
import type { Executed } from './execution.ts'
import { interleavedUpTo } from './interleaving.ts'
import type { Segment } from './segments.ts'
import { compareFailures, compareLetters, compareResults, failureOf } from './whole.ts'

type Ask = (part: Blueprint, items: Iterable<unknown>) => Promise<Outcome>

export async function compareParts(
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
  const outcome = await ask(
    { ...blueprint, steps: [...blueprint.steps, { kind: 'map', fn: note, rest: [] }] },
    counted(),
  )
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
