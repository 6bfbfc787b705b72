import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repeated } from '../../actors/repeated.ts'
import { InvalidOptions, pipeline } from '../../src/index.ts'
import { expectModel, faulty, runActor } from '../../src/testing/index.ts'

const more = suite('repeated')

more('passes on what comes again, the first of its kind with the second', async () => {
  const { emitted } = await runActor(repeated<unknown>(), [1, '1', 2, NaN, 1, NaN, 3, 1])
  assert.equal(emitted, [1, 1, NaN, NaN, 1])
})

more('goes by a property, or a function', async () => {
  const people = [
    { name: 'Ada', born: 1815 },
    { name: 'Mary', born: 1780 },
    { name: 'ada', born: 1815 },
  ]
  const names = async (actor: ReturnType<typeof repeated<(typeof people)[number]>>) =>
    (await runActor(actor, people)).emitted.map(({ name }) => name)
  assert.equal(await names(repeated()), [])
  assert.equal(await names(repeated({ by: 'born' })), ['Ada', 'ada'])
  assert.equal(await names(repeated({ by: ({ name }) => name.toLowerCase() })), ['Ada', 'ada'])
})

more('emits before the input has ended', async () => {
  const { steps } = await stepsOf(['a', 'b', 'a', 'b'])
  assert.equal(steps, [[], [], ['a', 'a'], ['b', 'b']])
})

more('forgets what it has not met for so many others, with what waits of it', async () => {
  const { emitted } = await runActor(repeated<string>({ remember: 2 }), [...'abcabb'])
  //            a b │ c: a is forgotten │ a: b is forgotten │ b is new, c is forgotten │ b
  assert.equal(emitted, ['b', 'b'])
})

more('passes on all but those that come once, for any items, by the model and for each key', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(8), { maxLength: 40, size: 'max' }), async items => {
    const pairs = items.map((value, index) => ({ value, index, odd: index % 2 }))
    const by = repeated<(typeof pairs)[number]>({ by: 'value', remember: Infinity })
    const inOrder = (found: unknown[]) => (found as typeof pairs).sort((a, b) => a.index - b.index)
    const all = await expectModel(pipeline<(typeof pairs)[number]>('t').stage('r', by), pairs)
    const isRepeated = ({ value }: { value: number }) => items.filter(each => each === value).length > 1
    assert.equal(inOrder(all), pairs.filter(isRepeated))
    const keyed = pipeline<(typeof pairs)[number]>('t').stage('r', by, { key: 'odd', workers: 3 })
    const likes = (one: (typeof pairs)[number]) =>
      pairs.filter(each => each.value === one.value && each.odd === one.odd)
    assert.equal(
      inOrder(await expectModel(keyed, pairs)),
      pairs.filter(pair => likes(pair).length > 1),
    )
  })
  await fc.assert(property, { numRuns: 50 })
})

more('remembers through an item that fails and a worker that is restarted', async () => {
  const strict = repeated<{ id?: number }>({ by: 'id' })
  for (const onFailure of ['skip', 'restart'] as const) {
    const { emitted, deadLetters } = await runActor(strict, [{ id: 1 }, {}, { id: 1 }, { id: 1 }], { onFailure })
    assert.equal(emitted, [{ id: 1 }, { id: 1 }, { id: 1 }])
    assert.is(String(deadLetters[0]?.error), 'TypeError: repeated goes by `id`, and an item has none')
  }
  const flaky = faulty(repeated<number>(), { dies: 2 })
  assert.equal((await runActor(flaky, [1, 2, 3, 1, 2, 4])).emitted, [1, 1, 2, 2])
})

more('refuses what is wrong', () => {
  for (const options of [{ by: 3 }, { by: '' }, { remember: 0 }, { remember: 1.5 }, { remembr: 3 }, 'id', null]) {
    assert.throws(
      () => repeated(options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

more.run()

/** What each item leads to. */
async function stepsOf(items: readonly string[]): Promise<{ steps: string[][] }> {
  const steps: string[][] = []
  for (let n = 1; n <= items.length; n++) {
    const { emitted } = await runActor(repeated<string>(), items.slice(0, n))
    steps.push(emitted.slice(steps.flat().length))
  }
  return { steps }
}
