/** TypeScript modules: Node strips their types by itself from 22.18 on; before that, tsx does it, where it is installed. */
import { pathToFileURL } from 'node:url'
import { refused } from './refused.ts'

const typescriptFile = /\.[cm]?tsx?$/

/** Whether this Node loads TypeScript without help. */
function isNative(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript) // newer than the types
}

/** @throws {Refused} where there is nobody to do it. */
export async function registerTypeScript(file: string): Promise<void> {
  if (isNative() || !typescriptFile.test(file)) return
  // Not imported: a worker that needs no help would wait a millisecond for them.
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const { createRequire } = process.getBuiltinModule('node:module')
  for (const from of [pathToFileURL(file).href, import.meta.url]) {
    try {
      // Asked for in CommonJS it is found from anywhere; what is wanted is the form for ES modules, which stands beside it.
      const manifest = createRequire(from).resolve('tsx/package.json')
      const { exports } = JSON.parse(readFileSync(manifest, 'utf8'))
      const { register } = await import(new URL(exports['./esm/api'].import.default, pathToFileURL(manifest)).href)
      register()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException | undefined)?.code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  throw refused('NO_TYPESCRIPT', { version: process.version, file })
}
