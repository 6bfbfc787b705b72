/**
 * Every code, with what it stands for and what it says: the messages and the reference page come from these rows.
 *
 * A blank is `{name}`. What stands in [brackets] is left out where one of its blanks has nothing to say.
 * A code is never given to something else: one that is no longer said moves to `retired`, and stays there.
 */

interface Row {
  /** What it stands for, as the reference says it. */
  readonly is: string
  /** What was wanted, what came, and the fix. */
  readonly says: string
}

/** Codes of errors: what is thrown, or rejected with. */
export const errorMessages = {
  ERR_INVALID_OPTION: {
    is: 'An option has a value that it cannot have.',
    says: '`{option}` must be {expected}, got {actual} ({type})[, in {place}]',
  },
  ERR_INVALID_BLUEPRINT: {
    is: 'What `run()` throws: all that is wrong with a blueprint, at once, before anything has started.',
    says: '{first}[, and {more}:{others}]',
  },
  ERR_INVALID_OPTIONS: {
    is: 'What is thrown where options are wrong: all that is wrong with them, at once.',
    says: '{mistakes}',
  },
  ERR_SEQUENCE: {
    is: 'A result came in for a place in the order that is taken or gone: a mistake of millrace itself.',
    says: '{what}',
  },
  ERR_STAGE_FAILED: {
    is: 'What `done` rejects with when an item, or a worker, stopped the pipeline. `cause` is the first error, in its own type.',
    says: '{pipeline}/{stage} failed[ on item {sequence} (attempt {attempt})]: {cause}',
  },
  ERR_ITEM_TIMEOUT: {
    is: 'An item took longer than `timeout`, all attempts together.',
    says: 'took longer than its `timeout` of {timeout} ms, all attempts together',
  },
  ERR_UNDEFINED_ITEM: {
    is: '`undefined` came where an item was expected.',
    says: '{where} gave `undefined` as item {sequence}: undefined means "nothing here"; leave it out, or give null',
  },
  ERR_SCHEMA_MISMATCH: {
    is: "An item does not match the stage's `schema`.",
    says: "does not match the stage's schema: {issues}",
  },
  ERR_INVALID_KEY: {
    is: 'A `key` gave something that cannot be a key.',
    says: '`key`[, here {written},] must give a string or a number for each item, got {key} ({type})[: did you mean `{near}`?][: the item has {properties}]',
  },
  ERR_OUTPUT_LIMIT: {
    is: 'One item led to more than may be held back for it.',
    says: 'one item led to more than {limit}, {why}',
  },
  ERR_NOT_REPEATABLE: {
    is: 'A retry of a streaming item yielded something else than had left already.',
    says: "a retry did not repeat the {outputs} that had left already: a handler with `emit: 'streaming'` and `retry` must be deterministic",
  },
  ERR_CHANNEL_FULL: {
    is: "A channel with `overflow: 'fail'` was full.",
    says: 'the channel before {stage} was full ({capacity}): raise its `capacity`, or choose an `overflow`',
  },
  ERR_SEND_AFTER_END: {
    is: 'An item was handed in after the input had ended, or where a source gives all of them.',
    says: '{pipeline} takes no more items: {why}',
  },
  ERR_RUN_ENDED: {
    is: 'The run ended before it could answer.',
    says: 'the run of {pipeline} ended before this item was done',
  },
  ERR_ASK_TIMEOUT: {
    is: '`ask` was not answered in time.',
    says: '{pipeline} did not answer within {timeout} ms',
  },
  ERR_ITEM_DROPPED: {
    is: 'Something that an asked item led to was dropped, as `overflow` says: what is left is no answer.',
    says: 'something asked of {pipeline} was dropped before {stage}, whose channel was full: raise its `capacity`, or choose another `overflow`',
  },
  ERR_INVALID_SOURCE: {
    is: 'A source gave, when the run began, nothing that could be read.',
    says: 'the source of {pipeline} {wanted}, got {actual}',
  },
  ERR_INVALID_OPERATOR: {
    is: 'A function that was given to `pipe` is no RxJS operator.',
    says: '`pipe` takes RxJS operators, and one of them gave {actual} instead of an Observable: a function of the item belongs in `map`',
  },
  ERR_SOURCE_USED: {
    is: 'A source that can be read only once was given to a second run.',
    says: 'the source of {pipeline} is {kind}, which can be read only once, and an earlier run has it: give a function that makes a new one',
  },
  ERR_UNREAD_OUTPUT: {
    is: 'Nobody reads the results.',
    says: '{results} of {pipeline} {have} waited {millis} ms for a reader: subscribe to `run.output`, loop with `for await`, use `run.consume`, or end with a stage that returns nothing',
  },
  ERR_UNHANDLED_DEAD_LETTERS: {
    is: 'Items were given up, and nobody looked.',
    says: '{pipeline} gave up {items} and nobody subscribed to `run.deadLetters`; [the first, in {stage}: {cause}][{beyond}]',
  },
  ERR_WORKER_DIED: {
    is: 'A worker has died: `exitCode` says how, `cause` why, where that is known. Items that it had in hand are tried again, unless they have taken too many workers with them.',
    says: 'worker {worker} died ({how}). An item in its hands is tried again, and given up with the last worker that it may take along (`retry.deaths`)',
  },
  ERR_WORKER_NOT_READY: {
    is: 'A worker on a thread or in a process did not get ready in time.',
    says: 'worker {worker} was not ready within {millis} ms: {module} does not load to its end, or its `setup` does not end. Give it longer with `resources: { startTimeout }`',
  },
  ERR_MODULE_CHANGED: {
    is: 'The module of an actor has changed on disk since this process sent its first worker there: a worker that loads it now would run something else than the others.',
    says: '{module} has changed since this process first had workers load it: workers of two versions would not give one answer. Start the program anew',
  },
  ERR_ITEM_TOO_LARGE: {
    is: 'An item, or what it led to, is larger than what may be sent to a thread or a process at once.',
    says: '[{result} ]item[ {sequence} of {stage}] takes {bytes} bytes on its way[ {way}], and may take {limit}: raise `resources: { maxMessageBytes }`, or hand it on in parts',
  },
  ERR_ACTOR_NOT_FOUND: {
    is: 'What a stage runs on another thread is not in the module that it says it is from.',
    says: '{what} {name} is not in {url}: {fix}',
  },
  ERR_STATE_LOST: {
    is: 'The state of an actor went with its worker.',
    says: 'its worker went, and with it the state of {keys}: give the actor `snapshot` and `restore`, or say `volatile: true`',
  },
  ERR_GRACE_EXCEEDED: {
    is: 'A teardown took longer than its grace period.',
    says: '{pipeline} did not end within its grace period of {grace} ms; abandoned: {abandoned}. A handler should end when `context.signal` aborts',
  },
  ERR_INACTIVE: {
    is: 'Items are under way, and nothing moves.',
    says: '{pipeline} has not moved for {millis} ms: {holders}',
  },
  ERR_TOO_MANY_DEAD_LETTERS: {
    is: 'More dead letters than `tolerate` allows.',
    says: 'more dead letters than `tolerate` allows ({limit})',
  },
  ERR_TOO_MANY_RESTARTS: {
    is: 'Workers of a stage died more often than `maxRestarts` allows.',
    says: 'restarted more than {times} within {within} ms: {cause}',
  },
  ERR_TEST_DEADLINE: {
    is: 'Something that a test waits for did not happen in time (`millrace/testing`).',
    says: '{what} within {deadline} ms of real time[; it waits for {waitsFor}]',
  },
  ERR_MODEL_MISMATCH: {
    is: 'A run did not lead to what the sequential model says (`millrace/testing`).',
    says: '{what}',
  },
  ERR_FAILED_ON_CUE: {
    is: 'A `faulty` actor was told to fail, and not what with (`millrace/testing`).',
    says: 'failed on cue: {where}',
  },
  ERR_DIED_ON_CUE: {
    is: 'A `faulty` actor was told to die (`millrace/testing`).',
    says: 'the worker died on cue: {where}',
  },
  ERR_NOT_CLONEABLE: {
    is: 'An item holds something that cannot be sent to another thread or process.',
    says: '{where} is {what}, and cannot be sent to another thread or process: {fix}',
  },
  ERR_CORRUPT_FRAME: {
    is: 'The bytes of a frame make no sense: they were cut, or changed on their way.',
    says: 'a frame of {bytes} bytes cannot be read from byte {at} on: {what}. It was cut, or changed on its way',
  },
  ERR_UNKNOWN_STAGE: {
    is: 'There is no stage of that name.',
    says: '{pipeline} has no stage {stage}[: did you mean {near}?][: its stages are {known}][: it has {none}]',
  },
  ERR_NOT_RUNNING: {
    is: 'What only a run has was asked of a pipeline.',
    says: '{word} is of a run, and {pipeline} is only what was written: call `.run()`, and ask what that gives',
  },

  /* ── the shelf and the command line ── */

  ERR_UNREADABLE_FILE: {
    is: 'A file, or one line of it, cannot be read (`millrace/actors`). It has the `path`, and the `line` where there is one.',
    says: 'cannot read {path}[, line {line}]: {why}',
  },
  ERR_UNWRITABLE_FILE: {
    is: 'A file cannot be written (`millrace/actors`). It has the `path`.',
    says: 'cannot write {path}: {why}',
  },
  ERR_NO_JSON: {
    is: 'A result has no form in JSON (`millrace run`).',
    says: 'result {index} cannot be written as JSON: {why}; make something of it that can, with `.map`',
  },
  ERR_UNWRITABLE_OUTPUT: {
    is: 'stdout takes no more, and its reader is not to blame: a full disk (`millrace run`).',
    says: 'cannot write the results: {why}',
  },
} as const satisfies Record<string, Row>

