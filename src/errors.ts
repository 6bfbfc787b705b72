/**
 * Every error this package throws, each with a code that is stable across releases and never reused.
 *
 * A message says where, what was wanted, what came, and what to do. Data rides on the error.
 */
import { inspect } from 'node:util'

export class MillraceError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** How a value stands in a message: short, on one line, whatever it is. */
export function shown(value: unknown): string {
  try {
    const lines =
      typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity })
    const text = lines.replace(/\s*\n\s*/g, ' ')
    return text.length > 120 ? `${text.slice(0, 117)}…` : text
  } catch {
    return `a ${typeof value} that cannot be shown`
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
    const at = place ? `, in ${place}` : ''
    super('ERR_INVALID_OPTION', `\`${option}\` must be ${expected}, got ${shown(actual)} (${typeof actual})${at}`)
  }
}

/** One thing that is wrong with a blueprint. */
export interface Mistake {
  /** Stable, e.g. `UNKNOWN_OPTION`. */
  readonly code: string
  /** `pipeline` or `pipeline/stage`. */
  readonly place: string
  /** What was wanted, what came, and the fix. */
  readonly message: string
}

/** What `run()` throws: all that is wrong with a blueprint, at once, before anything has started. */
export class InvalidBlueprint extends MillraceError {
  readonly mistakes: readonly Mistake[]

  constructor(pipeline: string, mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ code, place, message }) => `${place}: ${message} (${code})`)
    super(
      'ERR_INVALID_BLUEPRINT',
      lines.length === 1 ? lines[0]! : `pipeline ${pipeline} has ${lines.length} mistakes:\n  ${lines.join('\n  ')}`,
    )
    this.mistakes = mistakes
  }
}

/** What a method throws whose options are wrong: all that is wrong with them, at once. */
export class InvalidOptions extends MillraceError {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    super('ERR_INVALID_OPTIONS', mistakes.map(({ place, message }) => `${message}, in ${place}`).join('; '))
    this.mistakes = mistakes
  }
}

/** A result came in for a place in the order that is taken or gone. */
export class SequenceError extends MillraceError {
  constructor(what: string) {
    super('ERR_SEQUENCE', what)
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
    const item = sequence === undefined ? '' : ` failed on item ${sequence} (attempt ${attempt})`
    super('ERR_STAGE_FAILED', `${at.pipeline}/${at.stage}${item || ' failed'}: ${described(cause)}`, { cause })
    this.pipeline = at.pipeline
    this.stage = at.stage
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
    super('ERR_ITEM_TIMEOUT', `took longer than its \`timeout\` of ${timeout} ms, all attempts together`)
  }
}

/** `undefined` came where an item was expected. */
export class UndefinedItem extends MillraceError {
  constructor(where: string, sequence: number) {
    super(
      'ERR_UNDEFINED_ITEM',
      `${where} gave \`undefined\` as item ${sequence}: undefined means "nothing here"; leave it out, or give null`,
    )
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
    super('ERR_SCHEMA_MISMATCH', `does not match the stage's schema: ${texts.join('; ')}`)
    this.issues = issues
  }
}

/** A `key` gave something that cannot be a key. */
export class InvalidKey extends MillraceError {
  constructor(key: unknown) {
    super('ERR_INVALID_KEY', `\`key\` must give a string or a number for each item, got ${shown(key)} (${typeof key})`)
  }
}

/** One item led to more than may be held back for it. */
export class OutputLimit extends MillraceError {
  /** `held`: because they leave together; because they came faster than they could leave; because they are one answer. */
  constructor(what: string, held: keyof typeof whyHeld = 'together') {
    super('ERR_OUTPUT_LIMIT', `one item led to more than ${what}${whyHeld[held]}`)
  }
}

const whyHeld = {
  together: ", which have to leave together: let them leave as they are yielded with `emit: 'streaming'`",
  waiting:
    ' that had to wait, for their turn or for room: give a generator, which is asked for no more than can leave; an Observable cannot be',
  answer:
    ', which are one answer: `send` the item instead and read the output; or, if this pipeline is a stage of another, put its stages there',
} as const

/** A retry of a streaming item yielded something else than had left already. */
export class NotRepeatable extends MillraceError {
  constructor(left: number) {
    super(
      'ERR_NOT_REPEATABLE',
      `a retry did not repeat the ${left} outputs that had left already: a handler with \`emit: 'streaming'\` and \`retry\` must be deterministic`,
    )
  }
}

/** A channel with `overflow: 'fail'` was full. */
export class ChannelFull extends MillraceError {
  constructor(stage: string, capacity: string) {
    super(
      'ERR_CHANNEL_FULL',
      `the channel before ${stage} was full (${capacity}): raise its \`capacity\`, or choose an \`overflow\``,
    )
  }
}

/** An item was handed in after the input had ended. */
export class SendAfterEnd extends MillraceError {
  readonly item: unknown

