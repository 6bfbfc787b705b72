/**
 * Writes what of the reference follows from the sources: `npm run docs`. A test says whether it is up to date.
 *
 *     src/options.ts  ─▶  docs/reference/options.md
 *     src/messages.ts ─▶  docs/reference/errors.md
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { batchOptions } from '../actors/batch.ts'
import { collectOptions } from '../actors/collect.ts'
import { csvOptions } from '../actors/csv.ts'
import { deadLetterFileOptions } from '../actors/dead-letter-file.ts'
import { directoryOptions } from '../actors/directory.ts'
import { distinctOptions } from '../actors/distinct.ts'
import { intervalArguments } from '../actors/interval.ts'
import { linesOptions } from '../actors/lines.ts'
import { rangeArguments } from '../actors/range.ts'
import { repeatedOptions } from '../actors/repeated.ts'
import { sampleOptions } from '../actors/sample.ts'
import { scanArguments } from '../actors/scan.ts'
import { throttleOptions } from '../actors/throttle.ts'
import { timedArguments } from '../actors/timed.ts'
import { windowOptions } from '../actors/window.ts'
import { writeLinesOptions } from '../actors/write-lines.ts'
import { NoJson } from '../src/cli/json.ts'
import { UnwritableOutput } from '../src/cli/refused.ts'
import * as ownErrors from '../src/errors.ts'
import { errorMessages, mistakeMessages, refusalMessages, retired } from '../src/messages.ts'
import {
  askOptions,
  behaviourOptions,
  consumeOptions,
  type Option,
  type Options,
  resourceOptions,
  runOptions,
  sourceOptions,
  stageOptions,
  stopOptions,
  supervisionOptions,
} from '../src/options.ts'
import * as testErrors from '../src/testing/errors.ts'
import { actorOptions, faultOptions, modelOptions } from '../src/testing/options.ts'

const classes = { ...ownErrors, ...testErrors, NoJson, UnwritableOutput }
const root = new URL('../../', import.meta.url) // dist/docs → here

/** Every generated page, by its path. */
export function pages(): Record<string, string> {
  return { 'docs/reference/options.md': optionsPage(), 'docs/reference/errors.md': errorsPage() }
}

/** Every table of options: what it is about, and where it is written. */
export const tables: readonly [title: string, where: string, options: Options][] = [
  ['A stage', '.stage(name, body, { … })', stageOptions],
  ['What a worker gets', '.stage(…, { resources: { … } })', resourceOptions],
  ['A behaviour', '{ receive, … } or { stream, … }', behaviourOptions],
  ['A source', '.from(source, { … })', sourceOptions],
  ['A pipeline', '.supervise({ … })', supervisionOptions],
  ['A run', '.run({ … })', runOptions],
  ['A consumer', 'run.consume(fn, { … })', consumeOptions],
  ['A question', 'run.ask(item, { … })', askOptions],
  ['A stop', 'run.stop({ … })', stopOptions],
  ['The sources `lines` and `ndjson`', 'lines(path, { … }), ndjson(path, { … })', linesOptions],
  ['The source `csv`', 'csv(path, { … })', csvOptions],
  ['The source `directory`', 'directory(path, { … })', directoryOptions],
  ['The source `range`', 'range(first, last)', rangeArguments],
  ['The source `interval`', 'interval(millis)', intervalArguments],
  ['The actor `batch`', 'batch({ … })', batchOptions],
  ['The actor `distinct`', 'distinct({ … })', distinctOptions],
  ['The actor `repeated`', 'repeated({ … })', repeatedOptions],
  ['The actor `window`', 'window({ … })', windowOptions],
  ['The actor `throttle`', 'throttle({ … })', throttleOptions],
  ['The actor `sample`', 'sample({ … })', sampleOptions],
  ['The actor `scan`', 'scan(fold, initial)', scanArguments],
  ['The actor `timed`', 'timed(handler)', timedArguments],
  ['The sink `collect`', 'collect(array, { … })', collectOptions],
  ['The sink `writeLines`', 'writeLines(path, { … })', writeLinesOptions],
  ['The observer `deadLetterFile`', 'deadLetterFile(path, { … })', deadLetterFileOptions],
  ['A test of an actor, beside the options of a stage', 'runActor(actor, items, { … })', actorOptions],
  ['A test against the model', 'expectModel(pipeline, input, { … })', modelOptions],
  ['What goes wrong on cue', 'faulty(actor, { … })', faultOptions],
]

