import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { batch } from '../actors/batch.ts'
import { type Context, pipeline } from '../src/index.ts'
import { model } from '../src/model/model.ts'
import { expectModel, manualClock } from '../src/testing/index.ts'
import { within } from './support/within.ts'

const time = suite('time in the model')

const pause = (millis: number, { clock }: Pick<Context, 'clock'>) =>
  new Promise<void>(resolve => clock.setTimeout(resolve, millis))
const results = async (made: unknown, items: Iterable<unknown>) =>
  (await within(2_000, model(made, items), 'the model')).results

time('jumps to what a handler waits for', async () => {
  const started = performance.now()
  const made = pipeline<number>('p').stage('s', async (n, context) => {
    const before = context.clock.now()
    await pause(60_000, context)
    return [n, context.clock.now() - before]
  })
  assert.equal(await results(made, [1, 2]), [
    [1, 60_000],
    [2, 60_000],
  ])
  assert.ok(performance.now() - started < 1_000)
})

time('comes in the order in which things are due, of several at once in that in which they were set', async () => {
  const made = pipeline<number>('p').stage('s', async function* (_, { clock }) {
    const seen: string[] = []
    for (const [name, millis] of Object.entries({ c: 30, a: 10, b: 10, never: 5 })) {
      const timer = clock.setTimeout(() => seen.push(`${name} at ${clock.now()}`), millis)
      if (name === 'never') clock.clearTimeout(timer)
    }
    await pause(40, { clock })
    yield* seen
  })
  assert.equal(await results(made, [1]), ['a at 10', 'b at 10', 'c at 30'])
})

time('comes for a body over the whole stream that waits', async () => {
  const made = pipeline<number>('p').stage('s', {
    async *stream(items: AsyncIterable<number>, context) {
      for await (const n of items) {
        await pause(n, context)
        yield context.clock.now()
      }
    },
  })
  assert.equal(await results(made, [5, 7]), [5, 12])
})

time('does not jump for what waits for more items, while others wait for something else', async () => {
  const made = pipeline<number>('p')
    .stage('disk', async n => {
      await sleep(2)
      return n
    })
    .stage('batch', batch({ size: 3, within: 10 }))
  assert.equal(await results(made, [1, 2, 3, 4]), [[1, 2, 3], [4]])
})

time('comes, on the way to what others wait for, for what waits for more items', async () => {
  const clock = manualClock()
  const made = pipeline<number>('p')
    .stage('slow', async (n, context) => {
      await pause(n, context)
      return n
    })
    .stage('batch', batch({ size: 3, within: 10 }))
  assert.equal(await expectModel(made, [1, 2, 50, 4, 3], { clock }), [
    [1, 2],
    [50, 4, 3],
  ])
})

time('is over with the model', async () => {
  let late = 0
  const made = pipeline<number>('p').stage('s', (n, { clock }) => {
    clock.setTimeout(() => late++, 1)
    return n
  })
  await results(made, [1, 2])
  await sleep(5)
  assert.is(late, 0)
})

time.run()
