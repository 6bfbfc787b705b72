/**
 * Options as data: one row says what an option may be, what it is when it is left out, and what it means.
 *
 * The check, the messages and the reference page come from these rows.
 */
import { calledAt, callOf, InvalidOptions, type Mistake, mistake, shown } from './errors.ts'
import { nearest } from './nearest.ts'

/** One row: what an option may be, what it is when it is left out, and what it means. */
export interface Option {
  /** What it may be, as the message and the reference say it: `a whole number from 1`. */
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
  /** What it is when it is left out. */
  readonly value?: unknown
  /** The same, as the reference says it. @default `value`, as it is written; without one, 'none' */
  readonly default?: string
  /** What it is called elsewhere, by other libraries: asked for by such a name, it is what was meant. */
  readonly also?: readonly string[]
  /** There is nothing that it could be when it is left out. @default false */
  readonly required?: boolean
  /** What is in it, where it is an object of options itself. */
  readonly inside?: Options
  /** What it says, in a sentence. */
  readonly doc: string
}
export interface Options {
  readonly [name: string]: Option
}

/**
 * All that is wrong with `given`, measured by `options`.
 *
 * An option whose value is `undefined` counts as left out.
 */
export function mistakesIn(given: unknown, options: Options, place: string, within = ''): Mistake[] {
  const known = Object.keys(options).join(', ')
  const missing = Object.entries(options).filter(
    ([name, { required }]) => required && (given as Record<string, unknown> | null | undefined)?.[name] === undefined,
  )
  if (given === undefined && missing.length === 0) return []
  if (given !== undefined && !isPlain(given)) {
    const [first] = Object.entries(options)
    const meant = first?.[1].accepts(given) ? `{ ${first[0]}: ${shown(given)} }` : undefined
    return [
      mistake('NOT_OPTIONS', place, {
        actual: shown(given),
        type: typeof given,
        meant,
        known: meant === undefined ? known : undefined,
      }),
    ]
  }
  const mistakes: Mistake[] = []
  for (const [own, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue
    const name = within + own
    const option = Object.hasOwn(options, own) ? options[own] : undefined
    if (!option) {
      const near = meant(own, options)
      mistakes.push(
        mistake('UNKNOWN_OPTION', place, {
          name,
          near: near && within + near,
          known: near === undefined ? known : undefined,
        }),
      )
    } else if (option.inside && isPlain(value)) {
      mistakes.push(...mistakesIn(value, option.inside, place, `${name}.`))
    } else if (!isAccepted(value, option)) {
      const { expected } = option
      const [actual, type] = [shown(value), typeof value]
      mistakes.push(mistake('INVALID_OPTION', place, { name, expected, actual, type, hint: hintFor(value, option) }))
    }
  }
  for (const [own, { expected }] of missing) {
    mistakes.push(mistake('MISSING_OPTION', place, { name: within + own, expected }))
  }
  return mistakes
}

/** Of `given`, what is right: the rest is told by `mistakesIn`. */
export function soundOf<Given>(given: Given, options: Options): Given {
  const entries = Object.entries(isPlain(given) ? given : {})
  return Object.fromEntries(
    entries.filter(([name, value]) => Object.hasOwn(options, name) && isAccepted(value, options[name]!)),
  ) as Given
}

/** What an unknown name was probably meant to be, and how that is written. */
function meant(name: string, options: Options): string | undefined {
  for (const [known, { also, expected }] of Object.entries(options)) {
    if (also?.includes(name)) return known
    if (namesWithin(expected).includes(name)) return `${known}: { ${name}: … }`
  }
  const isWord = words.some(([table]) => table === options)
  const word = isWord ? words.find(([table]) => Object.hasOwn(table, name)) : undefined
  return word?.[1](name) ?? nearest(name, Object.keys(options))
}

/** The names in what an object may be: `{ attempts, deaths }`. */
function namesWithin(expected: string): string[] {
  return [...expected.matchAll(/\{ ([^}]*) \}/g)].flatMap(([, names]) => names!.match(/\w+/g) ?? [])
}

