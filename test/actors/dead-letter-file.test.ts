import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DeadLetterFileOptions, deadLetterFile } from '../../actors/dead-letter-file.ts'
import { type DeadLetter, InvalidOption, InvalidOptions, pipeline, UnwritableFile } from '../../src/index.ts'
import { thrownBy } from '../support/failure.ts'
import { inFolder } from '../support/folder.ts'
import { upTo } from '../support/take.ts'
import { within } from '../support/within.ts'

const file = suite('deadLetterFile')

file('appends each dead letter as a line: which item it was, where, and why', () =>
  inFile(async path => {
    writeFileSync(path, '"there before"\n')
    const run = pipeline('t')
      .from([{ id: 'a' }, { id: 'b' }])
      .stage(
        'charge',
        ({ id }) => {
          const cause = Object.assign(new TypeError('no route'), { code: 'EHOSTUNREACH' })
          throw new Error(`no answer for ${id}`, { cause: new Error('connection lost', { cause }) })
        },
        { key: 'id', retry: { attempts: 2 }, onFailure: 'skip' },
      )
      .run()
    const dead = deadLetterFile(path)
    run.deadLetters.subscribe(dead)
    await within(5_000, run.done)
    assert.equal(await within(5_000, dead.done), { written: 2, missed: 0, error: undefined })
    const [before, first, second, ...others] = read(path) as any[]
    assert.equal([before, second.item, others], ['there before', { id: 'b' }, []])
    const { at, error, ...where } = first
    assert.equal(where, {
      stage: 'charge',
      worker: 0,
      sequence: 0,
      key: 'a',
      attempts: 2,
      deaths: 0,
      item: { id: 'a' },
    })
    assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000)
    assert.equal([error.name, error.message], ['Error', 'no answer for a'])
    assert.match(error.stack[0], /^at .*dead-letter-file\.test/)
    assert.equal(error.cause.message, 'connection lost')
    const { stack: _, ...innermost } = error.cause.cause
    assert.equal(innermost, { name: 'TypeError', message: 'no route', code: 'EHOSTUNREACH' })
  }),
)

file('ends with a run that has none', () =>
  inFile(async path => {
    const run = pipeline('t')
      .from([1])
      .map(() => undefined)
      .run()
    const dead = deadLetterFile(path)
    run.deadLetters.subscribe(dead)
    await within(5_000, run.done)
    assert.equal(await within(5_000, dead.done), { written: 0, missed: 0, error: undefined })
    assert.is(readFileSync(path, 'utf8'), '')
  }),
)

file('writes in words what JSON does not know, and does not go round in circles', async () => {
  const ring: Record<string, unknown> = { name: 'ring' }
  ring.self = ring
  const trap = {
    get broken(): never {
      throw new Error('no')
    },
  }
  const items: [item: unknown, expected: (item: any) => boolean][] = [
    [10n, item => item === '10'],
    [new Map([['a', 1]]), item => JSON.stringify(item) === '[["a",1]]'],
    [Buffer.from('hello'), item => item.bytes === 5 && item.base64 === 'aGVsbG8='],
    [new Date(0), item => item === '1970-01-01T00:00:00.000Z'],
    [undefined, item => item === undefined],
    [ring, item => item.name === 'ring' && item.self.self.name === 'ring'],
    [trap, item => item === 'a value that cannot be read'],
    [{ deep: { trap } }, item => item.deep.trap === 'a value that cannot be read'],
    [new RangeError('as an item'), item => item.message === 'as an item'],
    [JSON.parse('{"__proto__":{"a":1}}'), item => Object.keys(item)[0] === '__proto__'],
  ]
  for (const [item, isExpected] of items) {
    const [letter] = (await lettersOf([item])) as any[]
    assert.ok(isExpected(letter.item), JSON.stringify(letter.item))
  }
})

file('writes plain items as they are, and any other as a line of JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async items => {
      const letters = (await lettersOf(items)) as { item: unknown }[]
      assert.equal(
        letters.map(({ item }) => item),
        JSON.parse(JSON.stringify(items)),
      )
    }),
    { numRuns: 30 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.anything({ withBigInt: true, withMap: true, withTypedArray: true }), { maxLength: 5 }),
      async items => {
        assert.is((await lettersOf(items)).length, items.length)
      },
    ),
    { numRuns: 30 },
  )
})