/** How much it matters: a mistake is thrown by `run`; a warning and a note are not. */
export type Level = 'mistake' | 'warning' | 'note'

/** Codes of what may be wrong with a blueprint, or with options. */
export const mistakeMessages = {
  NO_NAME: {
    level: 'mistake',
    is: 'A pipeline or a stage has no name.',
    says: 'a {thing} needs a name, a string that is not empty, got {actual}: write `{example}`',
  },
  NOT_A_HOME: {
    level: 'mistake',
    is: 'What stands behind the name of a pipeline is no `import.meta`.',
    says: 'the home of a pipeline is the `import.meta` of its module, got {actual} ({type}): it has no options; its source is said with `.from(…)`, its supervision with `.supervise(…)`',
  },
  DUPLICATE_NAME: {
    level: 'mistake',
    is: 'Two stages have one name.',
    says: 'two stages have this name: each needs one of its own',
  },
  NOT_OPTIONS: {
    level: 'mistake',
    is: 'Options are no plain object.',
    says: 'options must be a plain object, got {actual} ({type})[: did you mean `{meant}`?][; there are {known}]',
  },
  UNKNOWN_OPTION: {
    level: 'mistake',
    is: 'There is no option of that name.',
    says: 'unknown option `{name}`[: did you mean `{near}`?][; there are {known}]',
  },
  INVALID_OPTION: {
    level: 'mistake',
    is: 'An option has a value that it cannot have.',
    says: '`{name}` must be {expected}, got {actual} ({type})[: {hint}]',
  },
  MISSING_OPTION: {
    level: 'mistake',
    is: 'An option that has no default was left out.',
    says: '`{name}` is missing: it must be {expected}',
  },
  NOT_A_SOURCE: {
    level: 'mistake',
    is: '`from` got something that gives no items.',
    says: '`from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got {actual} ({type})[: {hint}]',
  },
  OPTION_TWICE: {
    level: 'mistake',
    is: 'One channel is described at both of its ends.',
    says: '`{name}` of the channel between the source and its first stage is said twice: keep one',
  },
  NOT_A_FUNCTION: {
    level: 'mistake',
    is: '`map` or `filter` got no function.',
    says: '`{word}` takes a function, got {actual}: {hint}',
  },
  TOO_MANY_ARGUMENTS: {
    level: 'mistake',
    is: '`map` or `filter` got something beside its function.',
    says: '`{word}` takes a function and nothing else, got {actual} as well: options are for `.stage(name, fn, { … })`',
  },
  NOT_AN_OPERATOR: {
    level: 'mistake',
    is: '`pipe` got something else than RxJS operators, or nothing.',
    says: '`pipe` takes RxJS operators, such as `scan(…)` of rxjs, got {actual}',
  },
  NOT_A_BODY: {
    level: 'mistake',
    is: 'A stage got nothing that can handle items.',
    says: 'a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got {actual} ({type})[: {hint}]',
  },
  CONNECTED: {
    level: 'mistake',
    is: 'A pipeline with a source cannot be a stage: its input is taken.',
    says: 'the input of this pipeline is already connected: a stage must be an open one, which begins without `from`',
  },
  STATEFUL_WORKERS: {
    level: 'mistake',
    is: 'A stateful actor without a key has more than one worker.',
    says: 'a stateful actor without a key has one state, so `workers` must be 1, got {workers}: give it a `key`, or leave the option out',
  },
  STATEFUL_CONCURRENCY: {
    level: 'mistake',
    is: 'A stateful actor without a key is to handle several items at once.',
    says: 'a stateful actor without a key handles one item after another, so `concurrency` must be 1, got {concurrency}: give it a `key`, or leave the option out',
  },
  STATEFUL_AFTER_COMPLETION: {
    level: 'warning',
    is: 'A stateful stage without a key sees items in the order in which an earlier stage happened to finish them.',
    says: "its state has no key, and {stage} before it hands items on as they finish: the answer may differ from run to run. Give it a `key`, or {stage} `order: 'input'`",
  },
  STREAM_CONCURRENCY: {
    level: 'mistake',
    is: 'A body over the whole stream has `concurrency`.',
    says: 'a body over the whole stream takes items itself: leave `concurrency` out',
  },
  STREAM_RETRY: {
    level: 'mistake',
    is: 'A body over the whole stream has `retry`.',
    says: 'a body over the whole stream cannot be given an item again: leave `retry` out, and retry inside it',
  },
  STREAM_KEY: {
    level: 'mistake',
    is: 'A body over the whole stream has a `key`.',
    says: 'a body over the whole stream has no state by key: leave `key` out',
  },
  STREAM_SCHEMA: {
    level: 'mistake',
    is: 'A body over the whole stream has a `schema`.',
    says: 'a body over the whole stream takes items as they came: give the `schema` to a stage before it, or check inside it',
  },
  STREAM_HOOK: {
    level: 'mistake',
    is: 'A body over the whole stream has a hook that would never be called.',
    says: 'a body over the whole stream is all there is, and nothing would call `{hook}`: do its work inside `stream`',
  },
  HALF_SNAPSHOT: {
    level: 'mistake',
    is: 'An actor has one of `snapshot` and `restore`.',
    says: '`snapshot` and `restore` go together, got only `{hook}`: add `{missing}`, or leave both out',
  },
  NO_ARGUMENT: {
    level: 'mistake',
    is: 'An actor whose hooks take an argument was not given one.',
    says: '`{hook}` takes an argument, and nothing gives it one: {fix}',
  },
  IN_FLIGHT: {
    level: 'mistake',
    is: '`inFlight` keeps workers idle.',
    says: '`inFlight` must be at least workers × concurrency ({least}), got {inFlight}: raise it, or have fewer workers',
  },
  NO_CALL: {
    level: 'mistake',
    is: 'A `faulty` actor was given a cue for a call that is never made (`millrace/testing`).',
    says: '`{call}` is never called, as this actor has none: leave the cue out, or give the actor one',
  },
  NO_RUNTIME: {
    level: 'mistake',
    is: 'This version has no such runtime.',
    says: "there is no runtime '{runtime}' in this version: say 'inline', 'threads' or 'processes'",
  },
  CLOSURE: {
    level: 'mistake',
    is: 'What is to run elsewhere cannot be found from there.',
    says: "{thing} cannot travel to '{runtime}', which finds things by their module: make it with `{example}`, or have it inline",
  },
  ARGUMENT_STAYS: {
    level: 'mistake',
    is: 'The argument of an actor that is to run elsewhere holds what cannot be copied, such as a function.',
    says: "the argument of {actor} cannot travel to '{runtime}' ({cause}): give `.with` plain data",
  },
  DEFINED_TWICE: {
    level: 'mistake',
    is: 'A module has two actors of one name, and the far side cannot tell which is meant.',
    says: "'{runtime}' would look for {actor} by its name, and its module defines two of that name: define it once, and give it what differs by `.with(…)`",
  },
  NOT_EXPORTED: {
    level: 'mistake',
    is: 'A pipeline that is to run elsewhere is not exported from its home module.',
    says: "'{runtime}' would look for pipeline {name} among the exports of {home}, and it is none of them: export it there, as it is used here",
  },
  REFUSED_FLAGS: {
    level: 'mistake',
    is: 'A worker elsewhere cannot begin with these flags of Node.',
    says: "`resources.execArgv` has {flags}, which a worker on '{runtime}' cannot begin with: {fix}",
  },
  REFUSED_ENV: {
    level: 'mistake',
    is: 'A thread cannot begin with this environment.',
    says: "`resources.env` cannot be that of a worker on '{runtime}' ({why}): leave it out, or use 'processes'",
  },
  RESOURCES_INLINE: {
    level: 'warning',
    is: 'A stage has `resources`, and none of its workers lives on a thread or in a process.',
    says: "`resources` are for workers on threads and in processes, and this stage has none: say `on: 'threads'` or `on: 'processes'`, here or in `run`",
  },
  CLASS_LOST: {
    level: 'warning',
    is: 'What goes to a stage that runs elsewhere is an instance of a class, and arrives as a plain object.',
    says: "{where} is an instance of {name}, and arrives on '{runtime}' as a plain object, without {lost}: send plain data, and make the {name} there",
  },
  MAIN_THREAD: {
    level: 'note',
    is: 'A function among the options of a stage that runs elsewhere brings its items by the main thread.',
    says: "`{name}` is a function of this module, so items on their way to '{runtime}' pass the main thread: {fix}",
  },
  ASYNC_OPERATORS: {
    level: 'note',
    is: 'RxJS operators may hold on to items. Which of them do cannot be seen from outside: every `pipe` has this note.',
    says: 'operators that emit later than they are given an item (delay, mergeMap, debounceTime …) keep items inside RxJS, where no bound and no order is promised: let a stage do what waits',
  },
} as const satisfies Record<string, Row & { readonly level: Level }>