/** What cannot be looked at, as a getter throws, is not accepted. */
function isAccepted(value: unknown, { accepts }: Option): boolean {
  try {
    return accepts(value)
  } catch {
    return false
  }
}

/** What was probably meant: a number and not its text, a word that is near, an object or a name inside of it. */
function hintFor(value: unknown, option: Option): string | undefined {
  const { expected } = option
  const accepts = (other: unknown) => isAccepted(other, option)
  const asked = (word: string | undefined) => word && `did you mean ${word}?`
  if (typeof value === 'string') {
    if (value.trim() !== '' && accepts(Number(value))) return `write it without quotes, ${Number(value)}`
    const words = [...expected.matchAll(/'([^']+)'/g)].map(([, word]) => word!)
    const near = nearest(value, words)
    return asked(near && `'${near}'`)
  }
  const names = namesWithin(expected)
  if (!isPlain(value)) {
    const whole = names.find(name => accepts({ [name]: value }))
    return whole && `write { ${whole}: ${shown(value)} }`
  }
  const unknown = Object.keys(value).find(name => !names.includes(name))
  if (unknown === undefined || names.length === 0) return undefined
  const near = nearest(unknown, names)
  return near ? asked(`\`${near}\``) : `it has no \`${unknown}\``
}

/**
 * Throws all that is wrong with the options of a method, or of a function that makes an actor.
 *
 *     const batchOptions = {
 *       size: { expected: 'a whole number from 1', accepts: isCount, required: true, doc: 'Items a batch holds.' },
 *     } as const satisfies Options
 *
 *     checkOptions(options, batchOptions, 'batch')
 *
 * @throws {InvalidOptions}
 */
export function checkOptions(given: unknown, options: Options, place: string): void {
  const mistakes = mistakesIn(given, options, place)
  if (mistakes.length > 0) throw calledAt(new InvalidOptions(mistakes), callOf(checkOptions))
}

/* ── What a value may be ─────────────────────────────────────────────────── */

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
const positive = (value: unknown) => typeof value === 'number' && value > 0
const oneOf =
  (...words: string[]) =>
  (value: unknown) =>
    words.includes(value as string)
const fn = (value: unknown) => typeof value === 'function'

/** An object as it is written, `{ … }`, in whatever realm: what is made by a class may have anything beside its options. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** An object with no other keys than these, each absent or accepted. */
const record = (fields: Record<string, (value: unknown) => boolean>) => (value: unknown) =>
  isPlain(value) &&
  Object.entries(value).every(
    ([name, field]) => field === undefined || (Object.hasOwn(fields, name) && fields[name]!(field) === true),
  )

const count = whole(0)
const capacity = (value: unknown) =>
  count(value) || value === Infinity || record({ items: v => count(v) || v === Infinity, bytes: positive })(value)
const size = 'a whole number from 0, or { items, bytes }'
const overflow = {
  expected: "'wait', 'drop-newest', 'drop-oldest' or 'fail'",
  accepts: oneOf('wait', 'drop-newest', 'drop-oldest', 'fail'),
  value: 'wait',
  default: "'wait'; 'fail' for an Observable source, which cannot be asked to wait",
} as const satisfies Omit<Option, 'doc'>
const limit = 1 << 20
const workers = whole(0, limit)

const isTexts = (value: unknown) => Array.isArray(value) && value.every(each => typeof each === 'string')

