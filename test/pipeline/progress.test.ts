import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Inactive, ItemTimeout } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { type ManualClock, manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { execute } from '../support/execute.ts'
import { within } from '../support/within.ts'

const progressing = suite('progress()')

/** Takes 10 × 60 ms, and says after each 60 whether it is getting on, until it is told to end. */
function slowly(clock: ManualClock, says: (item: number) => boolean) {
  return async (item: number, { progress, signal }: { progress(): void; signal: AbortSignal }) => {
    for (let step = 0; step < 10 && !signal.aborted; step++) {
      const slept = new Promise<void>(resolve => clock.setTimeout(resolve, 60))
      await Promise.race([slept, aborted(signal)])
      if (says(item)) progress()
    }
    return item
  }
}

const shapes = {
  'an async handler': (handler: any) => handler,
  'an async generator': (handler: any) =>
    async function* (item: number, context: unknown) {
      yield await handler(item, context)
    },
  'one of a key': (handler: any) => ({ start: () => 0, receive: (n: number, _: unknown, c: unknown) => handler(n, c) }),
}

for (const [shape, shaped] of Object.entries(shapes)) {
  const keyed = shape === 'one of a key' ? { key: () => 'k' } : {}

  progressing(`keeps an item of ${shape} from its timeout, and nothing else does`, async () => {
    for (const says of [true, false]) {
      const clock = manualClock()
      const body = shaped(slowly(clock, () => says))
      const made = pipeline('p')
        .from([1])
        .stage('s', body, { timeout: 100, ...keyed })
      const { results, error } = await within(5_000, execute(made, { clock }))
      if (says) assert.equal([results, error, clock.now()], [[1], undefined, 600])
      else {
        assert.instance((error as Error).cause, ItemTimeout)
        assert.equal(results, [])
      }
    }
  })

  progressing(`keeps a run with ${shape} from being inactive, and nothing else does`, async () => {
    for (const says of [true, false]) {
      const clock = manualClock()
      const body = shaped(slowly(clock, () => says))
      const made = pipeline('p').from([1]).stage('s', body, keyed).supervise({ inactivity: 100 })
      const { results, error } = await within(5_000, execute(made, { clock }))
      if (says) assert.equal([results, error, clock.now()], [[1], undefined, 600])
      else {
        assert.instance(error, Inactive)
        assert.is((error as Error).message, 'p has not moved for 100 ms: p/s#0 item 0')
        assert.equal(results, [])
      }
    }
  })
}

progressing('is that of one item: another beside it has its own timeout', async () => {
  const clock = manualClock()
  const how = { concurrency: 2, timeout: 100, onFailure: 'skip' } as const
  const made = pipeline('p')
    .from([1, 2])
    .stage(
      's',
      slowly(clock, item => item === 1),
      how,
    )
  const { results, deadLetters } = await within(5_000, execute(made, { clock }))
  assert.equal(results, [1])
  assert.equal(
    deadLetters.map(({ item }) => item),
    [2],
  )
})

progressing(
  'of a stage within a stage keeps the run from being inactive, and so does what else moves there',
  async () => {
    for (const [says, stages] of [
      [true, 1],
      [false, 5],
      [false, 1],
    ] as const) {
      const clock = manualClock()
      const pause = async (n: number) => {
        await new Promise<void>(resolve => clock.setTimeout(resolve, 60))
        return n
      }
      let inner: any = pipeline<number>('inner')
      if (stages === 1)
        inner = inner.stage(
          's',
          slowly(clock, () => says),
        )
      else for (let i = 0; i < stages; i++) inner = inner.stage(`s${i}`, pause)
      const between = pipeline<number>('between').stage('inner', inner)
      const made = pipeline('p').from([1]).stage('between', between).supervise({ inactivity: 100 })
      const { results, error } = await within(5_000, execute(made, { clock }))
      if (says || stages > 1) assert.equal([results, error], [[1], undefined])
      else assert.is((error as Error).message, 'p has not moved for 100 ms: p/between#0 item 0')
    }
  },
)

progressing('of an item that was given up moves nothing', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([1, 2])
    .stage(
      'endless',
      (item: number, { progress }): number | Promise<never> => {
        if (item === 2) return item
        // Deaf to its signal: it says so for a long time.
        const say = (more: number) => {
          if (clock.now() >= 100) progress()
          if (more > 0) clock.setTimeout(() => say(more - 1), 60)
        }
        say(50)
        return new Promise<never>(() => {})
      },
      { timeout: 100, onFailure: 'skip' },
    )
    .stage('hangs', async (_: number, { signal }) => aborted(signal))
    .supervise({ inactivity: 1_000 })
  const { error } = await within(5_000, execute(made, { clock }))
  assert.instance(error, Inactive)
  assert.is((error as Error).message, 'p has not moved for 1000 ms: p/hangs#0 item 0')
  assert.is(clock.now(), 1_100)
})

progressing.run()
