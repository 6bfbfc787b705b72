import * as assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import { StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { within } from '../support/within.ts'

const completion = suite("order: 'completion'")

const cases = fc.record({
  input: fc.array(fc.nat({ max: 99 }), { maxLength: 40, size: 'max' }),
  workers: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  keys: fc.integer({ min: 0, max: 5 }),
  capacity: fc.constantFrom(0, 1, 3, 1024),
  emit: fc.constantFrom('whole', 'streaming'),
  behind: fc.constantFrom(0, 1, 1024),
  slow: fc.boolean(),
  failing: fc.integer({ min: 2, max: 9 }),
  many: fc.boolean(),
})

completion('is a permutation of the order of the input that keeps that of each key', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ input, workers, concurrency, keys, capacity, emit, behind, slow, failing, many }) => {
        const clock = manualClock()
        const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
        const keyOf = ({ n }: { n: number }) => n % Math.max(1, keys)
        const items = input.map((n, sequence) => ({ n, sequence }))
        const once = async (item: { n: number; sequence: number }) => {
          if (slow) await sleep((item.n * 7) % 20)
          if (item.n % failing === 1) throw new Error('no')
          return item
        }
        const twice = async function* (item: { n: number; sequence: number }) {
          yield await once(item)
          yield item
        }
        const stream = async function* (all: AsyncIterable<{ n: number; sequence: number }>) {
          for await (const item of all) {
            if (slow) await sleep((item.n * 3) % 7)
            yield item
          }
        }
        const made = (pipeline('p').from(items) as any)
          .stage('s', many ? twice : once, {
            ...{ workers, concurrency, capacity, emit, order: 'completion', onFailure: 'skip' },
            ...(keys > 0 && { key: keyOf }),
          })
          .stage('behind', { stream }, { capacity: behind })
        const { results, deadLetters } = await within(10_000, execute(made, { clock }))
        const left = results as typeof items
        const expected = items.filter(({ n }) => n % failing !== 1).flatMap(item => (many ? [item, item] : [item]))
        const bySequence = (a: { sequence: number }, b: { sequence: number }) => a.sequence - b.sequence
        assert.deepEqual([...left].sort(bySequence), expected)
        assert.deepEqual(
          deadLetters.map(({ sequence }) => sequence).sort((a, b) => a - b),
          items.filter(({ n }) => n % failing === 1).map(({ sequence }) => sequence),
        )
        for (const key of keys > 0 ? new Set(items.map(keyOf)) : []) {
          const ofKey = left.filter(item => keyOf(item) === key)
          assert.deepEqual(ofKey, [...ofKey].sort(bySequence), `the order of key ${key}`)
        }
      },
    ),
    { numRuns: 300 },
  )
})

completion('lets a fast item pass a slow one', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([50, 10, 30])
    .stage('s', (n: number) => new Promise<number>(resolve => clock.setTimeout(() => resolve(n), n)), {
      ...{ concurrency: 3, order: 'completion' },
    })
  assert.deepEqual((await execute(made, { clock })).results, [10, 30, 50])
})

completion('emits, before it fails, everything that came before the failure', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([50, 10, 30])
    .stage(
      's',
      async (n: number) => {
        await new Promise<void>(resolve => clock.setTimeout(resolve, n))
        if (n === 10) throw new Error('ten')
        return n
      },
      { concurrency: 3, order: 'completion' },
    )
  const { results, error } = await execute(made, { clock })
  assert.ok(results.includes(50))
  assert.equal((error as Error).message, 'p/s failed on item 1 (attempt 1): Error: ten')
})

completion('ends a run with a failure that had to wait for what came before it, and that for room', async () => {
  const clock = manualClock()
  const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
  const body = (isFailing: boolean) =>
    async function* (n: number) {
      await sleep((n * 13) % 20)
      if (isFailing && n % 4 === 3) throw new Error(`no ${n}`)
      if (n % 3 > 0) yield n
      yield (n * 7) % 31
    }
  const made = pipeline('p')
    .from([32, 480, 367])
    .stage('a', body(true), { concurrency: 2, order: 'completion' })
    .stage('b', body(false), { capacity: 0 })
  const { error, results } = await within(5_000, execute(made, { clock }))
  assert.ok(error instanceof StageFailed)
  assert.deepEqual([error.stage, error.sequence, results.length], ['a', 2, 5])
})

completion.run()
