/** Options of the helpers for tests, as data: see `src/options.ts`. */
import { type Options, runOptions } from '../options.ts'

const positive = (value: unknown) => typeof value === 'number' && value > 0
const isFunction = (value: unknown) => typeof value === 'function'

const deadline = {
  expected: 'a number of milliseconds above 0',
  accepts: positive,
  default: '5,000',
  doc: 'Milliseconds of real time that it may take.',
}
const { clock } = runOptions

/** What `runActor` knows beside the options of a stage. */
export const actorOptions = {
  clock,
  deadline,
  supervise: {
    expected: 'an object: what `.supervise` of a pipeline takes',
    accepts: (value: unknown) => typeof value === 'object' && value !== null,
    default: 'none',
    doc: 'How failures are met, and how it ends.',
  },
} satisfies Options

export const modelOptions = { clock, deadline } satisfies Options

const numbers = (least: number) => ({
  expected: `a whole number from ${least}, or an array of such`,
  accepts: (value: unknown) =>
    (Array.isArray(value) ? value : [value]).every(each => Number.isSafeInteger(each) && each >= least),
})
const flag = { expected: 'a boolean', accepts: (value: unknown) => typeof value === 'boolean', default: 'false' }

const when = {
  at: { ...numbers(0), default: 'every item', doc: 'Sequences of items; the first is 0.' },
  attempt: { ...numbers(1), default: 'every attempt', doc: 'Which attempts; the first is 1.' },
  when: {
    expected: 'a function of the item that answers yes or no',
    accepts: isFunction,
    default: 'every item',
    doc: 'Which items.',
  },
  setup: { ...numbers(1), default: 'none', doc: 'Which calls of `setup`; the first is 1.' },
  flush: { ...numbers(1), default: 'none', doc: 'Which calls of `flush`; the first is 1.' },
  stop: { ...numbers(1), default: 'none', doc: 'Which calls of `stop`; the first is 1.' },
  after: { ...flag, doc: 'The handler does its work before.' },
}

const cue = { expected: 'a number, a cue, or an array of them', accepts: () => true, default: 'none' }

/** What may go wrong with a `faulty` actor. */
export const faultOptions = {
  fails: { ...cue, doc: 'When it throws.' },
  hangs: { ...cue, doc: 'When it is never done.' },
  dies: { ...cue, doc: 'When its worker dies.' },
} satisfies Options

/** What a cue of `faulty` may say, by what it makes the actor do. */
export const cueOptions = {
  fails: {
    ...when,
    error: { expected: 'anything', accepts: () => true, default: 'a `FailedOnCue`', doc: 'What is thrown.' },
  },
  hangs: { ...when, deaf: { ...flag, doc: 'Whether it hangs even when its signal aborts.' } },
  dies: when,
} satisfies Record<string, Options>
