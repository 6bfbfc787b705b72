/**
 * Finds duplicate files below a folder: what `millrace run` is given.
 *
 *     npm start [-- [DIR] [--on inline|threads|processes] [--workers N] [--json]]
 *
 * 0: done, though some files may have been unreadable (they are named) · 1: the answer could not be written · 2: wrong
 * arguments · 130, 143: ended by a signal
 */
import { opendirSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkOptions, type DeadLetter, type Job, type Options } from 'millrace'
import type { Entry } from 'millrace/actors'
import { duplicates, findingsOf, type Group, reason, walk } from './pipeline.ts'
import { jsonLines, report, unreadLine } from './report.ts'

const usage = 'usage: npm start [-- [DIR] [--on inline|threads|processes] [--workers N] [--json]]'

/** @throws {Error} when the arguments are wrong: one line that says what to do. */
export default function job(args: string[]): Job<Group> {
  // npm runs a script in the folder of its project; the user means a DIR seen from where they are.
  if (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
  const { dir, on, workers, json } = readArguments(args)
  return {
    pipeline: duplicates(walk(dir), { workers, on }),
    async *report(results, run) {
      const findings = await findingsOf(results, run)
      yield* json ? jsonLines(findings) : report(findings)
    },
    deadLetter({ item, error }: DeadLetter<Entry<Buffer>>) {
      return unreadLine({ path: item.path, why: reason(error) })
    },
  }
}

const places = ['inline', 'threads', 'processes'] as const
type Place = (typeof places)[number]

/** What may be said: checked, and misspelt names understood, as millrace does it with options. */
const flags = {
  '--workers': {
    expected: 'a whole number from 1 to 64',
    accepts: isWorkers,
    default: '4',
    doc: 'How many files at once.',
  },
  '--on': {
    expected: "'inline', 'threads' or 'processes'",
    accepts: on => places.includes(on as Place),
    default: 'inline',
    doc: 'Where files are read.',
  },
  '--json': { expected: 'without a value', accepts: json => json === true, doc: 'For programs to read.' },
  '--help': { expected: 'without a value', accepts: help => help === true, doc: 'How it is used.' },
} satisfies Options

function readArguments(args: string[]): { dir: string; on: Place; workers: number; json: boolean } {
  const { values, positionals } = parseArgs({
    args,
    strict: false, // what is wrong with them is said below
    allowPositionals: true,
    options: {
      on: { type: 'string' },
      workers: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { '--on': on = 'inline', '--workers': workers = '4', '--json': json = false, '--help': help } = checked(values)
  if (help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  if (positionals.length > 1) refuse(`give one folder, not ${positionals.length}`)
  const dir = positionals[0] ?? ownModules()
  try {
    opendirSync(dir).closeSync()
  } catch (error) {
    const why = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder', EACCES: 'may not be read' }
    const { code } = error as NodeJS.ErrnoException
    refuse(
      `${JSON.stringify(dir)} ${why[code as keyof typeof why] ?? `cannot be read (${code})`}: give a folder to look into`,
    )
  }
  return { dir, on: on as Place, workers: Number(workers), json: json === true }
}

function checked(values: Record<string, unknown>): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [`--${name}`, value]))
  try {
    checkOptions(given, flags, 'npm start')
  } catch (error) {
    refuse((error as Error).message)
  }
  return given
}

function isWorkers(text: unknown): boolean {
  return typeof text === 'string' && /^[1-9]\d?$/.test(text) && Number(text) <= 64
}

/** The `node_modules` of this project, as seen from here. */
function ownModules(): string {
  return relative('.', fileURLToPath(new URL('../../../node_modules', import.meta.url))) || '.'
}

function refuse(why: string): never {
  throw new Error(`${why}; ${usage}`)
}
