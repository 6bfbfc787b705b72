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
import { oneLine, Refused } from './refused.ts'
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
  if (!blueprint) throw new Refused(noPipeline(exports, value, file))
  for (const name of ['report', 'deadLetter'] as const) {
    const given: unknown = job?.[name]
    if (given === undefined || typeof given === 'function') continue
    throw new Refused(`\`${name}\` of ${file} must be a function, got ${oneLine(shown(given))}`)
  }
  return { ...(job as Job), blueprint }
}

function mustExist(file: string): void {
  const stats = statsOf(file)
  if (!stats) throw new Refused(`there is no file ${file}: give the path of a module that exports a pipeline`)
  if (stats.isDirectory()) throw new Refused(`${file} is a folder: give the path of a module in it`)
}

function statsOf(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    const why = (error as Error).message.split(',')[0]
    throw new Refused(`cannot read ${file}: ${why}; give the path of a module that exports a pipeline`, {
      cause: error,
    })
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
      throw new Refused(`cannot load ${file}: give a module of JavaScript or TypeScript`, { cause: error })
    }
    const says = `cannot load ${file}: ${oneLine(described(error))}`
    throw new Refused(says + (await blame(error, resolve(file))), { cause: error })
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as { code?: unknown } | null | undefined)?.code))
}

/** A function is given the arguments, and what it throws is what is wrong with them. */
async function jobOf(value: unknown, file: string, args: readonly string[] | undefined): Promise<unknown> {
  if (typeof value !== 'function' || blueprintOf(value)) {
    if (args === undefined || args.length === 0) return value
    throw new Refused(`${file} takes no arguments, got ${args.join(' ')}: its default export is no function of them`)
  }
  try {
    return await value([...(args ?? [])])
  } catch (error) {
    // A plain Error is a sentence to the user; any other is a mistake in the module.
    const isSaid = error instanceof Error && (error.constructor === Error || hasCode(error, ...badArguments))
    if (isSaid) throw new Refused(oneLine(error.message), { cause: error })
    const says = oneLine(`the default export of ${file} threw ${described(error)}`)
    throw new Refused(says + (await blame(error, resolve(file))), { cause: error })
  }
}

/** What `parseArgs` of Node throws. */
const badArguments = [
  'ERR_PARSE_ARGS_UNKNOWN_OPTION',
  'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL',
  'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
]

function noPipeline(exports: Record<string, unknown>, value: unknown, file: string): string {
  if (exports.default !== undefined && value === undefined) {
    return `the default export of ${file} gave nothing: it must return what \`pipeline(…)\` gives`
  }
  const named = Object.keys(exports).filter(name => name !== 'default' && blueprintOf(exports[name]))
  if (!('default' in exports)) {
    const what =
      named.length > 0 ? `it exports ${named.join(', ')} by name, add \`export default ${named[0]}\`` : undefined
    return `${file} has no default export: ${what ?? 'it must be what `pipeline(…)` gives, or a function that gives it'}`
  }
  const subject = typeof exports.default === 'function' ? 'what the default export of' : 'the default export of'
  const gives = typeof exports.default === 'function' ? ' gives' : ''
  const hint =
    named.length > 0
      ? `it exports ${named.join(', ')} by name, add \`export default ${named[0]}\``
      : 'it must be what `pipeline(…)` gives, or a function that gives it'
  return `${subject} ${file}${gives} is no pipeline, but ${oneLine(shown(value))}: ${hint}`
}
