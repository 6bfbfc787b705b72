import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lines, range } from '../../actors/index.ts'
import { progressOf } from '../../src/cli/progress.ts'
import { pipeline, type Snapshot } from '../../src/index.ts'
import { inFolder } from '../support/folder.ts'
import { within } from '../support/within.ts'

const progress = suite('how far a source is')

const snapshot = (received: number, queued: number) => ({ stages: [{ received, queued }] }) as unknown as Snapshot

progress('is told by its length or its size', () => {
  for (const source of [[1, 2, 3], new Set([1, 2, 3]), { length: 3 }, range(1, 3)]) {
    assert.equal(progressOf(source, snapshot(1, 1)), { done: 2, total: 3, unit: 'items' })
  }
})

progress('is not known of what has none, nor of what has no end', () => {
  for (const source of [range(1), (_: unknown) => [1], (function* () {})(), undefined, null, 3, { length: 'x' }]) {
    assert.is(progressOf(source, snapshot(1, 1)), undefined)
  }
})

progress('is what its own `progress` says, if that makes sense', () => {
  const of = (progress: () => unknown) =>
    progressOf(
      Object.assign(() => [], { progress }),
      snapshot(0, 0),
    )
  assert.equal(
    of(() => ({ done: 1, total: 4, unit: 'bytes' })),
    { done: 1, total: 4, unit: 'bytes' },
  )
  assert.equal(
    of(() => ({ done: 1, total: 4 })),
    { done: 1, total: 4, unit: 'items' },
  )
  for (const nonsense of [() => undefined, () => ({ done: 1, total: Infinity }), () => ({ done: 'x', total: 1 })]) {
    assert.is(of(nonsense), undefined)
  }
  const throws = () => {
    throw new Error('not now')
  }
  assert.is(of(throws), undefined)
})

progress('of a file is what was read of its bytes', async () => {
  await inFolder(async folder => {
    const path = join(folder, 'lines')
    writeFileSync(path, 'a\n'.repeat(200_000))
    const source = lines(path)
    assert.is(source.progress(), undefined, 'it is not open')
    const seen: number[] = []
    const run = pipeline('count').from(source).run()
    await within(
      5_000,
      run.consume(() => {
        seen.push(source.progress()!.done)
      }),
    )
    assert.ok(seen[0]! < 400_000, 'not all at once')
    assert.equal(source.progress(), { done: 400_000, total: 400_000, unit: 'bytes' })
  })
})

progress.run()
