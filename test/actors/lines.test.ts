import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnreadableFile } from '../../actors/index.ts'
import { type LinesOptions, lines } from '../../actors/lines.ts'
import { InvalidOption, InvalidOptions, pipeline, StageFailed } from '../../src/index.ts'
import { inFolder, openFiles } from '../support/folder.ts'
import { all, take } from '../support/take.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const read = suite('lines')

read('gives what stands between line ends, whichever they are, and the last one without', () =>
  inFile('one\ntwo\r\n\nfour\rstill four\n five ', async path => {
    assert.equal(await all(pipeline('t').from(lines(path)).run()), ['one', 'two', '', 'four\rstill four', ' five '])
  }),
)

read('gives none of an empty file, one of a line end, and none after the last line end', async () => {
  await inFile('', async path => assert.equal(await linesOf(path), []))
  await inFile('\n', async path => assert.equal(await linesOf(path), ['']))
  await inFile('a\n', async path => assert.equal(await linesOf(path), ['a']))
})

read('can be run twice, and takes a URL', () =>
  inFile('a\nb', async path => {
    const twice = pipeline('t').from(lines(pathToFileURL(path)))
    assert.equal(await all(twice.run()), ['a', 'b'])
    assert.equal(await all(twice.run()), ['a', 'b'])
  }),
)

read('puts characters together that end in the next piece of the file', async () => {
  for (const shift of [0, 1, 2, 3]) {
    const text = `${'x'.repeat(shift)}${'€😀é'.repeat(20_000)}\r\nend`
    await inFile(text, async path => assert.equal(await linesOf(path), text.split('\r\n')))
  }
})

read('gives the lines of any text, however long, packed or not', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.nat(70_000).map(length => 'é'.repeat(length)),
  )
  const text = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
  const property = fc.asyncProperty(text, fc.boolean(), async ([parts, end, isEnded], isPacked) => {
    const expected = parts.map(part => part.replace(/[\r\n\ufeff]/g, ''))
    const content = Buffer.from(expected.join(end) + (isEnded && expected.length > 0 ? end : ''))
    if (!isEnded && expected.at(-1) === '') expected.pop()
    await inFile(isPacked ? gzipSync(content) : content, async path => assert.equal(await linesOf(path), expected))
  })
  await fc.assert(property, { numRuns: 60 })
})

read('leaves out a byte-order mark, and reads other encodings', async () => {
  await inFile('\ufeffa', async path => assert.equal(await linesOf(path), ['a']))
  await inFile(Buffer.from('\ufeffä\n€', 'utf16le'), async path =>
    assert.equal(await linesOf(path, { encoding: 'utf-16le' }), ['ä', '€']),
  )
  await inFile(Buffer.from([0xe4, 0x0a, 0x80]), async path => {
    assert.equal(await linesOf(path, { encoding: 'windows-1252' }), ['ä', '€'])
    assert.equal(await linesOf(path), ['\ufffd', '\ufffd'])
  })
})

/* ── Packed ─────────────────────────────────────────────────────────────── */

read('unpacks what begins as gzip does, and every part of it', () =>
  inFile(Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd')]), async path => {
    assert.equal(await linesOf(path), ['a', 'bc', 'd'])
    assert.is((await linesOf(path, { gzip: false }))[0]?.charCodeAt(0), 0x1f)
  }),
)

read('takes an empty file for no lines, whatever its name', () =>
  inFile('', async path => assert.equal(await linesOf(path), []), 'empty.gz'),
)

read('fails, by name, with what is no gzip but says so, and with what is cut off', async () => {
  await inFile('plain', path => fails(lines(path), /^cannot read .*\/a\.gz: incorrect header check$/), 'a.gz')
  await inFile('plain', path => fails(lines(path, { gzip: true }), /incorrect header check$/))
  await inFile(gzipSync('x'.repeat(1_000)).subarray(0, 20), path => fails(lines(path), /unexpected end of file$/))
})

/* ── What goes wrong ────────────────────────────────────────────────────── */

read('fails with the path of a file that is not there, or is a folder', () =>
  inFolder(async folder => {
    const path = join(folder, 'no such file')
    const error = await fails(lines(path), /^cannot read .*\/no such file: ENOENT: no such file or directory/)
    assert.is(error.path, path)
    assert.is((error.cause as NodeJS.ErrnoException).code, 'ENOENT')
    await fails(lines(folder), /EISDIR: illegal operation on a directory, read$/)
  }),
)

