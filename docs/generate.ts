/**
 * Writes what of the reference follows from the sources: `npm run docs`. A test says whether it is up to date.
 *
 *     src/options.ts  ─▶  docs/reference/options.md
 *     src/errors.ts   ─▶  docs/reference/errors.md
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  askOptions,
  behaviourOptions,
  consumeOptions,
  type Options,
  runOptions,
  sourceOptions,
  stageOptions,
  stopOptions,
  supervisionOptions,
} from '../src/options.ts'

const root = new URL('../../', import.meta.url) // dist/docs → here

/** Every generated page, by its path. */
export function pages(): Record<string, string> {
  return { 'docs/reference/options.md': optionsPage(), 'docs/reference/errors.md': errorsPage() }
}

/** Every table of options: what it is about, and where it is written. */
export const tables: readonly [title: string, where: string, options: Options][] = [
  ['A stage', '.stage(name, body, { … })', stageOptions],
  ['A behaviour', '{ receive, … } or { stream, … }', behaviourOptions],
  ['A source', '.from(source, { … })', sourceOptions],
  ['A pipeline', '.supervise({ … })', supervisionOptions],
  ['A run', '.run({ … })', runOptions],
  ['A consumer', 'run.consume(fn, { … })', consumeOptions],
  ['A question', 'run.ask(item, { … })', askOptions],
  ['A stop', 'run.stop({ … })', stopOptions],
]

function optionsPage(): string {
  return `${note('src/options.ts')}
# Options

All are checked before anything starts, and all that is wrong is said at once. A name that is none of these is a mistake too. An
option that is \`undefined\` counts as left out.

${tables.map(section).join('\n')}`
}

function section([title, where, options]: (typeof tables)[number]): string {
  const rows = Object.entries(options).map(
    ([name, { expected, default: value, doc }]) =>
      `| \`${name}\` | ${cell(doc)} | ${cell(expected)} | ${cell(value)} |`,
  )
  return `## ${title}: \`${where}\`

| option | says | may be | default |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function errorsPage(): string {
  const rows = errors().map(({ name, code, doc }) => `| \`${code}\` | \`${name}\` | ${cell(doc)} |`)
  return `${note('src/errors.ts')}
# Errors

All extend \`MillraceError\` and have a \`code\` that is stable across releases and never reused. Where two copies of the package
meet, tell errors apart by it and not by their class.

| code | class | says |
| --- | --- | --- |
${rows.join('\n')}
`
}

/** Read from the text: the sentence about a class is its comment, which is gone when the program runs. */
export function errors(): { name: string; code: string; doc: string }[] {
  const source = readFileSync(new URL('src/errors.ts', root), 'utf8')
  const classes = [...source.matchAll(/^export class (\w+) extends MillraceError \{$.*?^\}$/gms)]
  return classes.map(({ 0: text, 1: name = '', index }) => {
    const [, code] = /super\(\s*'(ERR_\w+)'/.exec(text) ?? []
    const [, doc] = /\/\*\*((?:(?!\*\/).)*)\*\/\s*$/s.exec(source.slice(0, index)) ?? []
    if (!code || !doc) throw new Error(`src/errors.ts: ${name} needs a code and a comment that says what it is`)
    return { name, code, doc: doc.replaceAll(/\s*\n \*\s*/g, ' ').trim() }
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
