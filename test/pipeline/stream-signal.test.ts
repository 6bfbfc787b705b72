import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ItemTimeout } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { failureOf } from '../support/failure.ts'
import { upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const bodies = suite('a body over the whole stream')

/** A body that waits for its signal with every item, and says what that was. */
function listening(how: { timeout?: number; onFailure?: 'skip' }) {
  const reasons: unknown[] = []
  const clock = manualClock()
  const control = new AbortController()
  const made = pipeline<number>('p').stage(
    's',
    {
      async *stream(items: AsyncIterable<number>, { signal }) {
        for await (const n of items) {
          await aborted(signal)
          reasons.push(signal.reason)
          yield n
        }
      },
    },
    how,
  )
  const run = made.run({ clock, signal: control.signal })
  run.output.subscribe({ error: () => {} })
  run.deadLetters.subscribe()
  return { run, clock, control, reasons }
}

bodies('is told by its signal when the run is aborted', async () => {
  const { run, control, reasons } = listening({})
  await run.send(1)
  await turns()
  const reason = new Error('away')
  control.abort(reason)
  assert.is(await failureOf(run.done), reason)
  await turns()
  assert.equal(reasons, [reason])
})

bodies('is told by its signal when the time of its item is over, and the next has one of its own', async () => {
  const { run, clock, reasons } = listening({ timeout: 50, onFailure: 'skip' })
  for (const n of [1, 2]) {
    await run.send(n)
    await turns()
    clock.advance(50)
    await turns()
    assert.equal(
      reasons.map(reason => reason instanceof ItemTimeout),
      upTo(n).map(() => true),
    )
  }
  assert.is((await within(1_000, run.stop())).deadLetters, 2)
})

bodies.run()
