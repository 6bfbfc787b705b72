import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { csv } from '../../actors/csv.ts'
import { UnreadableFile } from '../../actors/index.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { inFolder, openFiles } from '../support/folder.ts'
import { all } from '../support/take.ts'
import { until } from '../support/turns.ts'

const read = suite('csv')

read('gives records by the names in the first one', () =>
  inFile('\ufeffname,born\r\nAda,1815\r\n\r\nGrace,1906', async path => {
    const users = pipeline('t').from(csv(path))
    const expected = [
      { name: 'Ada', born: '1815' },
      { name: 'Grace', born: '1906' },
    ]
    assert.equal(await all(users.run()), expected)
    assert.equal(await all(users.run()), expected, 'and a second time')
  }),
)

read('gives arrays without names, and records by names that it is told', () =>
  inFile('Ada;1815\nGrace;1906\n', async path => {
    assert.equal(await all(csv(path, { headers: false, delimiter: ';' })()), [
      ['Ada', '1815'],
      ['Grace', '1906'],
    ])
    const named = await all(csv(path, { headers: ['name', 'born'], delimiter: ';' })())
    const years: string[] = named.map(({ born }) => born)
    assert.equal(years, ['1815', '1906'])
  }),
)

read('takes quoted fields as they are: delimiters, line breaks, quotes, white space', () =>
  inFile('a,b\n"1,2","two\r\nlines"\n"say ""so""",  x \n', async path => {
    assert.equal(await all(csv(path)()), [
      { a: '1,2', b: 'two\r\nlines' },
      { a: 'say "so"', b: '  x ' },
    ])
  }),
)

read('gives back any table, packed or not, whatever its fields', async () => {
  const tables = fc.integer({ min: 1, max: 4 }).chain(width => {
    const row = fc.array(fc.string({ unit: 'grapheme' }), { minLength: width, maxLength: width })
    return fc.array(row, { maxLength: 8 })
  })
  const property = fc.asyncProperty(tables, fc.boolean(), async (rows, isPacked) => {
    const text = rows.map(row => `${row.map(field => `"${field.replaceAll('"', '""')}"`).join(',')}\n`).join('')
    await inFile(isPacked ? gzipSync(text) : text, async path => {
      assert.equal(await all(csv(path, { headers: false })()), rows)
    })
  })
  await fc.assert(property, { numRuns: 60 })
})

const few = 'and not as many as there are columns'
for (const [wrong, content, line, says, options] of [
  ['a record that is too short', 'a,b\n1,2\n3\n', 3, `it has 1 field, ${few}`, {}],
  ['a record that is too long', 'a,b\n1,2\n3,4,5\n', 3, `it has 3 fields, ${few}`, {}],
  ['an array that is too short', '1,2\n3\n', 2, `it has 1 field, ${few}`, { headers: false }],
  [
    'a quote that does not end',
    'a\n1\n"2\n3\n',
    undefined,
    'a double quote that opens in record 2 is never closed',
    {},
  ],
  ['a quote in the middle of a field', 'a\n1"2"\n', 2, 'put the field in quotes, and write this one twice', {}],
  ['more than a quoted field', 'a\n"1"2\n', 2, 'write one that belongs to the text twice', {}],
  ['two columns of one name', 'a,b,a\n1,2,3\n', 1, 'two columns are called "a": name them by `headers`', {}],
  [
    'a record past `maxLength`',
    `a\n${'x'.repeat(100)}\n`,
    2,
    'more than 50 characters: raise `maxLength`',
    { maxLength: 50 },
  ],
] as const) {
  read(`names file and line of ${wrong}`, () =>
    inFile(content, async path => {
      const error = await all(csv(path, options as object)()).catch((error: unknown) => error)
      assert.instance(error, UnreadableFile)
      const { message, ...where } = error as UnreadableFile
      assert.equal([where.path, where.line], [path, line])
      assert.match(message, says)
    }),
  )
}

read('takes every end of a line that there is', () =>
  inFile('a,b\r1,2\r\n3,4\n5,6', async path => {
    assert.equal(await all(csv(path, { headers: false })()), [
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ])
  }),
)

read('fails with the path of a file that is not there', async () => {
  const failure = await all(pipeline('t').from(csv('no such file')).run()).catch((error: Error) => error.cause)
  assert.match((failure as Error).message, /^cannot read no such file: ENOENT/)
})

read('has no names but those of the file: a column may be called as what objects have', () =>
  inFile('constructor,__proto__\n1,2\n', async path => {
    const [row] = await all(csv(path)())
    assert.equal(Object.keys(row!), ['constructor', '__proto__'])
    assert.is(({} as Record<string, unknown>)['2'], undefined)
  }),
)

read('closes its file when nobody reads on', () =>
  inFile(`a,b\n${'1,2\n'.repeat(500_000)}`, async path => {
    if (openFiles(path) === undefined) return
    for await (const _ of pipeline('t').from(csv(path)).run()) break
    await until(() => openFiles(path)?.length === 0, 'closing')
  }),
)

read('refuses a path that is none, and options that are wrong', () => {
  assert.throws(
    () => csv('' as never),
    (error: unknown) => error instanceof InvalidOption,
  )
  assert.throws(
    () => csv(new URL('https://example.org/a.csv')),
    (error: unknown) => error instanceof InvalidOption,
  )
  for (const options of [
    { headers: ['a', 'a'] },
    { headers: 'a' },
    { headers: [] },
    { delimiter: '' },
    { delimiter: '\n' },
    { delimiter: '"' },
    { header: true },
    { maxLength: 0 },
  ]) {
    assert.throws(
      () => csv('a', options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

read.run()

async function inFile(content: string | Uint8Array, test: (path: string) => Promise<unknown>) {
  await inFolder(async folder => {
    const path = join(folder, 'file')
    writeFileSync(path, content)
    await test(path)
  })
}