function optionsPage(): string {
  return `${note('src/options.ts')}
# Options

All are checked before anything starts, and all that is wrong is said at once. A name that is none of these is a mistake too. An
option that is \`undefined\` counts as left out. What stands in parentheses without braces are arguments. The actor \`unbatch()\`
and the sink \`discard()\` take none.

${tables.map(section).join('\n')}`
}

function section([title, where, options]: (typeof tables)[number]): string {
  const rows = Object.entries(options).map(
    ([name, option]) => `| \`${name}\` | ${cell(option.doc)} | ${cell(option.expected)} | ${cell(defaultOf(option))} |`,
  )
  return `## ${title}: \`${where}\`

| option | says | may be | default |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

/** What an option is when it is left out. */
export function defaultOf({ required, default: text, value }: Option): string {
  if (required) return 'it must be given'
  return text ?? (value === undefined ? 'none' : inspect(value))
}

function errorsPage(): string {
  const thrown = errors().map(
    ({ name, code, is, says }) => `| \`${code}\` | \`${name}\` | ${cell(is)} | ${cell(says)} |`,
  )
  const found = Object.entries(mistakeMessages).map(
    ([code, { level, is, says }]) => `| \`${code}\` | ${level} | ${cell(is)} | ${cell(says)} |`,
  )
  const refused = Object.entries(refusalMessages).map(
    ([code, { is, says }]) => `| \`${code}\` | ${cell(is)} | ${cell(says)} |`,
  )
  return `${note('src/messages.ts')}
# Errors

All extend \`MillraceError\` and have a \`code\` that is stable across releases and never given to something else. Where two
copies of the package meet, tell errors apart by it and not by their class. In what they say, \`{…}\` is filled in, and what
stands in \`[…]\` is there where it has something to say.

| code | class | stands for | says |
| --- | --- | --- | --- |
${thrown.join('\n')}

## What may be wrong with a blueprint, or with options

\`validate()\` gives all of it at once, each with \`code\`, \`level\`, \`place\` and \`message\`; \`millrace check\` prints it. \`run()\`
throws the mistakes, in \`ERR_INVALID_BLUEPRINT\`; warnings and notes keep nothing from running. Where options of a method or
of an actor are wrong, they come in \`ERR_INVALID_OPTIONS\`.

| code | level | stands for | says |
| --- | --- | --- | --- |
${found.join('\n')}

## Why the command line runs nothing

One line on stderr, and the exit code is 2. With \`--json\` it is \`{ "type": "error", "code", "message" }\`. What a module has
against its arguments is said in its own words.

| code | stands for | says |
| --- | --- | --- |
${refused.join('\n')}
${retired.length > 0 ? `\nNo longer said, and never to be given to something else: ${retired.join(', ')}.\n` : ''}`
}

/** Every code of an error, with the class that has it, which is called after it. */
export function errors(): { name: string; code: string; is: string; says: string }[] {
  return Object.entries(errorMessages).map(([code, { is, says }]) => {
    const words = code.replace(/^ERR_/, '').toLowerCase().split('_')
    const name = words.map(word => `${word[0]!.toUpperCase()}${word.slice(1)}`).join('')
    const known = [name, `${name}Error`].find(name => name in classes)
    if (!known) throw new Error(`there is no class for ${code}`)
    return { name: known, code, is, says }
  })
}

/** A bar would begin another cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function note(source: string): string {
  return `<!-- Written by \`npm run docs\` from ${source}: change it there. -->\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('docs/reference/', root), { recursive: true })
  for (const [path, text] of Object.entries(pages())) writeFileSync(new URL(path, root), text)
}
