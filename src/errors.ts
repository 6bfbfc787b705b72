/**
 * Every error this package throws, each with a code that is stable across releases and never reused.
 *
 * A message says where, what was wanted, what came, and what to do: its words are in messages.ts. Data rides on the error.
 */
import { inspect } from 'node:util'
import {
  type Blanks,
  counted,
  filled,
  type Level,
  type MistakeCode,
  mistakeMessages,
  said,
  withArticle,
} from './messages.ts'
import { nearest } from './nearest.ts'

export class MillraceError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
    // Above an error that nobody caught, Node shows the line that made it, unless that line says otherwise. None of ours
    // tells a user anything: with this one, what is read first is the message.
    Error.captureStackTrace(this) // node-do-not-add-exception-line
  }
}

/** Where something was called from. Taken at the door, it serves errors that come long after. */
export interface Call {
  readonly stack?: string
}

/** Who called `door`, a function of this package: what is below it on the stack. */
export function callOf(door: (...args: any[]) => unknown): Call {
  const call: Call = {}
  Error.captureStackTrace(call, door)
  return call
}

/** The same error, with a stack that begins at the call, where that is known, and not within this package. */
export function calledAt<E extends MillraceError>(error: E, call: Call | undefined): E {
  if (call === undefined) return error
  const head = `${error.name}: ${error.message}`
  // One that is assigned, or read, would make Node forget which line made the error, and show another.
  delete error.stack
  return Object.defineProperty(error, 'stack', {
    configurable: true,
    get: () => [head, ...(call.stack?.match(/^ {4}at .*$/gm) ?? [])].join('\n'),
    set: (value: unknown) => Object.defineProperty(error, 'stack', { value, writable: true }),
  })
}

/** How a value stands in a message: short, on one line, whatever it is. */
export function shown(value: unknown): string {
  try {
    const lines =
      typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity })
    const text = lines.replace(/\s*\n\s*/g, ' ')
    return text.length > 120 ? `${text.slice(0, 117)}…` : text
  } catch {
    return `${withArticle(typeof value)} that cannot be shown`
  }
}

/** How an error stands in a message: anything can be thrown, and a getter may throw again. */
export function described(error: unknown): string {
  try {
    if (error instanceof Error) return `${error.name}: ${error.message}`
  } catch {
    return 'an error that cannot be read'
  }
  return shown(error)
}

/** An option has a value that it cannot have. */
export class InvalidOption extends MillraceError {
  constructor(option: string, expected: string, actual: unknown, place?: string) {
    super(...said('ERR_INVALID_OPTION', { option, expected, actual: shown(actual), type: typeof actual, place }))
  }
}

/** One thing that may be wrong with a blueprint, or with options. */
export interface Mistake {
  /** Stable, e.g. `UNKNOWN_OPTION`. */
  readonly code: MistakeCode
  /** A mistake is thrown by `run`; a warning and a note are only told. */
  readonly level: Level
  /** `pipeline` or `pipeline/stage`. */
  readonly place: string
  /** What was wanted, what came, and the fix. */
  readonly message: string
}

export function mistake<Code extends MistakeCode>(
  code: Code,
  place: string,
  blanks: Blanks<(typeof mistakeMessages)[Code]['says']>,
): Mistake {
  const { level, says } = mistakeMessages[code]
  return { code, level, place, message: filled(says, blanks) }
}

/** What `run()` throws: all that is wrong with a blueprint, at once, before anything has started. */
export class InvalidBlueprint extends MillraceError {
  readonly mistakes: readonly Mistake[]

  /** The first mistake is in the first line, which is what everybody reads. */
  constructor(mistakes: readonly Mistake[]) {
    const [first = '', ...others] = mistakes.map(({ code, place, message }) => `${place}: ${message} (${code})`)
    const more = others.length > 0 ? counted(others.length, 'more mistake') : undefined
    super(...said('ERR_INVALID_BLUEPRINT', { first, more, others: others.map(line => `\n  ${line}`).join('') }))
    this.mistakes = mistakes
  }
}

/** What is thrown where options are wrong: all that is wrong with them, at once. */
export class InvalidOptions extends MillraceError {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ place, message }) => `${message}, in ${place}`)
    super(...said('ERR_INVALID_OPTIONS', { mistakes: lines.join('; ') }))
    this.mistakes = mistakes
  }
}

/** A result came in for a place in the order that is taken or gone. */
export class SequenceError extends MillraceError {
  constructor(what: string) {
    super(...said('ERR_SEQUENCE', { what }))
  }
}

/** Where in a pipeline something happened. */
export interface Place {
  readonly pipeline: string
  readonly stage: string
  readonly worker?: number
  readonly sequence?: number | undefined
  readonly attempt?: number
}

