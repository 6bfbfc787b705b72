import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnreadableFile } from '../../actors/index.ts'
import { ndjson } from '../../actors/ndjson.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { inFolder } from '../support/folder.ts'
import { all } from '../support/take.ts'

const read = suite('ndjson')

read('gives the value of every line, and passes over empty ones', () =>
  inFile('{"a":1}\r\n\n  \n[1,2]\nnull\n"text"\n0', async path => {
    const values = pipeline('t').from(ndjson(path))
    assert.equal(await all(values.run()), [{ a: 1 }, [1, 2], null, 'text', 0])
    assert.equal((await all(values.run())).length, 5, 'and a second time')
  }),
)

read('gives back whatever was written as JSON lines, packed or not', async () => {
  const property = fc.asyncProperty(fc.array(fc.jsonValue()), fc.boolean(), async (values, isPacked) => {
    const text = values.map(value => JSON.stringify(value)).join('\n')
    await inFile(isPacked ? gzipSync(text) : text, async path => {
      assert.equal(await all(ndjson(path)()), JSON.parse(JSON.stringify(values)))
    })
  })
  await fc.assert(property, { numRuns: 50 })
})

read('names file and line of what is no JSON, having given what came before', () =>
  inFile('1\n\n{"a":\n4', async path => {
    const given: unknown[] = []
    const run = pipeline('t').from(ndjson(path)).run()
    const failure = await run
      .consume(value => void given.push(value))
      .catch((error: Error) => error as Error & { cause: UnreadableFile })
    assert.equal(given, [1])
    const { cause } = failure as { cause: UnreadableFile }
    assert.instance(cause, UnreadableFile)
    assert.equal([cause.path, cause.line], [path, 3])
    assert.match(cause.message, /^cannot read .*\/file, line 3: it is no JSON: /)
    assert.instance(cause.cause, SyntaxError)
  }),
)

read('refuses what `lines` refuses, in its own name', () => {
  assert.throws(
    () => ndjson('' as never),
    (error: unknown) => error instanceof InvalidOption && /in ndjson$/.test(error.message),
  )
  assert.throws(
    () => ndjson('a', { gzib: true } as never),
    (error: unknown) => error instanceof InvalidOptions && /in ndjson$/.test(error.message),
  )
})

read.run()

async function inFile(content: string | Uint8Array, test: (path: string) => Promise<unknown>) {
  await inFolder(async folder => {
    const path = join(folder, 'file')
    writeFileSync(path, content)
    await test(path)
  })
}
