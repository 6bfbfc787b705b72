/** No library at all: what the language itself costs. */
import { type AsyncStep, type AsyncSteps, f, g, h, type Sink, type Step } from '../throughput/three-functions.ts'

const steps: readonly Step[] = [f, g, h]

/** The fair baseline: whoever takes functions as values has to call them as values. */
export function loopOverArray(input: readonly number[], sink: Sink): void {
  for (let index = 0; index < input.length; index++) {
    let value = input[index]!
    for (let step = 0; step < steps.length; step++) value = steps[step]!(value)
    sink(value)
  }
}

export function loopInline(input: readonly number[], sink: Sink): void {
  for (let index = 0; index < input.length; index++) sink((input[index]! + 1) * 2 - 3)
}

export function loopThatAwaits(steps: AsyncSteps) {
  return async (input: readonly number[], sink: Sink): Promise<void> => {
    for (let index = 0; index < input.length; index++) {
      let value = input[index]!
      for (let step = 0; step < steps.length; step++) value = await steps[step]!(value)
      sink(value)
    }
  }
}

export function generators(input: readonly number[], sink: Sink): void {
  for (const result of each(each(each(input, f), g), h)) sink(result)
}

export async function asyncGenerators(input: readonly number[], sink: Sink): Promise<void> {
  for await (const result of eachOf(eachOf(eachOf(flow(input), f), g), h)) sink(result)
}

export function asyncGeneratorsThatAwait([f, g, h]: AsyncSteps) {
  return async (input: readonly number[], sink: Sink): Promise<void> => {
    for await (const result of eachOf(eachOf(eachOf(flow(input), f), g), h)) sink(result)
  }
}

function* each(items: Iterable<number>, step: Step): Generator<number> {
  for (const item of items) yield step(item)
}

async function* flow(items: Iterable<number>): AsyncGenerator<number> {
  yield* items
}

async function* eachOf(items: AsyncIterable<number>, step: Step | AsyncStep): AsyncGenerator<number> {
  for await (const item of items) yield step(item)
}
