import { of } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { timed } from '../../actors/timed.ts'
import { type Context, InvalidOption } from '../../src/index.ts'
import { manualClock, runActor } from '../../src/testing/index.ts'

const took = suite('timed')

const wait = (millis: number, { clock }: Context<any>) =>
  new Promise(resolve => clock.setTimeout(() => resolve(0), millis))

took('says of each result how long it took, by the clock of the run', async () => {
  const slow = timed(async (millis: number, context) => {
    await wait(millis, context)
    return `${millis} ms`
  })
  const { emitted } = await runActor(slow, [100, 0, 2_000], { clock: manualClock() })
  assert.equal(emitted, [
    { value: '100 ms', millis: 100 },
    { value: '0 ms', millis: 0 },
    { value: '2000 ms', millis: 2_000 },
  ])
})

took('says of several results how long it took until each', async () => {
  const slow = timed(async function* (letters: string, context) {
    for (const letter of letters) {
      await wait(10, context)
      yield letter
    }
  })
  const { emitted } = await runActor(slow, ['ab'], { clock: manualClock() })
  assert.equal(emitted, [
    { value: 'a', millis: 10 },
    { value: 'b', millis: 20 },
  ])
})

took('takes handlers of every kind, and emits nothing where they do', async () => {
  const handlers = [
    (n: number) => (n > 0 ? n : undefined),
    async (n: number) => (n > 0 ? n : undefined),
    function* (n: number) {
      if (n > 0) yield n
    },
    (n: number) => of(...[n].filter(n => n > 0)),
  ]
  for (const handler of handlers) {
    const { emitted } = await runActor(timed(handler as (n: number) => number), [1, -1, 2], { clock: manualClock() })
    assert.equal(emitted, [
      { value: 1, millis: 0 },
      { value: 2, millis: 0 },
    ])
  }
  const { emitted } = await runActor(
    timed((_: number) => [1, 2]),
    [0],
    { clock: manualClock() },
  )
  assert.equal(emitted, [{ value: [1, 2], millis: 0 }], 'an array is one result')
})

took('times the attempt that went well, and fails as its handler does', async () => {
  let calls = 0
  const flaky = timed(async (n: number, context) => {
    await wait(50, context)
    if (calls++ === 0) throw new Error('no')
    return n
  })
  const { emitted } = await runActor(flaky, [1], { clock: manualClock(), retry: { attempts: 2 } })
  assert.equal(emitted, [{ value: 1, millis: 50 }])
  calls = 0
  const { failure } = await runActor(flaky, [1], { clock: manualClock() })
  assert.is((failure!.cause as Error).message, 'no')
})

took('refuses what is no function', () => {
  assert.throws(
    () => timed({ receive() {} } as never),
    (error: unknown) => error instanceof InvalidOption,
  )
})

took.run()
