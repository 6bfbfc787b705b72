/**
 * Actors that do on another thread what a recipe says. A recipe is data, so it travels as their argument; what the shape of
 * an actor has to show (state, a snapshot, a stream) takes an actor of its own.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { defineActor } from '../../src/index.ts'
import type { StageRecipe } from './recipe.ts'
import { bodyOf, type Leaf, type Sleep } from './shapes.ts'

/** On other threads time is real: delays are turns of the event loop there. */
const sleep: Sleep = async millis => {
  for (let i = 0; i < millis % 4; i++) await turn()
}

interface Given {
  readonly shape: Leaf
  readonly recipe: StageRecipe
  /** A folder in which deaths are written down: whoever dies takes nothing else along. */
  readonly deaths: string
}

/** Ends the worker with this item, as often as the recipe says. What it has to remember is in files, one for each death. */
function die({ recipe, deaths }: Given, n: number, sequence: number): void {
  const { mod, rest, times } = recipe.deadly
  if (deaths === '' || n % mod !== rest) return
  for (let death = 0; death < times; death++) {
    try {
      writeFileSync(join(deaths, `${sequence}.${death}`), '', { flag: 'wx' })
    } catch {
      continue
    }
    process.exit(n % 3)
  }
}

/** What the body of the recipe is, and what its own `setup` gave. */
async function setUp(given: Given) {
  const { shape, recipe } = given
  const body = bodyOf(shape, recipe, sleep)
  return { given, body, resources: await body.setup?.() }
}

const own = (context: any) => ({
  attempt: context.attempt,
  key: context.key,
  forget: context.forget,
  resources: context.resources.resources,
})

export const plain = defineActor('plain', import.meta, {
  setup: setUp,
  receive: (n: number, _: unknown, context: any) => {
    const { given, body } = context.resources
    die(given, n, context.sequence)
    return typeof body === 'function' ? body(n, own(context)) : body.receive(n, undefined, own(context))
  },
})

const remembering = {
  setup: setUp,
  start: (_: Given, { resources }: any) => resources.body.start(),
  receive: (n: number, state: any, context: any) => context.resources.body.receive(n, state, own(context)),
  flush: (state: any, context: any) => context.resources.body.flush(state, own(context)),
}

export const stateful = defineActor('stateful', import.meta, remembering)

export const saved = defineActor('saved', import.meta, {
  ...remembering,
  receive: (n: number, state: any, context: any) => {
    die(context.resources.given, n, context.sequence)
    return remembering.receive(n, state, context)
  },
  snapshot: (state: any) => state.sum,
  restore: (sum: number) => ({ sum }),
})

export const streaming = defineActor('streaming', import.meta, {
  stream: (all: AsyncIterable<number>, _context: unknown, { shape, recipe }: Given) =>
    bodyOf(shape, recipe, sleep).stream(all),
})

/** The actor for a recipe that is no pipeline. */
export function travelling(recipe: StageRecipe, deaths: string): any {
  const { shape } = recipe
  const actor =
    shape === 'saved'
      ? saved
      : shape === 'stream'
        ? streaming
        : shape === 'fold' || shape === 'running'
          ? stateful
          : plain
  return (actor as any).with({ shape, recipe, deaths })
}
