/**
 * What must not compile is red at its own line, and says what is wrong; what must compile does. Under both compilers, with
 * and without exact optional properties, against the declarations that ship.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const messages = suite('what the compiler says')

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'test/types')
const locate = createRequire(import.meta.url).resolve
const compilers = ['typescript', 'typescript-5.9'].map(name => join(dirname(locate(`${name}/package.json`)), 'bin/tsc'))

/** An error, by file and line: its message, line by line. */
type Errors = Map<string, string[]>

/**
 * What the files in `wrong` expect, by file and line. Comments above a line say it: `// error: TEXT` is a line of the message
 * in this order, and the first of them its head; `// error: with TEXT, TEXT` are parts of it, where compilers differ.
 */
function expected(): Errors {
  const all: Errors = new Map()
  for (const name of readdirSync(join(folder, 'wrong'))) {
    let texts: string[] = []
    for (const [i, line] of readFileSync(join(folder, 'wrong', name), 'utf8')
      .split('\n')
      .entries()) {
      const text = /^\s*\/\/ error: (.*)$/.exec(line)?.[1]
      if (text !== undefined) texts.push(text)
      else if (texts.length > 0) {
        all.set(`wrong/${name}:${i + 1}`, texts)
        texts = []
      }
    }
  }
  return all
}

/** What a compiler prints: `FILE(LINE,COLUMN): error TSn: TEXT`, and lines with two spaces that explain. */
function compile(compiler: string, exact: boolean): Promise<Errors> {
  const args = [compiler, '-p', folder, '--pretty', 'false', '--exactOptionalPropertyTypes', String(exact)]
  return new Promise(resolve => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 24 }, (_error, stdout) => {
      const all: Errors = new Map()
      let last: string[] = []
      for (const line of stdout.split('\n').filter(line => line !== '')) {
        const [, file, at, text] = /^(\S+)\((\d+),\d+\): error (TS\d+: .*)$/.exec(line) ?? []
        if (file === undefined) last.push(line.trim())
        else {
          const place = `${file}:${at}`
          all.set(place, [...(all.get(place) ?? []), text!])
          last = all.get(place)!
        }
      }
      resolve(all)
    })
  })
}

/** What is not as expected, in words. */
function differences(found: Errors): string[] {
  const wanted = expected()
  const unexpected = [...found].filter(([place]) => !wanted.has(place))
  return [
    ...unexpected.map(([place, text]) => `${place} should compile: ${text.join(' ')}`),
    ...[...wanted].flatMap(([place, texts]) => {
      const [head, ...more] = found.get(place) ?? []
      if (head === undefined) return [`${place} should not compile: ${texts.join(' ')}`]
      const lines = [head.replace(/^TS\d+: /, ''), ...more]
      const isTold = texts.every((text, i) => {
        if (!text.startsWith('with ')) return lines[i] === text
        return text
          .slice(5)
          .split(', ')
          .every(part => lines.join('\n').includes(part))
      })
      return isTold && !head.startsWith('TS2769') ? [] : [`${place} says: ${lines.join('\n  ')}`]
    }),
  ]
}

const cases = [
  ['TypeScript 7', compilers[0]!, true],
  ['TypeScript 7', compilers[0]!, false],
  ['TypeScript 5.9', compilers[1]!, true],
  ['TypeScript 5.9', compilers[1]!, false],
] as const
let found: Promise<Errors>[] = []
messages.before(() => {
  found = cases.map(([, compiler, exact]) => compile(compiler, exact)) // at once: there is more than one core
})
for (const [i, [version, , exact]] of cases.entries()) {
  messages(`is what the files expect: ${version}, exact optional properties ${exact ? 'on' : 'off'}`, async () => {
    assert.equal(differences(await found[i]!), [])
  })
}

messages.run()