read('fails with a line that is too long, by its number, before it has read it', () =>
  inFile(`short\n${'x'.repeat(1_000_000)}`, async path => {
    assert.equal((await linesOf(path)).length, 2)
    const error = await fails(
      lines(path, { maxLength: 10 }),
      /, line 2: it has more than 10 characters: raise `maxLength`$/,
    )
    assert.is(error.line, 2)
  }),
)

read('closes its file when the run is stopped, cancelled, or has failed', () =>
  inFile(`${'line\n'.repeat(500_000)}`, async path => {
    if (openFiles(path) === undefined) return // this system does not say
    const isClosed = () => openFiles(path)?.length === 0
    for (const source of [lines(path), lines(path, { gzip: false })]) {
      const stopped = pipeline('t').from(source).run()
      const reader = stopped[Symbol.asyncIterator]()
      assert.equal(await take(reader, 2), ['line', 'line'])
      assert.is(openFiles(path)?.length, 1)
      await within(5_000, stopped.stop())
      await until(isClosed, 'closing after stop')

      for await (const _ of pipeline('t').from(source).run()) break
      await until(isClosed, 'closing after a loop that was left')

      const failing = pipeline('t')
        .from(source)
        .map(() => {
          throw new Error('no')
        })
      await failing.run().done.catch(() => {})
      await until(isClosed, 'closing after a failure')
    }
  }),
)

read('closes a packed file, too', () =>
  inFile(gzipSync(Array.from({ length: 500_000 }, (_, n) => `line ${n}\n`).join('')), async path => {
    if (openFiles(path) === undefined) return
    for await (const _ of pipeline('t').from(lines(path)).run()) break
    await until(() => openFiles(path)?.length === 0, 'closing')
  }),
)

read('reads no further than the pipeline goes', () =>
  inFile('0123456789\n'.repeat(1_000_000), async path => {
    const run = pipeline('t').from(lines(path), { capacity: 10 }).run()
    await take(run[Symbol.asyncIterator](), 1)
    assert.ok(run.snapshot().stages.every(({ queued }) => queued <= 10))
    const { received } = await within(5_000, run.stop())
    assert.ok(received < 2_000, `${received}`)
  }),
)

read('does not count what ends a line', () =>
  inFile('four\r\nfive!\r\n', async path => {
    assert.equal(await linesOf(path, { maxLength: 5 }), ['four', 'five!'])
    const failing = async (content: string, maxLength: number) =>
      inFile(content, async path => fails(lines(path, { maxLength }), /line 1: it has more than \d characters/))
    for (const text of ['four\r\n', 'four\n', 'four', 'fo\r\r\n']) await failing(text, text.startsWith('four') ? 3 : 2)
  }),
)

read('refuses a path that is none, and options that it does not know', () => {
  for (const path of [undefined, null, '', 3, {}]) {
    assert.throws(
      () => lines(path as never),
      (error: unknown) => error instanceof InvalidOption,
    )
  }
  assert.throws(
    () => lines('a', { encodign: 'latin1' } as never),
    (error: unknown) => error instanceof InvalidOptions && /did you mean `encoding`\?, in lines$/.test(error.message),
  )
  for (const options of [{ encoding: 'klingon' }, { gzip: 'yes' }, { maxLength: 0 }]) {
    assert.throws(
      () => lines('a', options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

read.run()

async function inFile(content: string | Uint8Array, test: (path: string) => Promise<unknown>, name = 'file') {
  await inFolder(async folder => {
    const path = join(folder, name)
    writeFileSync(path, content)
    await test(path)
  })
}

function linesOf(path: string, options?: LinesOptions): Promise<string[]> {
  return all(lines(path, options)())
}

/** Runs a source that fails, and gives why. */
async function fails(source: () => AsyncIterable<string>, message: RegExp): Promise<UnreadableFile> {
  const failure = await all(pipeline('t').from(source).run()).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(failure, StageFailed)
  const { cause } = failure as StageFailed
  assert.instance(cause, UnreadableFile)
  assert.match((cause as UnreadableFile).message, message)
  return cause as UnreadableFile
}
