import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RestartBudget } from '../../src/supervisor/restart-budget.ts'

const restartBudget = suite('RestartBudget')

restartBudget('allows as many restarts as it says, however fast', () => {
  const budget = new RestartBudget(3, 5_000)
  assert.equal(
    [0, 0, 0].map(now => budget.spend(now)),
    [true, true, true],
  )
})

restartBudget('refuses one restart too many', () => {
  const budget = new RestartBudget(3, 5_000)
  assert.equal(
    [0, 1, 2, 3].map(now => budget.spend(now)),
    [true, true, true, false],
  )
})

restartBudget('forgets a restart once it is as old as the window', () => {
  const budget = new RestartBudget(1, 5_000)
  assert.equal(
    [0, 4_999, 9_999].map(now => budget.spend(now)),
    [true, false, true],
  )
})

restartBudget('counts a restart that it refused', () => {
  const budget = new RestartBudget(1, 5_000)
  assert.equal(
    [0, 4_000, 8_000].map(now => budget.spend(now)),
    [true, false, false],
  )
})

restartBudget('allows none when there are none', () => {
  const budget = new RestartBudget(0, 5_000)
  assert.equal(
    [0, 100_000].map(now => budget.spend(now)),
    [false, false],
  )
})

restartBudget('never forgets when the window is endless', () => {
  const budget = new RestartBudget(2, Infinity)
  assert.equal(
    [0, 1e9, 1e12].map(now => budget.spend(now)),
    [true, true, false],
  )
})

restartBudget('counts what fell within the window, for any restarts at any times', () => {
  fc.assert(
    fc.property(
      fc.nat(6),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.nat(12), { maxLength: 60, size: 'max' }),
      (maxRestarts, within, pauses) => {
        const budget = new RestartBudget(maxRestarts, within)
        const all: number[] = []
        let now = 0
        for (const pause of pauses) {
          now += pause
          all.push(now)
          const recent = all.filter(then => then > now - within).length
          assert.is(budget.spend(now), recent <= maxRestarts)
        }
      },
    ),
    { numRuns: 300 },
  )
})

restartBudget('forgets at the very moment at which a timer for the window would fire', () => {
  fc.assert(
    fc.property(time(), time(), (start, within) => {
      const budget = new RestartBudget(1, within)
      budget.spend(start)
      assert.is(budget.spend(start + within), true)
    }),
  )
})

restartBudget('remembers no more restarts than it has to', () => {
  const budget = new RestartBudget(3, 5_000)
  const before = heapUsed()
  for (let restart = 0; restart < 500_000; restart++) budget.spend(0)
  assert.ok(heapUsed() - before < 1 << 20)
  assert.is(budget.spend(0), false)
})

restartBudget.run()

function time() {
  return fc.double({ min: 0.001, max: 1e9, noNaN: true })
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
