import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidOption } from '../../src/errors.ts'
import { exponential } from '../../src/stage/backoff.ts'

const backoff = suite('exponential')

backoff('doubles from `from` until it is at `to`', () => {
  const wait = exponential({ from: 100, to: 1_000 })
  assert.equal([1, 2, 3, 4, 5, 6].map(wait), [100, 200, 400, 800, 1_000, 1_000])
})

backoff('grows by another factor if given one', () => {
  assert.equal([1, 2, 3, 4].map(exponential({ from: 1, to: 50, factor: 3 })), [1, 3, 9, 27])
  assert.equal([1, 2, 3].map(exponential({ from: 70, to: 500, factor: 1 })), [70, 70, 70])
})

backoff('waits the same each time unless there is jitter', () => {
  fc.assert(
    fc.property(settings(), fc.integer({ min: 1, max: 100 }), (options, attempt) => {
      const wait = exponential({ ...options, jitter: 0 }, () => 0.999)
      assert.is(wait(attempt), exponential({ ...options, jitter: 0 }, () => 0)(attempt))
      if (attempt === 1) assert.is(wait(attempt), options.from)
    }),
  )
})

backoff('never waits longer than `to`, nor a time that is none, however many attempts there were', () => {
  fc.assert(
    fc.property(settings(), fc.integer({ min: 1, max: 10_000 }), chance(), (options, attempt, random) => {
      const wait = exponential(options, () => random)(attempt)
      assert.ok(wait >= 0 && wait <= options.to, `waits ${wait} of at most ${options.to} ms`)
    }),
  )
})

backoff('does not wait less for a later attempt, jitter aside', () => {
  fc.assert(
    fc.property(settings(), fc.integer({ min: 1, max: 1_000 }), chance(), (options, attempt, random) => {
      const wait = exponential(options, () => random)
      assert.ok(wait(attempt + 1) >= wait(attempt))
    }),
  )
})

backoff('strays from its course by no more than the share that is jitter', () => {
  fc.assert(
    fc.property(settings(), fc.integer({ min: 1, max: 50 }), chance(), (options, attempt, random) => {
      const course = exponential({ ...options, jitter: 0 })(attempt)
      const wait = exponential(options, () => random)(attempt)
      const least = course * (1 - options.jitter)
      const most = Math.min(options.to, course * (1 + options.jitter))
      assert.ok(wait >= least * 0.999_999 && wait <= most * 1.000_001, `${wait} is not from ${least} to ${most}`)
    }),
  )
})

backoff('uses the whole width of its jitter, evenly', () => {
  const waits = [0, 0.25, 0.5, 0.75, 1].map(random =>
    exponential({ from: 100, to: 1_000, jitter: 0.5 }, () => random)(2),
  )
  assert.equal(waits, [100, 150, 200, 250, 300])
})

backoff('shortens the longest wait as well, however many attempts there were', () => {
  const wait = exponential({ from: 100, to: 1_000, jitter: 0.5 }, () => 0)
  assert.equal([4, 5, 6, 5_000].map(wait), [400, 500, 500, 500])
})

backoff('is random of itself', () => {
  const wait = exponential({ from: 1, to: 10, jitter: 1 })
  assert.ok(new Set(Array.from({ length: 20 }, () => wait(1))).size > 1)
})

backoff('need not wait at all', () => {
  const wait = exponential({ from: 0, to: 0, jitter: 1 })
  assert.equal([1, 2, 5_000].map(wait), [0, 0, 0])
})

backoff('refuses what cannot be a wait, and names it', () => {
  const no = undefined as never
  const refused: [string, Parameters<typeof exponential>[0]][] = [
    ...[-1, Number.NaN, Infinity, '100' as never, no].map(from => ['from', { from, to: 1_000 }] as const),
    ...[99, -1, Number.NaN, Infinity, '100' as never, no].map(to => ['to', { from: 100, to }] as const),
    ...[0.9, 0, -2, Number.NaN, Infinity].map(factor => ['factor', { from: 1, to: 2, factor }] as const),
    ...[-0.1, 1.1, Number.NaN, Infinity].map(jitter => ['jitter', { from: 1, to: 2, jitter }] as const),
  ].map(([option, options]) => [option, options])
  for (const [option, options] of refused) {
    assert.throws(
      () => exponential(options),
      (error: unknown) => error instanceof InvalidOption && error.message.startsWith(`\`${option}\` must be `),
      `${option} of ${JSON.stringify(options)}`,
    )
  }
})

backoff.run()

function settings() {
  return fc
    .record({
      from: fc.nat(1_000),
      more: fc.nat(100_000),
      factor: fc.integer({ min: 10, max: 100 }).map(tenths => tenths / 10),
      jitter: fc.nat(100).map(percent => percent / 100),
    })
    .map(({ more, ...options }) => ({ ...options, to: options.from + more }))
}

/** What `Math.random` may give. */
function chance() {
  return fc.nat(999).map(part => part / 1_000)
}