/** What one worker gets that lives on a thread, or in a process of its own. */
export const resourceOptions = {
  heapMB: {
    also: ['heap', 'memory', 'memoryMB', 'maxOldGenerationSizeMb', 'maxMemory'],
    expected: 'a whole number from 16',
    // With less a worker does not come to our code, and some versions of Node end the process for a thread that tries.
    accepts: whole(16, 1 << 20),
    default: 'what Node gives a thread or a process',
    doc: 'MB of its heap, the old generation: one that needs more dies, and is replaced. What Buffers and other memory outside the heap take is not counted.',
  },
  maxMessageBytes: {
    also: ['maxBytes', 'maxItemBytes', 'maxMessageSize'],
    expected: 'a whole number from 1024 to 1073741824',
    accepts: whole(1_024, 1 << 30),
    value: 64 * 1024 * 1024,
    default: '64 MiB',
    doc: 'Bytes that one item, or all that it led to, may take on its way; a larger one fails, and costs no worker.',
  },
  startTimeout: {
    also: ['timeout', 'startWithin', 'setupTimeout'],
    expected: 'milliseconds above 0',
    accepts: positive,
    value: 30_000,
    doc: 'Milliseconds in which a worker has to be ready: its module loaded, and its `setup` done.',
  },
  env: {
    expected: 'an object of texts',
    accepts: value => isPlain(value) && Object.values(value).every(each => typeof each === 'string'),
    default: 'that of this process',
    doc: 'Environment variables, over those of this process. On a thread they are what `process.env` says there; what Node itself reads when it starts (`TZ`) stays that of the process.',
  },
  execArgv: {
    also: ['nodeOptions', 'nodeArgs', 'flags'],
    expected: 'an array of flags of Node',
    accepts: isTexts,
    default: 'those of this process that say how modules are loaded',
    doc: 'Flags of Node, behind those that are taken over from this process. A thread takes only those that are not of the whole process.',
  },
} as const satisfies Options

export const stageOptions = {
  workers: {
    also: ['instances', 'pool', 'poolSize', 'maxWorkers', 'maxThreads'],
    expected: "a whole number from 0, { min, max } with min ≤ max, 'auto', or { inline, threads, processes }",
    accepts: value =>
      workers(value) ||
      value === 'auto' ||
      (record({ min: workers, max: whole(1, limit) })(value) &&
        (value as { min: number }).min <= (value as { max: number }).max) ||
      (record({ inline: workers, threads: workers, processes: workers })(value) &&
        Object.values(value as object).some(each => each !== undefined)),
    value: 1,
    doc: 'How many workers share the stage; 0 pauses it.',
  },
  concurrency: {
    also: ['parallel', 'parallelism', 'maxParallel', 'maxConcurrency', 'limit'],
    expected: 'a whole number from 1',
    accepts: whole(1, limit),
    value: 1,
    doc: 'Items one worker may have in flight at once (asynchronous handlers). Exactly so many, never more.',
  },
  on: {
    expected: "'inline', 'threads', 'processes', or a runtime",
    accepts: value =>
      oneOf('inline', 'threads', 'processes')(value) || typeof (value as { kind?: unknown })?.kind === 'string',
    value: 'inline',
    default: "the run's, else 'inline'",
    doc: 'Where the workers live.',
  },
  key: {
    also: ['keyBy', 'groupBy', 'partitionBy', 'partition'],
    expected: 'a property name or a function of the item',
    accepts: value => fn(value) || typeof value === 'string' || typeof value === 'number' || typeof value === 'symbol',
    doc: 'Items of one key are handled one after another, in order, with state of their own.',
  },
  order: {
    also: ['ordered', 'preserveOrder'],
    expected: "'input' or 'completion'",
    accepts: oneOf('input', 'completion'),
    value: 'input',
    doc: 'Whether results leave in the order items came in, or as they finish (per key, they stay in order either way).',
  },
  capacity: {
    also: ['highWaterMark', 'buffer', 'bufferSize', 'queue', 'queueSize', 'maxQueue'],
    expected: size,
    accepts: capacity,
    value: { items: 1024, bytes: 64 * 1024 * 1024 },
    default: '{ items: 1024, bytes: 64 MiB }',
    doc: 'What the channel before the stage may hold. Below it the channel lets in one whole item’s outputs; 0 hands an item only to a worker that waits.',
  },
  inFlight: {
    also: ['maxInFlight', 'prefetch', 'window'],
    expected: 'a whole number from 1',
    accepts: whole(1),
    value: Infinity,
    default: 'no limit but the channels',
    doc: 'Items of this stage under way or not yet handed on; the slot is taken before computing. 1 is fully synchronous.',
  },
  emit: {
    expected: "'whole' or 'streaming'",
    accepts: oneOf('whole', 'streaming'),
    value: 'whole',
    doc: 'Whether the outputs of one item leave together once it is done, or each as it is yielded. Streaming, a generator is asked for no more than can leave; of an Observable, up to 1,000,000 outputs or 64 MiB may wait.',
  },
  overflow: { ...overflow, doc: 'What a full channel before the stage does with one item more.' },
  timeout: {
    expected: 'a number of milliseconds above 0',
    accepts: positive,
    value: Infinity,
    default: 'no limit',
    doc: 'Milliseconds one item may take, all attempts together.',
  },
  retry: {
    also: ['retries', 'maxRetries'],
    expected: '{ attempts, deaths, backoff }: whole numbers from 1 and a function of the attempt',
    accepts: record({ attempts: value => whole(1)(value) || value === Infinity, deaths: whole(1), backoff: fn }),
    value: { attempts: 1, deaths: 3 },
    doc: 'How often an item is tried when the handler throws, how many workers it may take with it, and how long to wait in between.',
  },
  onFailure: {
    also: ['onError', 'catch'],
    expected: "'stop', 'skip', 'restart', or a function of the failure that gives one of them",
    accepts: value => fn(value) || oneOf('stop', 'skip', 'restart')(value),
    value: 'stop',
    doc: 'What a failed item costs: the pipeline, itself (a dead letter), or the worker as well.',
  },
  schema: {
    also: ['validate', 'validator'],
    expected: 'a Standard Schema (zod, valibot, arktype …)',
    accepts: value => fn((value as { '~standard'?: { validate?: unknown } })?.['~standard']?.validate),
    doc: 'Checks items where they enter the stage; the handler gets what it gives.',
  },
  resources: {
    also: ['resourceLimits', 'limits'],
    expected: '{ heapMB, maxMessageBytes, startTimeout, env, execArgv }',
    accepts: value => isPlain(value) && mistakesIn(value, resourceOptions, '').length === 0,
    inside: resourceOptions,
    doc: 'What one worker gets that lives on a thread or in a process.',
  },
} as const satisfies Options

