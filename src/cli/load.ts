/** Gets the pipeline out of a module. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { described, shown } from '../errors.ts'
import { type Blueprint, blueprintOf } from '../pipeline/blueprint.ts'
import type { Pipeline } from '../pipeline/language.ts'
import { oneLine, Refused } from './lines.ts'

export interface Loaded {
  readonly pipeline: Pipeline<any, unknown>
  readonly blueprint: Blueprint
}

/** @throws {Refused} when there is no such file, or no pipeline in it. */
export async function load(file: string): Promise<Loaded> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Refused(`there is no file ${file}`)
  const exports = await imported(file)
  const blueprint = blueprintOf(exports.default)
  if (blueprint) return { pipeline: exports.default as Pipeline<any, unknown>, blueprint }
  const found = 'default' in exports ? `, but ${oneLine(shown(exports.default))}` : ''
  const named = Object.keys(exports).filter(name => blueprintOf(exports[name]))
  const hint = named.length > 0 ? `: it exports ${named.join(', ')} by name, add \`export default ${named[0]}\`` : ''
  throw new Refused(`the default export of ${file} is no pipeline${found}${hint}`)
}

async function imported(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>
  } catch (error) {
    if (/\.[cm]?ts$/.test(file) && (error as { code?: unknown } | undefined)?.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new Refused(
        `Node ${process.version} cannot load ${file}: compile it to JavaScript, or use Node 22.18 or newer`,
      )
    }
    throw new Refused(`cannot load ${file}: ${oneLine(described(error))}`)
  }
}