/** Why the command line runs nothing: exit code 2. */
export const refusalMessages = {
  UNKNOWN_COMMAND: {
    is: 'There is no command of that name.',
    says: 'unknown command `{word}`[: did you mean `{near}`?][; there are {known}]',
  },
  UNKNOWN_FLAG: {
    is: 'There is no flag of that name.',
    says: 'unknown flag `{word}`[: did you mean `{near}`?][; see `{help}`, and give the module its own after `--`]',
  },
  FLAG_OF_ANOTHER: {
    is: 'A flag is of another command.',
    says: '`millrace {command}` knows no `--{flag}`: it is of {commands}',
  },
  FLAG_WITH_VALUE: {
    is: 'A flag was given a value.',
    says: '`--{flag}` takes no value, got `{value}`',
  },
  NO_FILE: {
    is: 'A command was given no module.',
    says: '`millrace {command}` takes a FILE: the path of a module that exports a pipeline',
  },
  MANY_FILES: {
    is: 'A command was given more than one module.',
    says: '`millrace {command}` takes one FILE, got {count}: what the module is to be given stands after `--`',
  },
  FILE_MISSING: {
    is: 'There is no such file.',
    says: 'there is no file {file}: give the path of a module that exports a pipeline',
  },
  FILE_IS_FOLDER: {
    is: 'The file is a folder.',
    says: '{file} is a folder: give the path of a module in it',
  },
  FILE_OUT_OF_REACH: {
    is: 'The file system does not let the file be looked at.',
    says: 'cannot read {file}: {why}; give the path of a module that exports a pipeline',
  },
  NOT_A_MODULE: {
    is: 'The file is no module.',
    says: 'cannot load {file}: give a module of JavaScript or TypeScript',
  },
  NO_TYPESCRIPT: {
    is: 'This Node does not load TypeScript by itself, and tsx is not installed.',
    says: 'Node {version} cannot load {file} by itself: `npm install --save-dev tsx`, or use Node 22.18 or newer',
  },
  NOT_LOADED: {
    is: 'The module cannot be parsed, or throws while it is loaded.',
    says: 'cannot load {file}: {why}[ ({place})]',
  },
  EXPORT_THREW: {
    is: 'The default export threw something else than a plain `Error`, which would be a sentence to the user.',
    says: 'the default export of {file} threw {why}[ ({place})]',
  },
  NO_DEFAULT_EXPORT: {
    is: 'The module has no default export.',
    says: '{file} has no default export: {fix}',
  },
  NOTHING_GIVEN: {
    is: 'The function that is the default export gave nothing.',
    says: 'the default export of {file} gave nothing: it must return what `pipeline(…)` gives',
  },
  NO_PIPELINE: {
    is: 'The default export, or what it gave, is no pipeline.',
    says: '{what} is no pipeline, but {actual}: {fix}',
  },
  NOT_A_HOOK: {
    is: '`report` or `deadLetter` of a module is no function.',
    says: '`{name}` of {file} must be a function, got {actual}',
  },
  ARGUMENTS_NOT_TAKEN: {
    is: 'Arguments were given to a module that is no function of them.',
    says: '{file} takes no arguments, got {args}: its default export is no function of them',
  },
  NO_SOURCE: {
    is: 'A pipeline that is to be run has no source.',
    says: 'pipeline {pipeline} has no source: give it one with `.from`',
  },
} as const satisfies Record<string, Row>

