import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lines } from '../../actors/lines.ts'
import { linesWritten, type WriteLinesOptions, writeLines } from '../../actors/write-lines.ts'
import { InvalidOption, InvalidOptions, pipeline, StageFailed } from '../../src/index.ts'
import { faulty, runActor } from '../../src/testing/index.ts'
import { inFolder, openFiles } from '../support/folder.ts'
import { all, upTo } from '../support/take.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const write = suite('writeLines')

const texts = (count: number, first = 0) => upTo(count).map(n => `line ${first + n}`)
const text = (lines: readonly string[]) => lines.map(line => `${line}\n`).join('')

write('writes every item as a line, in order, and needs no reader', () =>
  inFile(async path => {
    const { emitted } = await written(path, texts(20_000))
    assert.is(emitted, 0)
    assert.is(readFileSync(path, 'utf8'), text(texts(20_000)))
    assert.equal(filesBeside(path), ['file'])
  }),
)

write('makes an empty file of no items', () =>
  inFile(async path => {
    await written(path, [])
    assert.is(readFileSync(path, 'utf8'), '')
  }),
)

write('writes what `lines` reads, whatever it is', async () => {
  const line = fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\r\n\ufeff]/g, ''))
  const fsync = fc.constantFrom('end', 'always', 'never' as const)
  const property = fc.asyncProperty(fc.array(line), fsync, (items, fsync) =>
    inFile(async path => {
      await written(path, items, { fsync: fsync as 'end' })
      assert.equal(await all(lines(path)()), items)
    }),
  )
  await fc.assert(property, { numRuns: 40 })
})

write('has nothing under the name before the end, and then all; what was there is there until then', () =>
  inFile(async path => {
    writeFileSync(path, 'old')
    const run = pipeline<string>('t').stage('write', writeLines(path)).run()
    await run.send('new')
    await until(() => existsSync(`${path}.partial`) && readFileSync(`${path}.partial`, 'utf8') === 'new\n', 'writing')
    assert.is(readFileSync(path, 'utf8'), 'old')
    await within(5_000, run.stop())
    assert.is(readFileSync(path, 'utf8'), 'new\n')
    assert.equal(filesBeside(path), ['file'])
  }),
)

write('keeps the mode of a file that it replaces, and a link to it', () =>
  inFile(async path => {
    writeFileSync(path, 'old')
    chmodSync(path, 0o640)
    symlinkSync(path, `${path} link`)
    await written(`${path} link`, ['new'])
    assert.is(readFileSync(path, 'utf8'), 'new\n')
    assert.is(statSync(path).mode & 0o777, 0o640)
    assert.equal(filesBeside(path), ['file', 'file link'])
  }),
)

write('takes no more than it can write', () =>
  inFile(async path => {
    let given = 0
    const endless = function* () {
      for (;;) yield 'x'.repeat(1_000 + given++ * 0)
    }
    const run = pipeline('t').from(endless, { capacity: 10 }).stage('write', writeLines(path)).run()
    await until(() => existsSync(`${path}.partial`) && statSync(`${path}.partial`).size > 1_000_000, 'writing')
    const [there, out] = [statSync(`${path}.partial`).size, given * 1_001]
    assert.ok(out - there < 1_000_000, `${out - there} bytes are under way`)
    await within(5_000, run.stop())
    assert.is(statSync(path).size, given * 1_001)
  }),
)

/* ── When it fails ──────────────────────────────────────────────────────── */

write('leaves the name alone when the run fails or is cancelled, and closes its file', () =>
  inFile(async path => {
    writeFileSync(path, 'old')
    const failing = pipeline('t')
      .from(texts(10))
      .map(line => {
        if (line === 'line 5') throw new Error('no')
        return line
      })
      .stage('write', writeLines(path))
      .run()
    await within(
      5_000,
      failing.done.catch(() => {}),
    )
    assert.is(readFileSync(path, 'utf8'), 'old')
    assert.is(readFileSync(`${path}.partial`, 'utf8'), text(texts(5)))
    assert.equal(openFiles(path) ?? [], [])

    const cancel = new AbortController()
    const cancelled = pipeline<string>('t').stage('write', writeLines(path)).run({ signal: cancel.signal })
    await cancelled.send('a')
    cancel.abort(new Error('enough'))
    await within(
      5_000,
      cancelled.done.catch(() => {}),
    )
    assert.is(readFileSync(path, 'utf8'), 'old')
    assert.equal(openFiles(path) ?? [], [])
  }),
)

write('begins anew what a failed run has left', () =>
  inFile(async path => {
    writeFileSync(`${path}.partial`, 'left over, and long\n')
    await written(path, ['new'])
    assert.is(readFileSync(path, 'utf8'), 'new\n')
  }),
)

write('fails an item that is no text, or more than a line, and keeps the others', () =>
  inFile(async path => {
    const items = ['a', 3, 'two\nlines', null, 'b\r', 'c'] as string[]
    const { deadLetters } = await runActor(writeLines(path), items, { onFailure: 'skip' })
    assert.equal(
      deadLetters.map(({ sequence, error }) => `${sequence} ${error}`),
      [
        '1 TypeError: writeLines writes texts, got number: `.map(item => JSON.stringify(item))` makes lines',
        '2 RangeError: one item is one line: it has a line break in it',
        '3 TypeError: writeLines writes texts, got null: `.map(item => JSON.stringify(item))` makes lines',
        '4 RangeError: one item is one line: it has a line break in it',
      ],
    )
    assert.is(readFileSync(path, 'utf8'), 'a\nc\n')
  }),
)

