import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { directory, type UnreadableEntry } from '../../actors/directory.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { inFolder } from '../support/folder.ts'
import { all } from '../support/take.ts'

const walk = suite('directory')

walk('gives every file below, with its size and time, in the order of the names', () =>
  inTree(async tree => {
    const files = await all(pipeline('t').from(directory(tree)).run())
    assert.equal(
      files.map(({ path, ...rest }) => [path.slice(tree.length), 'size' in rest && rest.size]),
      [
        ['/.hidden', 1],
        ['/B.txt', 2],
        ['/a/b/deep.txt', 4],
        ['/a/x.md', 3],
        ['/a.txt', 0],
        ['/é.txt', 5],
      ],
    )
    for (const file of files) {
      if (file.error) throw file.error
      assert.ok(Math.abs(Date.now() - file.modified) < 60_000)
    }
  }),
)

walk('can be run twice, takes a URL, and a folder as it was written', () =>
  inTree(async tree => {
    const twice = pipeline('t').from(directory(pathToFileURL(tree), { stat: false }))
    const [first, second] = [await all(twice.run()), await all(twice.run())]
    assert.equal(first, second)
    assert.is(first[0]?.path, `${tree}/.hidden`)
    assert.equal(Object.keys(first[0]!), ['path'])
    const [slashed] = await all(directory(`${tree}/`)())
    assert.is(slashed?.path, `${tree}/.hidden`)
  }),
)

walk('neither gives links nor follows them, unless the folder is one', () =>
  inTree(async tree => {
    symlinkSync('a', join(tree, 'link to folder'))
    symlinkSync('a.txt', join(tree, 'link to file'))
    symlinkSync('nowhere', join(tree, 'link to nothing'))
    assert.is((await all(directory(tree)())).length, 6)
    const through = await all(directory(join(tree, 'link to folder'))())
    assert.equal(
      through.map(({ path }) => path),
      ['b/deep.txt', 'x.md'].map(name => `${tree}/link to folder/${name}`),
    )
  }),
)

for (const [glob, expected] of [
  ['**/*.txt', ['B.txt', 'a/b/deep.txt', 'a.txt', 'é.txt']],
  ['*.txt', ['B.txt', 'a.txt', 'é.txt']],
  ['a/**', ['a/b/deep.txt', 'a/x.md']],
  ['a/*', ['a/x.md']],
  ['a/b/../*', []],
  ['{a,b}/*.md', ['a/x.md']],
  ['a/{b/deep,x}.*', ['a/b/deep.txt', 'a/x.md']],
  ['.hidden', ['.hidden']],
  [['*.md', 'a/*.md'], ['a/x.md']],
  ['!**/*.txt', ['.hidden', 'a/x.md']],
  ['é.txt', ['é.txt']],
] as const) {
  walk(`gives what matches ${JSON.stringify(glob)}`, () =>
    inTree(async tree => assert.equal(await namesIn(tree, { glob }), expected)),
  )
}

walk('leaves out what is ignored, with all that is in it', () =>
  inTree(async tree => {
    assert.equal(await namesIn(tree, { ignore: ['a', '.*'] }), ['B.txt', 'a.txt', 'é.txt'])
    assert.equal(await namesIn(tree, { ignore: '**/*.txt', glob: '**' }), ['a/x.md'])
  }),
)

walk('does not list folders that no pattern reaches into', () =>
  inTree(async tree => {
    if (process.getuid?.() === 0) await rm(join(tree, 'a'), { recursive: true })
    else await chmod(join(tree, 'a'), 0)
    const met = await all(directory(tree, { glob: ['*.txt', 'c/d/*.txt'] })())
    if (process.getuid?.() !== 0) await chmod(join(tree, 'a'), 0o700)
    assert.ok(met.every(({ error }) => !error))
  }),
)

/* ── What cannot be read ────────────────────────────────────────────────── */