  constructor(pipeline: string, item: unknown) {
    super('ERR_SEND_AFTER_END', `${pipeline} takes no more items: end() or stop() was called, or its run is over`)
    this.item = item
  }
}

/** The run ended before it could answer. */
export class RunEnded extends MillraceError {
  constructor(pipeline: string, cause?: unknown) {
    super('ERR_RUN_ENDED', `the run of ${pipeline} ended before this item was done`, { cause })
  }
}

/** `ask` was not answered in time. */
export class AskTimeout extends MillraceError {
  constructor(pipeline: string, timeout: number) {
    super('ERR_ASK_TIMEOUT', `${pipeline} did not answer within ${timeout} ms`)
  }
}

/** Something that an asked item led to was dropped, as `overflow` says: what is left is no answer. */
export class ItemDropped extends MillraceError {
  /** The stage that it was dropped before. */
  readonly stage: string

  constructor(pipeline: string, stage: string) {
    super(
      'ERR_ITEM_DROPPED',
      `something asked of ${pipeline} was dropped before ${stage}, whose channel was full: raise its \`capacity\`, or choose another \`overflow\``,
    )
    this.stage = stage
  }
}

/** A source that can be read only once was given to a second run. */
export class SourceUsed extends MillraceError {
  constructor(pipeline: string, kind: string) {
    super(
      'ERR_SOURCE_USED',
      `the source of ${pipeline} is a ${kind}, which can be read only once, and an earlier run has it: give a function that makes a new one`,
    )
  }
}

/** Nobody reads the results. */
export class UnreadOutput extends MillraceError {
  constructor(pipeline: string, waiting: number, millis: number) {
    super(
      'ERR_UNREAD_OUTPUT',
      `${waiting} results of ${pipeline} have waited ${millis} ms for a reader: subscribe to \`run.output\`, loop with \`for await\`, use \`run.consume\`, or end with a stage that returns nothing`,
    )
  }
}

/** Items were given up, and nobody looked. */
export class UnhandledDeadLetters extends MillraceError {
  readonly count: number
  /** The first 1,000 of them. */
  readonly deadLetters: readonly unknown[]

  constructor(pipeline: string, count: number, first: readonly { stage: string; error: unknown }[]) {
    const head = first[0]
    const what = `${pipeline} gave up ${count} items and nobody subscribed to \`run.deadLetters\``
    const which = head
      ? `the first, in ${head.stage}: ${described(head.error)}`
      : 'beyond the first 1,000 they are only counted'
    super('ERR_UNHANDLED_DEAD_LETTERS', `${what}; ${which}`, head && { cause: head.error })
    this.count = count
    this.deadLetters = first
  }
}

/** The state of an actor went with its worker. */
export class StateLost extends MillraceError {
  constructor(keys: number) {
    super(
      'ERR_STATE_LOST',
      `its worker went, and with it the state of ${keys === 1 ? 'one key' : `${keys} keys`}: give the actor \`snapshot\` and \`restore\`, or say \`volatile: true\``,
    )
  }
}

/** A teardown took longer than its grace period. */
export class GraceExceeded extends MillraceError {
  /** `pipeline/stage#worker item sequence` of every handler that would not stop. */
  readonly abandoned: readonly string[]

  constructor(pipeline: string, grace: number, abandoned: readonly string[]) {
    super(
      'ERR_GRACE_EXCEEDED',
      `${pipeline} did not end within its grace period of ${grace} ms; abandoned: ${abandoned.join(', ')}. A handler should end when \`context.signal\` aborts`,
    )
    this.abandoned = abandoned
  }
}

/** Items are under way, and nothing moves. */
export class Inactive extends MillraceError {
  constructor(pipeline: string, millis: number, holders: readonly string[]) {
    super('ERR_INACTIVE', `${pipeline} has not moved for ${millis} ms: ${holders.join(', ')}`)
  }
}

/** More dead letters than `tolerate` allows. */
export class TooManyDeadLetters extends MillraceError {
  constructor(policy: { deadLetters: number } | { share: number; of: number }, cause: unknown) {
    const limit =
      'deadLetters' in policy ? `${policy.deadLetters}` : `${policy.share * 100} % of the last ${policy.of} items`
    super('ERR_TOO_MANY_DEAD_LETTERS', `more dead letters than \`tolerate\` allows (${limit})`, { cause })
  }
}

/** Workers of a stage died more often than `maxRestarts` allows. */
export class TooManyRestarts extends MillraceError {
  constructor(restarts: number, within: number, cause: unknown) {
    super('ERR_TOO_MANY_RESTARTS', `restarted more than ${restarts} times within ${within} ms: ${described(cause)}`, {
      cause,
    })
  }
}

/** There is no stage of that name. */
export class UnknownStage extends MillraceError {
  constructor(pipeline: string, stage: string, known: readonly string[]) {
    super('ERR_UNKNOWN_STAGE', `${pipeline} has no stage ${shown(stage)}: its stages are ${known.join(', ')}`)
  }
}
