import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errors, pages, tables } from '../../docs/generate.ts'
import * as known from '../../src/errors.ts'
import * as options from '../../src/options.ts'

const root = new URL('../../../', import.meta.url) // dist/test/docs → here
const reference = suite('the reference')

for (const [path, text] of Object.entries(pages())) {
  reference(`${path} is what \`npm run docs\` writes`, () => {
    assert.fixture(readFileSync(new URL(path, root), 'utf8'), text)
  })
}

reference('knows every error, and what it is for', () => {
  const classes = Object.entries(known).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof known.MillraceError ? [name] : [],
  )
  assert.equal(
    errors()
      .map(({ name }) => name)
      .sort(),
    classes.sort(),
  )
  for (const { name, doc } of errors()) assert.match(doc, /^\S.*\.$/, name)
})

reference('knows every table of options', () => {
  const all = Object.entries(options).flatMap(([name, value]) =>
    name.endsWith('Options') && typeof value === 'object' ? [value] : [],
  )
  assert.equal(new Set(tables.map(([, , table]) => table)), new Set(all))
})

reference('has no code twice', () => {
  const codes = errors().map(({ code }) => code)
  assert.is(new Set(codes).size, codes.length)
})

reference.run()
