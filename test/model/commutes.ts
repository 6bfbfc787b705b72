/**
 * The promise that matters most: for random pipelines, random inputs and random ways of running them, a run leads to what
 * the model says.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { StageFailed, StateLost } from '../../src/errors.ts'
import { model, type Outcome } from '../../src/model/model.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { type Executed, execute, type Reading } from '../support/execute.ts'
import {
  built,
  items,
  manyItems,
  recipes,
  recipesOn,
  type Sleep,
  type StageRecipe,
  seatedRecipes,
} from '../support/recipe.ts'
import { within } from '../support/within.ts'

export interface Case {
  readonly recipe: readonly StageRecipe[]
  readonly input: readonly number[]
  readonly source: 'array' | 'generator' | 'async generator' | 'slow async generator'
  readonly reading: Reading
  readonly inFlight: number
  readonly frameMost: number
}

const casesOf = (recipe: fc.Arbitrary<readonly StageRecipe[]>): fc.Arbitrary<Case> =>
  fc.record({
    recipe,
    input: items,
    source: fc.constantFrom('array', 'generator', 'async generator', 'slow async generator'),
    reading: fc.constantFrom('subscribe', 'for await', 'consume', 'consume slowly'),
    inFlight: fc.constantFrom(0, 0, 0, 1, 2, 9),
    frameMost: fc.constantFrom(1024, 1, 2, 5),
  })

/** That a run equals the model; throws where it does not. */
export const commutes = commutesWith(model)

/** The same for another model: a wrong one shows what is found, and how it is told. */
export function commutesWith(meaning: typeof model): fc.IAsyncPropertyWithHooks<[Case]> {
  return property(casesOf(recipes), meaning, false)
}

/** The same where the workers of some stages live elsewhere, and die. */
export const commutesElsewhere = property(
  casesOf(recipesOn(['threads', 'threads', 'processes', 'inline'], 4)),
  model,
  true,
)

/** The same where frames go from thread to thread. */
export const commutesInSections = property(
  fc.tuple(casesOf(seatedRecipes), manyItems, fc.constantFrom(64, 100, 1_024)).map(([each, input, capacity]) => ({
    ...each,
    input,
    inFlight: 0,
    recipe: each.recipe.map(stage => ({ ...stage, capacity })),
  })),
  model,
  true,
)

function property(
  cases: fc.Arbitrary<Case>,
  meaning: typeof model,
  isReal: boolean,
): fc.IAsyncPropertyWithHooks<[Case]> {
  return fc.asyncProperty(cases, async each => {
    const made = built(each.recipe, async () => {}, pipeline('model'))
    const expected = await meaning(made, each.input)
    const deaths = isReal ? mkdtempSync(join(tmpdir(), 'millrace deaths ')) : ''
    try {
      compare(expected, await within(90_000, runOf(each, deaths), 'a case'))
    } finally {
      if (isReal) rmSync(deaths, { recursive: true })
    }
  })
}

async function runOf({ recipe, input, source, reading, inFlight, frameMost }: Case, deaths: string): Promise<Executed> {
  const isReal = deaths !== ''
  const clock = manualClock()
  const sleep: Sleep = isReal
    ? async millis => {
        for (let i = 0; i < millis % 4; i++) await turn()
      }
    : millis => new Promise(resolve => clock.setTimeout(resolve, millis))
  const sources = {
    array: () => input,
    generator: () =>
      function* () {
        yield* input
      },
    'async generator': () =>
      async function* () {
        yield* input
      },
    'slow async generator': () =>
      async function* () {
        for (const n of input) {
          await sleep(n % 4)
          yield n
        }
      },
  }
  const made = built(recipe, sleep, pipeline('run').from(sources[source]() as Iterable<number>), deaths)
  const found = await execute(made, {
    reading,
    clock,
    isReal,
    internals: { frameMost },
    ...(inFlight > 0 && { options: { inFlight } }),
  })
  // What nobody waits for any more may still sleep: nothing of it comes out late.
  if (recipe.some(abandons)) while (clock.next()) await turn()
  return found
}

/** A part of an item that fails within a stage leaves the handlers of other parts behind. */
function abandons({ inner }: StageRecipe): boolean {
  return inner.some(({ failing }) => failing.times > 0)
}

function compare(expected: Outcome, found: Executed): void {
  same('results', expected.results, found.results)
  const { failure } = expected
  if (failure) {
    if (!(found.error instanceof StageFailed))
      throw new Error(`must fail with ${rootOf(failure.error)}, got ${found.error}`)
    same('stage', failure.stage, found.error.stage)
    same('sequence', failure.sequence, found.error.sequence)
    same('cause', rootOf(failure.error), rootOf(found.error))
  } else if (found.error !== undefined) throw found.error
  for (const stage of new Set(expected.deadLetters.map(letter => letter.stage))) {
    const isOwn = !stage.includes('/')
    if (failure && !isOwn) continue
    const show = (letter: { sequence: number; error: unknown }) =>
      isOwn ? `${letter.sequence} ${rootOf(letter.error)}` : rootOf(letter.error)
    const wanted = expected.deadLetters.filter(letter => letter.stage === stage).map(show)
    const got = found.deadLetters.filter(letter => letter.stage === stage).map(show)
    // What ran ahead of a failure further down may have been given up as well.
    if (failure) same(`dead letters of ${stage}`, wanted, got.slice(0, wanted.length))
    else if (isOwn) same(`dead letters of ${stage}`, wanted, got)
    // Within a stage, what ran ahead of a failure that took the whole item with it may have been given up as well.
    else
      same(
        `dead letters of ${stage}`,
        wanted.filter(letter => !got.includes(letter)),
        [],
      )
  }
  if (!failure) {
    const own = (letters: readonly { stage: string }[]) => letters.filter(({ stage }) => !stage.includes('/')).length
    same('count of dead letters', own(expected.deadLetters), own(found.deadLetters))
    same('emitted', expected.results.length, found.summary?.emitted)
    same('unfinished', 0, found.summary?.unfinished)
    same('timers', 0, found.clock.pending)
  }
}

function same(what: string, expected: unknown, found: unknown): void {
  if (isDeepStrictEqual(expected, found)) return
  throw new Error(`${what}: the model says ${JSON.stringify(expected)}, the run ${JSON.stringify(found)}`)
}

/** The error that a user threw, under whatever says where. */
function rootOf(error: unknown): string {
  if (error instanceof StateLost) return 'StateLost'
  const cause = (error as { cause?: unknown } | undefined)?.cause
  if (cause === undefined) return String((error as Error)?.message)
  return rootOf((cause as { error?: unknown }).error ?? cause)
}