file('cuts an item that is too long, without looking at all of it', async () => {
  let looked = 0
  const huge = upTo(100_000).map(() => ({
    toJSON() {
      looked++
      return 'x'.repeat(1_000)
    },
  }))
  const [letter] = (await lettersOf([huge], { maxItem: 5_000 })) as any[]
  assert.ok(JSON.stringify(letter.item).length < 12_000)
  assert.ok(looked < 20, `${looked}`)
  const [text] = (await lettersOf(['x'.repeat(100_000)], { maxItem: 100 })) as any[]
  assert.ok(JSON.stringify(text.item).length < 300)
})

/* ── Bounds ─────────────────────────────────────────────────────────────── */

file('keeps no more waiting than it may, and says in the file how many it missed', () =>
  inFile(async path => {
    const dead = deadLetterFile(path, { waiting: 10 })
    for (const n of upTo(100)) dead.next(letterOf(n))
    dead.complete()
    const { written, missed } = await within(5_000, dead.done)
    assert.equal([written + missed, missed > 0], [100, true])
    const lines = read(path) as { item?: number; missed?: number }[]
    assert.is(lines.filter(({ item }) => item !== undefined).length, written)
    assert.is(
      lines.reduce((sum, { missed = 0 }) => sum + missed, 0),
      missed,
    )
  }),
)

file('writes no more than the file may have', () =>
  inFile(async path => {
    const dead = deadLetterFile(path, { maxBytes: 2_000 })
    for (const n of upTo(100)) dead.next(letterOf(n))
    dead.complete()
    const { written, missed } = await within(5_000, dead.done)
    assert.ok(written > 1 && written + missed === 100)
    assert.ok(readFileSync(path).length <= 2_000)
    assert.equal(
      (read(path) as { item: number }[]).map(({ item }) => item),
      upTo(written),
    )
  }),
)

file('does not hold up or fail a run whose disk takes nothing, and counts what it missed', () =>
  inFile(async path => {
    const dead = deadLetterFile(path)
    await rm(path)
    mkdirSync(path) // nobody can append to that
    const run = pipeline('t')
      .from(upTo(50))
      .stage('fail', () => Promise.reject(new Error('no')), { onFailure: 'skip' })
      .run()
    run.deadLetters.subscribe(dead)
    const { deadLetters } = await within(5_000, run.done)
    const { written, missed, error } = await within(5_000, dead.done)
    assert.equal([deadLetters, written, missed], [50, 0, 50])
    assert.is((error as NodeJS.ErrnoException).code, 'EISDIR')
  }),
)

file('throws at once where there can be no such file', () =>
  inFile(async path => {
    const below = join(path, 'below a folder that is none')
    const error = thrownBy(() => deadLetterFile(below))
    assert.instance(error, UnwritableFile)
    assert.equal(
      [error.message, error.path],
      [`cannot write ${below}: there is no folder ${path}, make it first`, below],
    )
    assert.is(thrownBy(() => deadLetterFile(tmpdir())).message, `cannot write ${tmpdir()}: it is a folder`)
  }),
)

file('refuses a path that is none, and options that are wrong', () => {
  assert.throws(
    () => deadLetterFile(3 as never),
    (error: unknown) => error instanceof InvalidOption,
  )
  for (const options of [{ waiting: 0 }, { maxBytes: '1' }, { maxItem: 10 }, { most: 1 }]) {
    assert.throws(
      () => deadLetterFile('a', options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

file.run()

function inFile(test: (path: string) => Promise<void>): Promise<void> {
  return inFolder(folder => test(join(folder, 'dead.ndjson')))
}

function read(path: string): unknown[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}

function letterOf(item: unknown): DeadLetter {
  return { stage: 's', worker: 0, sequence: 0, item, error: new Error('no'), attempts: 1, deaths: 0, at: 0 }
}

async function lettersOf(items: unknown[], options?: DeadLetterFileOptions): Promise<unknown[]> {
  let letters: unknown[] = []
  await inFile(async path => {
    const dead = deadLetterFile(path, options)
    for (const item of items) dead.next(letterOf(item))
    dead.complete()
    await within(5_000, dead.done)
    letters = read(path)
  })
  return letters
}
