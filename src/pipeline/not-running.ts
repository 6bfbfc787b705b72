/**
 * What is asked of a pipeline by who forgot to run it.
 *
 *     for await (const word of words)        words.output.subscribe(…)        await words.done
 *
 * Each would fail with a sentence of the language on `undefined`, or wait for nothing and end well.
 */
import { calledAt, callOf, NotRunning } from '../errors.ts'

const names = [
  'events',
  'deadLetters',
  'done',
  'output',
  'channel',
  'snapshot',
  'stop',
  'consume',
  'send',
  'ask',
  'end',
]
/** What a run has and a pipeline has not, with how it is written. */
const words: readonly (readonly [PropertyKey, string])[] = [
  ...names.map(name => [name, `\`${name}\``] as const),
  [Symbol.asyncIterator, '`for await`'],
  [Symbol.asyncDispose, '`await using`'],
]

/** Gives the class of pipelines what a run has: it says what is missing. */
export function refuseWordsOfRuns({ prototype }: { prototype: { readonly name: string } }): void {
  for (const [key, word] of words) {
    Object.defineProperty(prototype, key, { get: refuse })
    function refuse(this: { readonly name: string }): never {
      throw calledAt(new NotRunning(this.name, word), callOf(refuse))
    }
  }
}