const body = { expected: 'a function', accepts: fn }

/** What a behaviour, or a body over the whole stream, may have. */
export const behaviourOptions = {
  setup: { ...body, doc: 'Once in each worker: what it gives is `context.resources`.' },
  start: { ...body, doc: 'State: once for each key of a keyed stage, or once for the stage.' },
  receive: { ...body, doc: 'What happens to an item.' },
  flush: {
    ...body,
    doc: 'What is left when the input has ended: once for each key, in the order of first appearance.',
  },
  stop: { ...body, doc: 'On every orderly way out.' },
  snapshot: { ...body, doc: 'What of the state survives its worker; taken after each item.' },
  restore: { ...body, doc: 'State from what `snapshot` gave.' },
  stream: { ...body, doc: 'A body over the whole stream, instead of `receive`.' },
  volatile: {
    expected: 'true or false',
    accepts: value => typeof value === 'boolean',
    value: false,
    doc: 'Losing state with a worker is fine.',
  },
  key: { ...stageOptions.key, doc: 'As the option of the stage, which goes before it.' },
  schema: { ...stageOptions.schema, doc: 'As the option of the stage, which goes before it.' },
  errors: {
    expected: 'an array of error classes',
    accepts: value => Array.isArray(value) && value.every(fn),
    doc: 'Error classes to be revived as themselves, beside those that the actor’s module exports.',
  },
} as const satisfies Options

export const sourceOptions = {
  capacity: { ...stageOptions.capacity, doc: 'What the channel behind the source may hold.' },
  overflow: { ...overflow, doc: 'What a full channel behind the source does with one item more.' },
} as const satisfies Options

