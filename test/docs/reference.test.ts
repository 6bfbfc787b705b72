import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errors, pages, tables } from '../../docs/generate.ts'
import { NoJson } from '../../src/cli/json.ts'
import { UnwritableOutput } from '../../src/cli/refused.ts'
import * as known from '../../src/errors.ts'
import { errorMessages, mistakeMessages, refusalMessages, retired } from '../../src/messages.ts'
import * as options from '../../src/options.ts'
import * as testErrors from '../../src/testing/errors.ts'
import { actorOptions, faultOptions, modelOptions } from '../../src/testing/options.ts'

const root = new URL('../../../', import.meta.url) // dist/test/docs → here
const reference = suite('the reference')

for (const [path, text] of Object.entries(pages())) {
  reference(`${path} is what \`npm run docs\` writes`, () => {
    assert.fixture(readFileSync(new URL(path, root), 'utf8'), text)
  })
}

reference('knows every error, and what it is for', () => {
  const classes = Object.entries({ ...known, ...testErrors, NoJson, UnwritableOutput }).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof known.MillraceError ? [name] : [],
  )
  assert.equal(
    errors()
      .map(({ name }) => name)
      .sort(),
    classes.sort(),
  )
  for (const { name, is } of errors()) assert.match(is, /^\S.*\.$/, name)
})

reference('knows every table of options', async () => {
  const shelf = new URL('dist/actors/', root)
  const modules = readdirSync(shelf).filter(name => name.endsWith('.js') && name !== 'file.js')
  const actors: object[] = await Promise.all(modules.map(name => import(new URL(name, shelf).href)))
  const all = [options, ...actors].flatMap(module =>
    Object.entries(module).flatMap(([name, value]) =>
      /(Options|Arguments)$/.test(name) && typeof value === 'object' ? [value] : [],
    ),
  )
  assert.equal(new Set(tables.map(([, , table]) => table)), new Set([...all, actorOptions, modelOptions, faultOptions]))
})

reference('has no code twice, and none that was retired', () => {
  const codes = [
    ...Object.keys(errorMessages),
    ...Object.keys(mistakeMessages),
    ...Object.keys(refusalMessages),
    ...retired,
  ]
  assert.is(new Set(codes).size, codes.length)
})

reference('keeps every code that was ever given: test/docs/codes.txt only grows', () => {
  const given = readFileSync(new URL('test/docs/codes.txt', root), 'utf8').trimEnd().split('\n')
  const codes = [
    ...Object.keys(errorMessages),
    ...Object.keys(mistakeMessages),
    ...Object.keys(refusalMessages),
    ...retired,
  ]
  assert.equal([...given].sort(), [...codes].sort())
})

reference.run()