walk('gives a folder that cannot be listed as an item, in its place, and goes on', () =>
  inTree(async tree => {
    const met: string[] = []
    for await (const { path, error } of directory(tree)()) {
      met.push(`${path.slice(tree.length + 1)}${error ? ` ${(error as NodeJS.ErrnoException).code}` : ''}`)
      if (path.endsWith('B.txt')) await rm(join(tree, 'a'), { recursive: true })
    }
    assert.equal(met, ['.hidden', 'B.txt', 'a ENOENT', 'a.txt', 'é.txt'])
  }),
)

walk('gives a file that vanishes before it was looked at as an item', () =>
  inFolder(async folder => {
    for (let n = 10; n < 60; n++) await writeFile(join(folder, `${n}`), '')
    const failed: string[] = []
    for await (const { path, error } of directory(folder)()) {
      if (path.endsWith('10')) await unlink(join(folder, '50'))
      if (error) failed.push(`${path} ${(error as NodeJS.ErrnoException).code}`)
    }
    assert.equal(failed, [`${folder}/50 ENOENT`])
  }),
)

walk('gives a folder that is not there as an item, which may be thrown', async () => {
  const [only, ...others] = await all(directory('no such folder')())
  assert.equal([only?.path, others.length], ['no such folder', 0])
  assert.match(only!.error!.message, /^ENOENT.*no such folder/)
  const run = pipeline('t')
    .from(directory('no such folder'))
    .map(entry => {
      if (entry.error) throw entry.error
      return entry.size
    })
    .run()
  assert.match(String(await all(run).catch((error: unknown) => error)), /ENOENT/)
})

walk('tells `onUnreadable` of them instead, if there is one', () =>
  inTree(async tree => {
    const told: UnreadableEntry[] = []
    const source = directory(tree, { onUnreadable: entry => void told.push(entry) })
    const sizes: number[] = []
    for await (const { path, size } of source()) {
      sizes.push(size) // the compiler knows that it is there
      if (path.endsWith('B.txt')) await rm(join(tree, 'a'), { recursive: true })
    }
    assert.equal(sizes, [1, 2, 0, 5])
    assert.equal(
      told.map(({ path }) => path),
      [`${tree}/a`],
    )
  }),
)

walk('gives names that are not UTF-8 as bytes, or names them as what they are', () =>
  inFolder(async folder => {
    const path = Buffer.concat([Buffer.from(`${folder}/n`), Buffer.from([0xff])])
    try {
      await writeFile(path, 'x')
    } catch {
      return // this file system wants names to be text
    }
    const [bytes] = await all(directory(folder, { encoding: 'buffer' })())
    assert.equal([bytes?.path, bytes?.error], [path, undefined])
    const [text] = await all(directory(folder)())
    assert.match(text!.error!.message, /^its name is not UTF-8: say encoding: 'buffer'$/)
  }),
)

walk('refuses a path that is none, and options that are wrong', () => {
  assert.throws(
    () => directory(undefined as never),
    (error: unknown) => error instanceof InvalidOption,
  )
  for (const options of [
    { glob: '' },
    { glob: [3] },
    { glob: [] },
    { ignore: [''] },
    { encoding: 'latin1' },
    { stat: 1 },
    { onUnreadable: 'throw' },
    { globs: '*' },
  ]) {
    assert.throws(
      () => directory('a', options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

walk.run()

async function inTree(test: (tree: string) => Promise<void>): Promise<void> {
  await inFolder(async tree => {
    mkdirSync(join(tree, 'a/b'), { recursive: true })
    mkdirSync(join(tree, 'empty'))
    for (const [name, content] of [
      ['a.txt', ''],
      ['.hidden', '1'],
      ['B.txt', '12'],
      ['a/x.md', '123'],
      ['a/b/deep.txt', '1234'],
      ['é.txt', '12345'],
    ] as const) {
      writeFileSync(join(tree, name), content)
    }
    await test(tree)
  })
}

async function namesIn(
  tree: string,
  options: { glob?: string | readonly string[]; ignore?: string | readonly string[] },
) {
  const met = await all(directory(tree, options)())
  return met.map(({ path, error }) => (error ? String(error) : path.slice(tree.length + 1)))
}