/** What `done` rejects with when an item, or a worker, stopped the pipeline. `cause` is the first error, in its own type. */
export class StageFailed extends MillraceError {
  readonly pipeline: string
  readonly stage: string
  readonly worker: number
  readonly sequence: number | undefined
  readonly attempt: number
  /** Errors that came after the first, or further up the pipeline. */
  readonly suppressed: readonly unknown[]
  /** Items that had been handed in and were not finished. */
  readonly unfinished: number

  constructor(at: Place, cause: unknown, rest: { suppressed?: readonly unknown[]; unfinished?: number } = {}) {
    const { worker = 0, sequence, attempt = 1 } = at
    const { pipeline, stage } = at
    super(...said('ERR_STAGE_FAILED', { pipeline, stage, sequence, attempt, cause: described(cause) }), { cause })
    this.pipeline = pipeline
    this.stage = stage
    this.worker = worker
    this.sequence = sequence
    this.attempt = attempt
    this.suppressed = rest.suppressed ?? []
    this.unfinished = rest.unfinished ?? 0
  }
}

/** An item took longer than `timeout`, all attempts together. */
export class ItemTimeout extends MillraceError {
  constructor(timeout: number) {
    super(...said('ERR_ITEM_TIMEOUT', { timeout }))
  }
}

/** `undefined` came where an item was expected. */
export class UndefinedItem extends MillraceError {
  constructor(where: string, sequence: number) {
    super(...said('ERR_UNDEFINED_ITEM', { where, sequence }))
  }
}

/** An item does not match the stage's `schema`. */
export class SchemaMismatch extends MillraceError {
  /** As the schema gave them (https://standardschema.dev). */
  readonly issues: readonly unknown[]

  constructor(issues: readonly unknown[]) {
    const texts = issues.map(issue => {
      const { message, path } = issue as { message?: string; path?: readonly unknown[] }
      const at = path?.map(step => String((step as { key?: unknown })?.key ?? step)).join('.')
      return at ? `${at}: ${message}` : `${message}`
    })
    super(...said('ERR_SCHEMA_MISMATCH', { issues: texts.join('; ') }))
    this.issues = issues
  }
}

/** A `key` gave something that cannot be a key. */
export class InvalidKey extends MillraceError {
  /** `from`: the `key` that gave it, and the item that it was given. */
  constructor(key: unknown, from?: { readonly key: unknown; readonly item: unknown }) {
    const properties = typeof from?.key === 'function' ? [] : propertiesOf(from?.item)
    const near = nearest(String(from?.key), properties)
    super(
      ...said('ERR_INVALID_KEY', {
        written: from && written(from.key),
        key: shown(key),
        type: typeof key,
        near,
        properties: near === undefined && properties.length > 0 ? listed(properties) : undefined,
      }),
    )
  }
}

/** A key as it stands in the options. */
function written(key: unknown): string {
  const text = typeof key === 'function' ? String(key).replace(/\s+/g, ' ') : shown(key)
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``
}

function propertiesOf(item: unknown): string[] {
  return typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.keys(item) : []
}

