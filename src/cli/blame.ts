/** Which line of a module an error is about: one line for a person who would otherwise need the stack. */
import { execFile } from 'node:child_process'
import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** `file:line`, where it is known. */
export async function blame(error: unknown, file: string): Promise<string | undefined> {
  const stack = error instanceof Error ? String(error.stack) : ''
  return error instanceof SyntaxError ? (headOf(stack) ?? (await parsedApart(file))) : frameOf(stack)
}

const head = /^((?:file:\/\/)?\/.*|[A-Za-z]:\\.*):(\d+)$/m

/** Where Node, or tsx, puts the place of a mistake in syntax: in a line before the stack. */
function headOf(text: string): string | undefined {
  const [, path, line] = head.exec(text) ?? []
  return path && `${named(path)}:${line}`
}

/** The first frame in a file that is neither of Node, nor of a package, nor of millrace. */
function frameOf(stack: string): string | undefined {
  for (const [, path, line] of stack.matchAll(
    /^ {4}at (?:async )?(?:.*? \()?((?:file:\/\/)?\/.*|[A-Za-z]:\\.*?):(\d+):\d+\)?$/gm,
  )) {
    const name = named(path!)
    if (!isOurs(path!) && !name.includes(`node_modules${sep}`)) return `${name}:${line}`
  }
  return undefined
}

const ours = new URL('..', import.meta.url)

function isOurs(path: string): boolean {
  return path.startsWith(ours.href) || path.startsWith(fileURLToPath(ours))
}

/**
 * Node tells the line of a mistake in an ES module to nobody but who dies of it. So another process does: it parses the
 * module and all that it imports, and ends before any of that is run, for what is imported first is run first.
 */
function parsedApart(file: string): Promise<string | undefined> {
  const url = pathToFileURL(file).href
  const program = `import 'data:text/javascript,process.exit()'\nimport ${JSON.stringify(url)}`
  return new Promise(resolve => {
    const options = { timeout: 5_000, env: { ...process.env, NODE_OPTIONS: '' } }
    execFile(process.execPath, ['--input-type=module', '--eval', program], options, (_, __, stderr) => {
      resolve(headOf(stderr))
    })
  })
}

/** As somebody sees it who stands in this folder. */
function named(path: string): string {
  const file = path.startsWith('file:') ? fileURLToPath(path) : path
  const near = relative('.', file)
  return near.startsWith('..') ? file : near
}
