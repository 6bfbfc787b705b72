import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as shelf from '../../actors/index.ts'

const root = new URL('../../../', import.meta.url) // dist/test/actors → here
const files = readdirSync(new URL('actors', root)).filter(name => !['index.ts', 'file.ts'].includes(name))
const nameOf = (file: string) => file.replace('.ts', '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

const all = suite('the shelf')

all('exports what each of its files is called after, and what belongs to that', () => {
  const beside = ['UnreadableFile', 'linesWritten']
  assert.equal(Object.keys(shelf).sort(), [...files.map(nameOf), ...beside].sort())
})

all('has a test and a row in the guide for each', () => {
  const tests = readdirSync(new URL('test/actors', root))
  const guide = readFileSync(new URL('docs/guide/5-the-shelf.md', root), 'utf8')
  for (const file of files) {
    assert.ok(tests.includes(file.replace('.ts', '.test.ts')), file)
    assert.match(guide, new RegExp(`^\\| \`${nameOf(file)}\\(`, 'm'))
  }
})

all.run()