/** Codes that were said once, and mean nothing any more. */
export const retired: readonly string[] = ['NO_INLINE_WORKERS']

export type ErrorCode = keyof typeof errorMessages
export type MistakeCode = keyof typeof mistakeMessages
export type RefusalCode = keyof typeof refusalMessages

/** The names of the blanks in a text; `{ receive }` is none. */
type Blank<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${string} ${string}` ? never : Name) | Blank<Rest>
  : never
export type Blanks<Text extends string> = Readonly<Record<Blank<Text>, string | number | undefined>>

/** Code and message of an error, as its constructor takes them. */
export function said<Code extends ErrorCode>(
  code: Code,
  blanks: Blanks<(typeof errorMessages)[Code]['says']>,
): [code: Code, message: string] {
  return [code, filled(errorMessages[code].says, blanks)]
}

/** In one pass: what fills a blank may hold braces and brackets of its own. */
export function filled(text: string, blanks: Readonly<Record<string, string | number | undefined>>): string {
  return text.replace(/\[([^\]]*)\]|\{(\w+)\}/g, (_, part: string | undefined, name: string) => {
    if (part === undefined) return String(blanks[name])
    const names = [...part.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    return names.every(name => blanks[name] !== undefined) ? filled(part, blanks) : ''
  })
}

/** `1 item`, `2 items`. */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count} ${count === 1 ? thing : things}`
}

/** `a stream`, `an iterable`. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}
