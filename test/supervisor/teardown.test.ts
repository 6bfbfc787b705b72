import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Teardown } from '../../src/supervisor/teardown.ts'

const teardown = suite('Teardown')

teardown('drains for twelve seconds of fifteen, and then has one for each step', () => {
  const down = new Teardown(1_000, 15_000)
  const moments = [0, 1_000, 12_999, 13_000, 13_999, 14_000, 14_999, 15_000, 15_999, 16_000, 1e9]
  assert.equal(
    moments.map(now => down.phase(now)),
    ['drain', 'drain', 'drain', 'abort', 'abort', 'terminate', 'terminate', 'kill', 'kill', 'over', 'over'],
  )
})

teardown('says when the next phase begins, until it is over', () => {
  const down = new Teardown(1_000, 15_000)
  const moments = [1_000, 12_999, 13_000, 14_500, 15_000, 15_999, 16_000, 1e9]
  assert.equal(
    moments.map(now => down.next(now)),
    [13_000, 13_000, 14_000, 15_000, 16_000, 16_000, undefined, undefined],
  )
})

teardown('says how long it may still take', () => {
  const down = new Teardown(1_000, 15_000)
  assert.equal(
    [1_000, 15_999, 16_000, 1e9].map(now => down.remaining(now)),
    [15_000, 1, 0, 0],
  )
})

teardown('is over at once when there is no grace', () => {
  const down = new Teardown(1_000, 0)
  assert.is(down.phase(1_000), 'over')
  assert.is(down.next(1_000), undefined)
  assert.is(down.remaining(1_000), 0)
})

teardown('drains for ever, and asks for no timer, when the grace is endless', () => {
  const down = new Teardown(1_000, Infinity)
  assert.is(down.phase(Number.MAX_VALUE), 'drain')
  assert.is(down.next(1_000), undefined)
  assert.is(down.remaining(1_000), Infinity)
})

teardown('goes through every phase in order, one timer each, for any start and any grace', () => {
  fc.assert(
    fc.property(time(), time(), (startedAt, grace) => {
      const down = new Teardown(startedAt, grace)
      const seen = [down.phase(startedAt)]
      let now = startedAt
      for (let next = down.next(now); next !== undefined; next = down.next(now)) {
        assert.ok(next > now)
        assert.is(down.phase((now + next) / 2), seen.at(-1), 'nothing changes before the timer fires')
        now = next
        seen.push(down.phase(now))
      }
      assert.equal(seen, ['drain', 'abort', 'terminate', 'kill', 'over'])
      assert.is(now, startedAt + grace)
      assert.is(down.remaining(now), 0)
    }),
  )
})

teardown('never waits for what has no length, and still ends, when the grace is too short for the clock', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e15, max: 2e15, noNaN: true }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      (startedAt, grace) => {
        const down = new Teardown(startedAt, grace)
        let now = startedAt
        for (let next = down.next(now); next !== undefined; next = down.next(now)) {
          const before = down.phase(now)
          assert.ok(next > now)
          now = next
          assert.is.not(down.phase(now), before)
        }
        assert.is(down.phase(now), 'over')
      },
    ),
  )
})

teardown.run()

/** Milliseconds that a clock can tell from others near them. */
function time() {
  return fc.double({ min: 1, max: 1e9, noNaN: true })
}
