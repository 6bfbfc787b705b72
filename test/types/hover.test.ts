/** What an editor shows: of a pipeline its items, and not how the compiler came by them. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const hover = suite('an editor')

const folder = fileURLToPath(new URL('../../../test/types/', import.meta.url))
const file = join(folder, 'hovered.ts')

/** There is no such file: each constant is asked for by its name. */
const text = `
import { defineActor, pipeline, type StandardSchema } from 'millrace'
const numbers = pipeline('p').from([1, 2])
const mapped = numbers.map(n => (n > 1 ? 'a' : n > 0 ? 3 : undefined))
const fn = numbers.stage('s', async n => (n > 1 ? 'a' : 3))
const yielded = numbers.stage('s', function* (n) { yield n; yield 'a' })
const fold = numbers.stage('s', { start: () => ({ n: 0 }), receive: () => {}, flush: ({ n }) => [n] })
const place = numbers.stage('s', defineActor('d', n => n > 1))
const actor = defineActor('a', import.meta, function* (n: number) { yield n; yield 'a' })
const typed = numbers.filter((n): n is 1 => n === 1)
const schema: StandardSchema<{ id: number }> = { '~standard': { version: 1, validate: value => ({ value }) } }
const checked = numbers.stage('s', u => u.id, { schema })
const anything = defineActor('a', import.meta, { schema, receive: u => u.id })
`
const shows: Readonly<Record<string, string>> = {
  numbers: 'Pipeline<never, number, undefined>',
  mapped: 'Pipeline<never, "a" | 3, undefined>',
  fn: 'Pipeline<never, "a" | 3, undefined>',
  yielded: 'Pipeline<never, number | "a", undefined>',
  fold: 'Pipeline<never, number[], undefined>',
  place: 'Pipeline<never, boolean, undefined>',
  actor: 'Actor<number, number | "a", Home>',
  typed: 'Pipeline<never, 1, undefined>',
  checked: 'Pipeline<never, number, undefined>',
  anything: 'Actor<unknown, number, Home>',
}

// No newer compiler has a language service in JavaScript.
const ts = createRequire(import.meta.url)('typescript-5.9')
const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name: string) => {
    const found = name === file ? text : ts.sys.readFile(name)
    return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found)
  },
  getCurrentDirectory: () => folder,
  getCompilationSettings: () =>
    ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile).config,
      ts.sys,
      folder,
    ).options,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (name: string) => name === file || ts.sys.fileExists(name),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
  realpath: ts.sys.realpath,
})

hover('finds nothing wrong with what is shown here', () => {
  assert.equal(
    service.getSemanticDiagnostics(file).map((each: any) => ts.flattenDiagnosticMessageText(each.messageText, ' ')),
    [],
  )
})

for (const [name, type] of Object.entries(shows)) {
  hover(`shows what it is: ${name}`, () => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(`const ${name} `) + 'const '.length)
    assert.is(ts.displayPartsToString(info.displayParts), `const ${name}: ${type}`)
  })
}

hover.run()