/** The first of many names. */
function listed(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(', ')} …` : names.join(', ')
}

/** One item led to more than may be held back for it. */
export class OutputLimit extends MillraceError {
  /** `held`: because they leave together; because they came faster than they could leave; because they are one answer. */
  constructor(what: string, held: keyof typeof whyHeld = 'together') {
    super(...said('ERR_OUTPUT_LIMIT', { limit: what, why: whyHeld[held] }))
  }
}

const whyHeld = {
  together: "which have to leave together: let them leave as they are yielded with `emit: 'streaming'`",
  waiting:
    'which had to wait, for their turn or for room: give a generator, which is asked for no more than can leave; an Observable cannot be',
  answer:
    'which are one answer: `send` the item instead and read the output; or, if this pipeline is a stage of another, put its stages there',
} as const

/** A retry of a streaming item yielded something else than had left already. */
export class NotRepeatable extends MillraceError {
  constructor(left: number) {
    super(...said('ERR_NOT_REPEATABLE', { outputs: counted(left, 'output') }))
  }
}

/** A channel with `overflow: 'fail'` was full. */
export class ChannelFull extends MillraceError {
  constructor(stage: string, capacity: string) {
    super(...said('ERR_CHANNEL_FULL', { stage, capacity }))
  }
}

/** An item was handed in after the input had ended, or where a source gives all of them. */
export class SendAfterEnd extends MillraceError {
  readonly item: unknown

  constructor(pipeline: string, item: unknown, hasSource = false) {
    const why = hasSource
      ? 'its source gives them all; leave out `from`, and they can be sent'
      : 'end() or stop() was called, or its run is over'
    super(...said('ERR_SEND_AFTER_END', { pipeline, why }))
    this.item = item
  }
}

/** The run ended before it could answer. */
export class RunEnded extends MillraceError {
  constructor(pipeline: string, cause?: unknown) {
    super(...said('ERR_RUN_ENDED', { pipeline }), { cause })
  }
}

/** `ask` was not answered in time. */
export class AskTimeout extends MillraceError {
  constructor(pipeline: string, timeout: number) {
    super(...said('ERR_ASK_TIMEOUT', { pipeline, timeout }))
  }
}

/** A source gave, when the run began, nothing that could be read. */
export class InvalidSource extends MillraceError {
  constructor(pipeline: string, wanted: string, actual: unknown) {
    super(...said('ERR_INVALID_SOURCE', { pipeline, wanted, actual: shown(actual) }))
  }
}

/** A function that was given to `pipe` is no RxJS operator. */
export class InvalidOperator extends MillraceError {
  constructor(actual: unknown) {
    super(...said('ERR_INVALID_OPERATOR', { actual: shown(actual) }))
  }
}

/** Something that an asked item led to was dropped, as `overflow` says: what is left is no answer. */
export class ItemDropped extends MillraceError {
  /** The stage that it was dropped before. */
  readonly stage: string

  constructor(pipeline: string, stage: string) {
    super(...said('ERR_ITEM_DROPPED', { pipeline, stage }))
    this.stage = stage
  }
}

/** A source that can be read only once was given to a second run. */
export class SourceUsed extends MillraceError {
  constructor(pipeline: string, kind: string) {
    super(...said('ERR_SOURCE_USED', { pipeline, kind: withArticle(kind) }))
  }
}

/** Nobody reads the results. */
export class UnreadOutput extends MillraceError {
  constructor(pipeline: string, waiting: number, millis: number) {
    const have = waiting === 1 ? 'has' : 'have'
    super(...said('ERR_UNREAD_OUTPUT', { results: counted(waiting, 'result'), pipeline, have, millis }))
  }
}

/** Items were given up, and nobody looked. */
export class UnhandledDeadLetters extends MillraceError {
  readonly count: number
  /** The first 1,000 of them. */
  readonly deadLetters: readonly unknown[]

  constructor(pipeline: string, count: number, first: readonly { stage: string; error: unknown }[]) {
    const head = first[0]
    super(
      ...said('ERR_UNHANDLED_DEAD_LETTERS', {
        pipeline,
        items: counted(count, 'item'),
        stage: head?.stage,
        cause: head && described(head.error),
        beyond: head ? undefined : 'beyond the first 1,000 they are only counted',
      }),
      head && { cause: head.error },
    )
    this.count = count
    this.deadLetters = first
  }
}

/** A worker has died. */
export class WorkerDied extends MillraceError {
  readonly worker: string
  /** Undefined where it was ended by a signal, or terminated from here. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined

  constructor(
    worker: string,
    end: { exitCode: number | undefined; signal: string | undefined; isKilled: boolean; flags?: readonly string[] },
    options?: ErrorOptions,
  ) {
    const { exitCode, signal, isKilled, flags = [] } = end
    const refused = flags.length > 0 ? `: Node does not begin with ${flags.join(' ')}` : ''
    const by = signal === undefined ? `exit code ${exitCode}${refused}` : `signal ${signal}`
    const how = isKilled ? 'ended from here: its handler did not end' : by
    super(
      ...said('ERR_WORKER_DIED', { worker, how: options?.cause === undefined ? how : described(options.cause) }),
      options,
    )
    this.worker = worker
    this.exitCode = exitCode
    this.signal = signal
  }
}

/** A worker on a thread or in a process did not get ready in time. */
export class WorkerNotReady extends MillraceError {
  readonly worker: string

  constructor(worker: string, module: string, millis: number) {
    super(...said('ERR_WORKER_NOT_READY', { worker, module, millis }))
    this.worker = worker
  }
}

/** The module of an actor has changed since this process sent its first worker there. */
export class ModuleChanged extends MillraceError {
  constructor(module: string) {
    super(...said('ERR_MODULE_CHANGED', { module }))
  }
}

/** An item, or what it led to, is larger than what may be sent at once. */
export class ItemTooLarge extends MillraceError {
  /** What it takes on its way, and what it may take. */
  readonly bytes: number
  readonly limit: number
  /** Of its item; undefined where that is not known yet. */
  readonly sequence: number | undefined

  /** `at`: the item and its stage, as `pipeline/stage`, and whether it was on its way there or back. */
  constructor(bytes: number, limit: number, at?: { sequence: number; stage: string; isResult: boolean }) {
    const result = at?.isResult ? 'what came of' : undefined
    const way = at && (at.isResult ? 'back from its worker' : 'to its worker')
    const { sequence, stage } = at ?? {}
    super(...said('ERR_ITEM_TOO_LARGE', { result, sequence, stage, bytes, way, limit }))
    this.bytes = bytes
    this.limit = limit
    this.sequence = sequence
  }
}

/** What a worker on another thread is to run cannot be found there. */
export class ActorNotFound extends MillraceError {
  /** `isUnfinished`: the module got to a `run()`, and has not loaded to its end. */
  constructor(what: 'actor' | 'pipeline', name: string, url: string, isUnfinished: boolean) {
    const unfinished = what === 'actor' ? 'define it before `run()`' : 'export it from a module without a `run()`'
    const absent = what === 'actor' ? 'define it there under this name, whoever loads it' : 'export it there'
    super(...said('ERR_ACTOR_NOT_FOUND', { what, name, url, fix: isUnfinished ? unfinished : absent }))
  }
}

export class StateLost extends MillraceError {
  constructor(keys: number) {
    super(...said('ERR_STATE_LOST', { keys: keys === 1 ? 'one key' : `${keys} keys` }))
  }
}

/** A teardown took longer than its grace period. */
export class GraceExceeded extends MillraceError {
  /** `pipeline/stage#worker item sequence` of every handler that would not stop. */
  readonly abandoned: readonly string[]

  constructor(pipeline: string, grace: number, abandoned: readonly string[]) {
    super(...said('ERR_GRACE_EXCEEDED', { pipeline, grace, abandoned: abandoned.join(', ') }))
    this.abandoned = abandoned
  }
}