write('loses nothing, and writes nothing twice, when its worker dies or an item is tried again', () =>
  inFile(async path => {
    const flaky = faulty(writeLines(path), { dies: [3, 7], fails: { at: [1, 5], attempt: 1, after: true } })
    const { restarts } = await runActor(flaky, texts(10), { retry: { attempts: 2 } })
    assert.is(restarts, 2)
    assert.is(readFileSync(path, 'utf8'), text(texts(10).filter((_, n) => n !== 3 && n !== 7)))
    assert.equal(openFiles(path) ?? [], [])
  }),
)

write('fails at once where it cannot write, and says where', () =>
  inFile(async path => {
    mkdirSync(path)
    writeFileSync(`${path}/../a file`, '')
    for (const [where, message] of [
      [path, /it is a folder$/],
      [`${path}/no/such/folder`, /cannot write .*: there is no folder .*\/no\/such, make it first$/],
      [`${path}/../a file/below`, /there is no folder .*a file, make it first$/],
    ] as const) {
      const failure = await written(where, ['a']).catch((error: unknown) => error)
      assert.instance(failure, StageFailed)
      assert.match(((failure as StageFailed).cause as Error).message, message)
    }
  }),
)

write('replaces no pipe and no device by a file', () =>
  inFile(async path => {
    if (spawnSync('mkfifo', [path]).status !== 0) return // there are none here
    const failure = await written(path, ['a']).catch((error: unknown) => error)
    assert.match(((failure as StageFailed).cause as Error).message, /^cannot write .*: it is no file/)
    assert.ok(statSync(path).isFIFO())
  }),
)

write('writes what a link points to, also if that is not there yet', () =>
  inFile(async path => {
    const link = `${path} link`
    symlinkSync(basename(path), link)
    await written(link, ['a'])
    assert.is(readFileSync(path, 'utf8'), 'a\n')
    assert.ok(lstatSync(link).isSymbolicLink())
    const loop = `${path} loop`
    symlinkSync(loop, loop)
    const failure = await written(loop, ['a']).catch((error: unknown) => error)
    assert.match(((failure as StageFailed).cause as Error).message, /ELOOP/)
  }),
)

write('has no key, and no second run on the same path', () =>
  inFile(async path => {
    const keyed = await runActor(writeLines(path), ['a'], { key: (line: string) => line })
    assert.is(
      (keyed.failure?.cause as Error | undefined)?.message,
      'writeLines writes one file, so its stage has no `key`',
    )
    const first = pipeline<string>('t').stage('write', writeLines(path)).run()
    await first.send('first')
    await until(() => existsSync(`${path}.partial`))
    const second = await written(path, ['second']).catch((error: Error) => (error.cause as Error).message)
    assert.match(String(second), /another run is writing it$/)
    await within(5_000, first.stop())
    assert.is(readFileSync(path, 'utf8'), 'first\n')
    await written(path, ['third'])
  }),
)

/* ── Resuming ───────────────────────────────────────────────────────────── */

write('goes on where it was cut off, wherever that was, given the same input', async () => {
  const whole = text(texts(50))
  const property = fc.asyncProperty(fc.nat(whole.length), fc.boolean(), (length, isOffset) =>
    inFile(async path => {
      writeFileSync(`${path}.partial`, whole.slice(0, length))
      const position = await linesWritten(path)
      assert.is(position, whole.slice(0, length).split('\n').length - 1)
      if (isOffset) await written(path, texts(50 - position, position), { resume: true, first: position })
      else await written(path, texts(50), { resume: true })
      assert.is(readFileSync(path, 'utf8'), whole)
      assert.equal(filesBeside(path), ['file'])
    }),
  )
  await fc.assert(property, { numRuns: 40 })
})

write('goes on after a run that failed, with what that one had written', () =>
  inFile(async path => {
    const failing = texts(10)
    failing[6] = undefined as never
    await written(path, failing.map(line => line ?? null) as string[]).catch(() => {})
    assert.is(await linesWritten(path), 6)
    await written(path, texts(10), { resume: true })
    assert.is(readFileSync(path, 'utf8'), text(texts(10)))
  }),
)

write('takes a whole file for what was written, and nothing for nothing', () =>
  inFile(async path => {
    assert.is(await linesWritten(path), 0)
    await written(path, texts(3), { resume: true })
    assert.is(await linesWritten(path), 3)
    await written(path, texts(5), { resume: true })
    assert.is(readFileSync(path, 'utf8'), text(texts(5)))
    writeFileSync(`${path}.partial`, '')
    assert.is(await linesWritten(path), 0, 'a run that was cut off at once')
    await written(path, ['other'], { resume: true })
    assert.is(readFileSync(path, 'utf8'), 'other\n')
  }),
)

write('refuses to leave a gap', () =>
  inFile(async path => {
    await written(path, texts(3))
    const failure = await written(path, texts(1, 4), { resume: true, first: 4 }).catch((error: Error) => error.cause)
    assert.match((failure as Error).message, /^cannot go on with .* at item 4: it has 3 lines$/)
    assert.is(readFileSync(path, 'utf8'), text(texts(3)))
    assert.is(await linesWritten(path), 3)
  }),
)

write('refuses a path that is none, and options that are wrong', () => {
  assert.throws(
    () => writeLines(undefined as never),
    (error: unknown) => error instanceof InvalidOption,
  )
  for (const options of [{ fsync: true }, { resume: 1 }, { first: -1 }, { append: true }]) {
    assert.throws(
      () => writeLines('a', options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

write.run()

function inFile(test: (path: string) => Promise<void>): Promise<void> {
  return inFolder(folder => test(join(folder, 'file')))
}

function filesBeside(path: string): string[] {
  return readdirSync(join(path, '..')).sort()
}

function written(path: string, items: string[], options?: WriteLinesOptions) {
  return within(5_000, pipeline('t').from(items).stage('write', writeLines(path, options)).run().done)
}
