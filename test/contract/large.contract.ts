/** Large values, wherever workers live: equal, kept as they are, and not lost with whoever had them in hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { collector } from '../../src/memory/collector.ts'
import { poolHere } from '../../src/memory/here.ts'
import { largeFrom } from '../../src/memory/pool.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'
import { made, same } from './actors.ts'
import { dyingOfLarge } from './deadly.ts'

const mebibyte = 1_048_576

export function large(on: 'inline' | 'threads' | 'processes'): void {
  const values = suite(`on ${on}, large values`)

  values('arrive as what they are', async () => {
    const items = [-1, 0, 1, 900_001].flatMap(more => {
      const bytes = Buffer.alloc(largeFrom + more, more)
      return [
        bytes,
        Uint8Array.from(bytes),
        { a: [Uint8Array.from(bytes).buffer] },
        new Float64Array(40_000).fill(more),
      ]
    })
    const results: any[] = []
    const run = pipeline('p').from(items).stage('s', same, { on }).run()
    await within(
      60_000,
      run.consume(value => void results.push(value)),
      'the run',
    )
    assert.equal(
      results.map(value => Buffer.isBuffer(value)),
      items.map(value => Buffer.isBuffer(value)),
    )
    assert.ok(results.every((value, n) => value.a?.[0] instanceof ArrayBuffer || n % 4 !== 2))
    const bytesOf = (value: any) => Buffer.from(value.a?.[0] ?? value.buffer, value.byteOffset ?? 0, value.byteLength)
    assert.ok(results.every((value, n) => bytesOf(value).equals(bytesOf(items[n]))))
  })

  values('that are kept stay as they are, whatever comes after them', async () => {
    const count = on === 'threads' ? 1_000 : 100
    const kept: Buffer[] = []
    let n = 0
    const run = pipeline('p').from(Array(count).keys()).stage('made', made, { on }).stage('s', same, { on }).run()
    await within(
      120_000,
      run.consume(value => void (n++ % 50 === 0 && kept.push(value as Buffer))),
      'the run',
    )
    assert.is(n, count)
    for (const [i, value] of kept.entries())
      assert.ok(value.equals(Buffer.alloc(mebibyte, (i * 50) % 256)), `item ${i * 50}`)
  })

  if (on !== 'inline') {
    values('that were in hand when their worker died go to the next', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace '))
      const log = join(folder, 'log')
      writeFileSync(log, '')
      const items = [0, 1, 2, 3].map(n => Buffer.alloc(mebibyte, n))
      const results: Buffer[] = []
      const run = pipeline('p')
        .from(items)
        .stage('s', (dyingOfLarge as any).with(log), { on } as any)
        .run()
      await within(
        60_000,
        run.consume((value: any) => void results.push(value)),
        'the run',
      )
      rmSync(folder, { recursive: true })
      assert.ok(results.length === 4 && results.every((value, n) => value.equals(items[n]!)))
    })
  }

  values('leave nothing held when their run has ended, and little memory', async () => {
    await until(() => {
      collector()!()
      const pool = poolHere()
      return pool === undefined || (pool.held === 0 && pool.touched <= 16 * 1024 * 1024)
    })
  })

  values.run()
}
