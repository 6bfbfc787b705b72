/**
 * Holds a pipeline against what it means: runs it, asks the sequential model, and shows the first thing that differs.
 *
 *     input ─┬─▶ run ────▶ results, dead letters, failure ─┐
 *            └─▶ model ──▶ results, dead letters, failure ─┴─▶ equal?
 */
import type { Clock } from '../clock.ts'
import { InvalidBlueprint, InvalidOption, type Mistake, UndefinedItem } from '../errors.ts'
import { model, type Outcome } from '../model/model.ts'
import { mistakesIn } from '../options.ts'
import { BLUEPRINT, type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import type { Pipeline } from '../pipeline/language.ts'
import { mistakesOf } from '../pipeline/validate.ts'
import { copyOf } from './copy.ts'
import { TestDeadline } from './errors.ts'
import { defaultDeadline, execute, isFeed, within } from './execution.ts'
import { compareParts } from './in-parts.ts'
import { modelOptions } from './options.ts'
import { segmentsOf } from './segments.ts'
import { compare } from './whole.ts'

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
 * source of a pipeline that has one is left out. In the model time is what handlers wait for by `context.clock`: a
 * `timeout` that strikes, or an `overflow` that drops, is a difference. Once a pipeline with `order: 'completion'` fails,
 * only where it fails is compared.
 *
 * @throws {ModelMismatch} with the first difference: `index`, `expected`, `actual`.
 * @throws {TestDeadline} when the run, or the model, is not done in time.
 * @throws {InvalidBlueprint} with all that is wrong with the pipeline.
 * @throws {UndefinedItem} when `undefined` is among the input.
 */
export async function expectModel<In, Out>(
  pipeline: Pipeline<In, Out, any>,
  input: Iterable<Input<In>> | AsyncIterable<Input<In>> | (() => Iterable<Input<In>> | AsyncIterable<Input<In>>),
  options: ExpectModelOptions = {},
): Promise<Out[]> {
  const { clock, deadline = defaultDeadline } = { ...options }
  const blueprint = blueprintOf(pipeline)
  if (!blueprint) throw new InvalidOption('expectModel', 'given a pipeline', pipeline)
  const mistakes: Mistake[] = [...mistakesIn(options, modelOptions, 'expectModel'), ...mistakesOf(blueprint)]
  if (mistakes.length > 0) throw new InvalidBlueprint(mistakes)

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
    if (!isFeed(items)) {
      throw new InvalidOption(
        'input',
        'an iterable of items, or a function that makes one',
        items,
        `expectModel(${name})`,
      )
    }
    const gathered: unknown[] = []
    for await (const item of items as AsyncIterable<unknown>) {
      if (item === undefined) throw new UndefinedItem('the input', gathered.length)
      gathered.push(item)
    }
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
