/** Gets the pipeline out of a module. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { described, shown } from '../errors.ts'
import { type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import { blame } from './blame.ts'
import type { Command } from './flags.ts'
import type { Job } from './job.ts'
import type { Output } from './output.ts'
import { oneLine, Refused, refused } from './refused.ts'
import { registerTypeScript } from './typescript.ts'

export interface Loaded extends Job {
  readonly blueprint: Blueprint
}

/** @throws {Refused} when there is no such file, or no pipeline in it. */
export async function load({ file, args }: Command, output: Output): Promise<Loaded> {
  mustExist(file)
  output.lastWords = { text: `cannot load ${file}: it waits for something that never comes`, code: 2 }
  const exports = await imported(file)
  const value = await jobOf(exports.default, file, args)
  output.lastWords = undefined
  const job = (blueprintOf(value) ? { pipeline: value } : value) as Partial<Job> | null | undefined
  const blueprint = blueprintOf(job?.pipeline)
  if (!blueprint) throw noPipeline(exports, value, file)
  for (const name of ['report', 'deadLetter'] as const) {
    const given: unknown = job?.[name]
    if (given === undefined || typeof given === 'function') continue
    throw refused('NOT_A_HOOK', { name, file, actual: shown(given) })
  }
  return { ...(job as Job), blueprint }
}

function mustExist(file: string): void {
  const stats = statsOf(file)
  if (!stats) throw refused('FILE_MISSING', { file })
  if (stats.isDirectory()) throw refused('FILE_IS_FOLDER', { file })
}

function statsOf(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    throw refused('FILE_OUT_OF_REACH', { file, why: (error as Error).message.split(',')[0] }, error)
  }
}

async function imported(file: string): Promise<Record<string, unknown>> {
  await registerTypeScript(file)
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>
  } catch (error) {
    if (
      hasCode(error, 'ERR_UNKNOWN_FILE_EXTENSION', 'ERR_IMPORT_ATTRIBUTE_MISSING', 'ERR_IMPORT_ASSERTION_TYPE_MISSING')
    ) {
      throw refused('NOT_A_MODULE', { file }, error)
    }
    throw refused('NOT_LOADED', { file, why: described(error), place: await blame(error, resolve(file)) }, error)
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null | undefined)?.code))
}

/** A function is given the arguments, and what it throws is what is wrong with them. */
async function jobOf(value: unknown, file: string, args: readonly string[] | undefined): Promise<unknown> {
  if (typeof value !== 'function' || blueprintOf(value)) {
    if (args === undefined || args.length === 0) return value
    throw refused('ARGUMENTS_NOT_TAKEN', { file, args: args.join(' ') })
  }
  try {
    return await value([...(args ?? [])])
  } catch (error) {
    // A plain Error is a sentence to the user; any other is a mistake in the module.
    const isSaid = error instanceof Error && (error.constructor === Error || hasCode(error, ...badArguments))
    if (isSaid) throw new Refused(oneLine(error.message), { cause: error })
    throw refused('EXPORT_THREW', { file, why: described(error), place: await blame(error, resolve(file)) }, error)
  }
}

/** What `parseArgs` of Node throws. */
const badArguments = [
  'ERR_PARSE_ARGS_UNKNOWN_OPTION',
  'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL',
  'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
]

function noPipeline(exports: Record<string, unknown>, value: unknown, file: string): Refused {
  if (exports.default !== undefined && value === undefined) return refused('NOTHING_GIVEN', { file })
  const named = Object.keys(exports).filter(name => name !== 'default' && blueprintOf(exports[name]))
  const fix =
    named.length > 0
      ? `it exports ${named.join(', ')} by name, add \`export default ${named[0]}\``
      : 'it must be what `pipeline(…)` gives, or a function that gives it'
  if (!('default' in exports)) return refused('NO_DEFAULT_EXPORT', { file, fix })
  const isFunction = typeof exports.default === 'function'
  const what = isFunction ? `what the default export of ${file} gives` : `the default export of ${file}`
  return refused('NO_PIPELINE', { what, actual: shown(value), fix })
}
