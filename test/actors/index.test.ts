import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as shelf from '../../actors/index.ts'
import { InvalidOption, pipeline } from '../../src/index.ts'
import { failureOf } from '../support/failure.ts'

const root = new URL('../../../', import.meta.url) // dist/test/actors → here
const files = readdirSync(new URL('actors', root)).filter(name => !['index.ts', 'file.ts', 'accepts.ts'].includes(name))
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

/** As somebody would write it who does not read types. */
const bare = shelf as unknown as Record<string, never>
const sources = ['lines', 'ndjson', 'csv', 'directory', 'range', 'interval']
const others = ['deadLetterFile', 'linesWritten', 'UnreadableFile']

all('says so where one of its parts was given as it is, and not called', async () => {
  for (const [name, part] of Object.entries(bare)) {
    if (others.includes(name)) continue
    const isSource = sources.includes(name)
    const made = isSource
      ? pipeline('p').from(part)
      : pipeline('p')
          .from([['an item']])
          .stage('s', part)
    const { cause } = await failureOf(made.run().done)
    assert.instance(cause, InvalidOption, name)
    const [wanted, place] = isSource ? ['`source`', '`from`'] : ['`body`', 'a stage']
    const call = ['what `', name, '('].join('')
    assert.ok(cause.message.startsWith([wanted, ' must be ', call].join('')), cause.message)
    assert.ok(cause.message.endsWith([' in ', place].join('')), cause.message)
  }
})

all.run()