/** Items are under way, and nothing moves. */
export class Inactive extends MillraceError {
  constructor(pipeline: string, millis: number, holders: readonly string[]) {
    super(...said('ERR_INACTIVE', { pipeline, millis, holders: holders.join(', ') }))
  }
}

/** More dead letters than `tolerate` allows. */
export class TooManyDeadLetters extends MillraceError {
  constructor(policy: { deadLetters: number } | { share: number; of: number }, cause: unknown) {
    super(...said('ERR_TOO_MANY_DEAD_LETTERS', { limit: tolerated(policy) }), { cause })
  }
}

function tolerated(policy: { deadLetters: number } | { share: number; of: number }): string {
  if ('deadLetters' in policy) return `${policy.deadLetters}`
  const percent = Number((policy.share * 100).toPrecision(12)) // 0.07 * 100 is 7.000000000000001
  return `${percent} % of the last ${counted(policy.of, 'item')}`
}

/** Workers of a stage died more often than `maxRestarts` allows. */
export class TooManyRestarts extends MillraceError {
  constructor(restarts: number, within: number, cause: unknown) {
    const times = restarts === 1 ? 'once' : `${restarts} times`
    super(...said('ERR_TOO_MANY_RESTARTS', { times, within, cause: described(cause) }), { cause })
  }
}

/** An item holds something that cannot be sent to another thread or process. */
export class NotCloneable extends MillraceError {
  /** Where in the item: `items[3].user.callback`; empty for the item itself, undefined where a getter made it. */
  readonly path: string | undefined

  constructor(path: string | undefined, what: string, fix: string) {
    const where = path === '' ? 'the item' : path === undefined ? 'something in the item' : `\`${path}\` of the item`
    super(...said('ERR_NOT_CLONEABLE', { where, what, fix }))
    this.path = path
  }
}

/** The bytes of a frame make no sense. */
export class CorruptFrame extends MillraceError {
  constructor(at: number, bytes: number, what: string) {
    super(...said('ERR_CORRUPT_FRAME', { at, bytes, what }))
  }
}

/** There is no stage of that name. */
export class UnknownStage extends MillraceError {
  constructor(pipeline: string, stage: string, known: readonly string[]) {
    const near = nearest(stage, known)
    const names = near === undefined && known.length > 0 ? known.join(', ') : undefined
    const none = known.length === 0 ? 'no stage at all' : undefined
    super(
      ...said('ERR_UNKNOWN_STAGE', { pipeline, stage: shown(stage), near: near && shown(near), known: names, none }),
    )
  }
}

/** What only a run has was asked of a pipeline. */
export class NotRunning extends MillraceError {
  constructor(pipeline: string, word: string) {
    super(...said('ERR_NOT_RUNNING', { pipeline, word }))
  }
}

/** A file, or one line of it, could not be read: says which, and why. `cause` is the error that said so. */
export class UnreadableFile extends MillraceError {
  readonly path: string
  /** The first is 1. */
  readonly line: number | undefined

  constructor(path: string, why: string, { line, cause }: { line?: number; cause?: unknown } = {}) {
    super(...said('ERR_UNREADABLE_FILE', { path, line, why }), { cause })
    this.path = path
    this.line = line
  }
}

/** A file could not be written. `cause` is the error that said so, where one did. */
export class UnwritableFile extends MillraceError {
  readonly path: string

  constructor(path: string, why: string, { cause }: { cause?: unknown } = {}) {
    super(...said('ERR_UNWRITABLE_FILE', { path, why }), cause === undefined ? {} : { cause })
    this.path = path
  }
}
