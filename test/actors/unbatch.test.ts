import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { batch } from '../../actors/batch.ts'
import { unbatch } from '../../actors/unbatch.ts'
import { pipeline } from '../../src/index.ts'
import { expectModel, runActor } from '../../src/testing/index.ts'
import { upTo } from '../support/take.ts'

const apart = suite('unbatch')

apart('gives the elements of whatever can be iterated, in order', async () => {
  const items = [[1, 2], [], new Set([3]), upTo(3).values(), [undefined, null]] as Iterable<unknown>[]
  assert.equal((await runActor(unbatch<unknown>(), items)).emitted, [1, 2, 3, 0, 1, 2, null])
})

apart('undoes what `batch` has done, for any number of workers', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat()), fc.integer({ min: 1, max: 5 }), async (items, size) => {
    const there = pipeline<number>('t').stage('batch', batch({ size }))
    const back = there.stage('unbatch', unbatch(), { workers: 3, concurrency: 2 })
    assert.equal(await expectModel(back, items), items)
  })
  await fc.assert(property, { numRuns: 50 })
})

apart('fails an item that is no iterable, and a text', async () => {
  const items = [[1], 'text', 3, null, {}, [2]] as number[][]
  const { emitted, deadLetters } = await runActor(unbatch<number>(), items, { onFailure: 'skip' })
  assert.equal(emitted, [1, 2])
  assert.equal(
    deadLetters.map(({ error }) => String(error)),
    ['string', 'number', 'null', 'object'].map(
      what => `TypeError: unbatch takes arrays and other iterables, got ${what}`,
    ),
  )
})

apart.run()
