import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { scan } from '../../actors/scan.ts'
import { InvalidOption, pipeline } from '../../src/index.ts'
import { expectModel, faulty, runActor } from '../../src/testing/index.ts'

const fold = suite('scan')
const add = (sum: number, n: number) => sum + n

fold('emits the state after each item, and nothing of none', async () => {
  assert.equal((await runActor(scan(add, 10), [1, 2, 3])).emitted, [11, 13, 16])
  assert.equal((await runActor(scan(add, 10), [])).emitted, [])
})

fold('makes a state for each key, by a function where it is one', async () => {
  const seen = scan(
    (words: readonly string[], word: string) => [...words, word],
    () => [] as string[],
  )
  const lists = pipeline<string>('t').stage('seen', seen, { key: word => word[0]!, workers: 4 })
  const words = ['mill', 'race', 'mud', 'rain', 'wheel']
  assert.equal(await expectModel(lists, words), [['mill'], ['race'], ['mill', 'mud'], ['race', 'rain'], ['wheel']])
})

fold('is the fold of every beginning, for any items', async () => {
  const property = fc.asyncProperty(fc.array(fc.integer()), async items => {
    const expected = items.map((_, i) => items.slice(0, i + 1).reduce(add, 0))
    assert.equal(await expectModel(pipeline<number>('t').stage('sum', scan(add, 0)), items), expected)
  })
  await fc.assert(property, { numRuns: 50 })
})

fold('keeps a state that is undefined, and emits nothing for it', async () => {
  const last = scan((_: number | undefined, n: number) => (n > 0 ? n : undefined), undefined as number | undefined)
  assert.equal((await runActor(last, [1, -1, 2])).emitted, [1, 2])
})

fold('keeps its state through items that fail, retries, and workers that die', async () => {
  const strict = scan((sum: number, n: number) => {
    if (n < 0) throw new RangeError('below 0')
    return sum + n
  }, 0)
  assert.equal((await runActor(strict, [1, -5, 2], { onFailure: 'skip' })).emitted, [1, 3])
  assert.equal((await runActor(strict, [1, -5, 2], { onFailure: 'restart' })).emitted, [1, 3])
  const flaky = faulty(scan(add, 0), { fails: { at: 1, attempt: 1 }, dies: 2 })
  assert.equal((await runActor(flaky, [1, 2, 4, 8], { retry: { attempts: 2 } })).emitted, [1, 3, 11])
})

fold('refuses what is no function', () => {
  assert.throws(
    () => scan('add' as never, 0),
    (error: unknown) => error instanceof InvalidOption,
  )
})

fold.run()
