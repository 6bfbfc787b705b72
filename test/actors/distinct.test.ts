import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { distinct } from '../../actors/distinct.ts'
import { InvalidOptions, pipeline } from '../../src/index.ts'
import { expectModel, faulty, runActor } from '../../src/testing/index.ts'

const once = suite('distinct')

once('passes each value once, the first one', async () => {
  const { emitted } = await runActor(distinct<unknown>(), [1, '1', 1, NaN, NaN, null, null, -0, 0])
  assert.equal(emitted, [1, '1', NaN, null, -0])
})

once('goes by a property, or a function', async () => {
  const people = [
    { name: 'Ada', born: 1815 },
    { name: 'Mary', born: 1780 },
    { name: 'ada', born: 1815 },
  ]
  const names = async (actor: ReturnType<typeof distinct<(typeof people)[number]>>) =>
    (await runActor(actor, people)).emitted.map(({ name }) => name)
  assert.equal(await names(distinct()), ['Ada', 'Mary', 'ada'])
  assert.equal(await names(distinct({ by: 'born' })), ['Ada', 'Mary'])
  assert.equal(await names(distinct({ by: ({ name }) => name.toLowerCase() })), ['Ada', 'Mary'])
})

once('forgets what it has not met for so many others, and no sooner', async () => {
  const { emitted } = await runActor(distinct<string>({ remember: 2 }), [...'abacab'])
  //                     a b │ a again: b is the older one │ c: b is forgotten │ a │ b is new
  assert.equal(emitted, ['a', 'b', 'c', 'b'])
})

once('remembers at most so many, for any items', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(8), { maxLength: 60, size: 'max' }),
    fc.integer({ min: 1, max: 9 }),
    async (items, remember) => {
      const results = await expectModel(pipeline<number>('t').stage('d', distinct({ remember })), items)
      let met: number[] = []
      const expected = items.filter(item => {
        const isNew = !met.includes(item)
        met = [...met.filter(other => other !== item), item].slice(-remember)
        return isNew
      })
      assert.equal(results, expected)
      if (remember === 9) assert.equal(results, [...new Set(items)])
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

once('keeps a memory for each key', async () => {
  const items = ['a1', 'b1', 'a1', 'b1', 'b2']
  const keyed = pipeline<string>('t').stage('d', distinct({ by: (item: string) => item[1] }), {
    key: item => item[0]!,
    workers: 3,
  })
  assert.equal(await expectModel(keyed, items), ['a1', 'b1', 'b2'])
})

once('remembers through items that fail, and workers that die', async () => {
  const strict = distinct<{ id?: number }>({ by: 'id' })
  const items = [{ id: 1 }, {}, { id: 1 }, { id: 2 }]
  for (const onFailure of ['skip', 'restart'] as const) {
    const { emitted, deadLetters } = await runActor(strict, items, { onFailure })
    assert.equal(emitted, [{ id: 1 }, { id: 2 }])
    assert.is(String(deadLetters[0]?.error), 'TypeError: distinct goes by `id`, and an item has none')
  }
  const flaky = faulty(distinct<number>(), { dies: 2 })
  assert.equal((await runActor(flaky, [1, 2, 3, 1, 2, 4])).emitted, [1, 2, 4])
})

once('refuses options that are wrong', () => {
  for (const options of [{ by: '' }, { by: 3 }, { remember: 0 }, { remember: 1.5 }, { size: 3 }]) {
    assert.throws(
      () => distinct(options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

once.run()