export const supervisionOptions = {
  strategy: {
    expected: "'one-for-one', 'rest-for-one' or 'one-for-all'",
    accepts: oneOf('one-for-one', 'rest-for-one', 'one-for-all'),
    value: 'one-for-one',
    doc: 'Which stages restart their workers when a worker of one is restarted.',
  },
  maxRestarts: {
    expected: 'a whole number from 0',
    accepts: count,
    value: (workers: number) => Math.max(3, workers),
    default: 'max(3, workers)',
    doc: 'Give up after this many restarts of a stage …',
  },
  within: {
    expected: 'milliseconds above 0',
    accepts: positive,
    value: 5_000,
    doc: '… within this many milliseconds.',
  },
  backoff: {
    expected: 'a function of the restart’s number',
    accepts: fn,
    value: () => 0,
    default: 'no wait',
    doc: 'Milliseconds to wait before the n-th restart.',
  },
  grace: {
    expected: 'milliseconds from 0',
    accepts: value => typeof value === 'number' && value >= 0,
    value: 15_000,
    doc: 'Milliseconds that a teardown may take in all.',
  },
  inactivity: {
    expected: 'milliseconds above 0',
    accepts: positive,
    default: 'no limit',
    doc: 'No progress for so many milliseconds, with items under way, is an error that says who holds what.',
  },
  tolerate: {
    expected: '{ deadLetters } or { share, of }: whole numbers, and a share from 0 to 1',
    accepts: value =>
      (record({ deadLetters: count })(value) && Object.keys(value as object).length === 1) ||
      (record({ share: v => typeof v === 'number' && v >= 0 && v <= 1, of: whole(1, 1 << 24) })(value) &&
        Object.keys(value as object).length === 2),
    default: 'no limit',
    doc: 'More dead letters than this stop the pipeline.',
  },
} as const satisfies Options

export const runOptions = {
  signal: {
    expected: 'an AbortSignal',
    accepts: value => value instanceof AbortSignal,
    doc: 'Its abort ends the run at once; `done` rejects with its reason.',
  },
  on: { ...stageOptions.on, default: "'inline'", doc: 'Where stages run that can travel and do not say.' },
  grace: {
    ...supervisionOptions.grace,
    default: 'that of `supervise`',
    doc: 'Milliseconds that a teardown may take in all.',
  },
  inFlight: {
    expected: 'a whole number from 1',
    accepts: whole(1),
    value: Infinity,
    default: 'no limit but the channels',
    doc: 'End-to-end bound on source items under way.',
  },
  inspect: {
    expected: 'a function, or an observer: { next }',
    accepts: value => fn(value) || fn((value as { next?: unknown } | null | undefined)?.next),
    doc: 'Sees the lives of the run, its stages and its workers: the events of a system of XState actors, as `createActor` takes it.',
  },
  clock: {
    expected: 'a Clock: { now, setTimeout, clearTimeout }',
    accepts: value =>
      ['now', 'setTimeout', 'clearTimeout'].every(name => fn((value as Record<string, unknown> | null)?.[name])),
    default: "the machine's",
    doc: 'What every wait of the run asks for the time; tests hand in a manual one.',
  },
} as const satisfies Options

/** Where the options of the language are said, for who says them somewhere else. */
const words: readonly (readonly [Options, (name: string) => string])[] = [
  [stageOptions, name => `.stage(…, { ${name}: … })`],
  [supervisionOptions, name => `.supervise({ ${name}: … })`],
  [runOptions, name => `.run({ ${name}: … })`],
  [sourceOptions, name => `.from(…, { ${name}: … })`],
  [behaviourOptions, name => `defineActor(…, { ${name}: … })`],
]

/* ── Options of what a run can do ────────────────────────────────────────── */

export const consumeOptions = {
  concurrency: { ...stageOptions.concurrency, doc: 'Results that the function may have in hand at once.' },
} as const satisfies Options

export const askOptions = {
  signal: { ...runOptions.signal, doc: 'Its abort ends the waiting; the promise rejects with its reason.' },
  timeout: { ...stageOptions.timeout, doc: 'Milliseconds that the answer may take.' },
} as const satisfies Options

export const stopOptions = {
  grace: { ...supervisionOptions.grace, default: "the run's", doc: 'Milliseconds that the teardown may take in all.' },
} as const satisfies Options
