import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Charge, Charges, type Verdict } from '../../src/stage/charges.ts'

const charges = suite('Charges')

charges('gives an item as many attempts as it says', () => {
  const rule = new Charges({ attempts: 3, deaths: 3 })
  const charge = uncharged()
  assert.equal(
    [1, 2, 3].map(() => rule.threw(charge, 0, Infinity)),
    [atOnce, atOnce, givenUp],
  )
  assert.equal(charge, { attempts: 3, deaths: 0 })
})

charges('gives up with the first attempt when there is only one', () => {
  assert.equal(new Charges({ attempts: 1, deaths: 3 }).threw(uncharged(), 0, Infinity), givenUp)
})

charges('lets an item take its workers with it, the last time in a solo trial', () => {
  const rule = new Charges({ attempts: 1, deaths: 4 })
  const charge = uncharged()
  assert.equal(
    [1, 2, 3, 4].map(() => rule.died(charge)),
    [atOnce, atOnce, soloTrial, givenUp],
  )
  assert.equal(charge, { attempts: 0, deaths: 4 })
})

charges('holds no trial when the first death is enough', () => {
  assert.equal(new Charges({ attempts: 1, deaths: 1 }).died(uncharged()), givenUp)
})

charges('counts attempts and deaths apart, and each item for itself', () => {
  fc.assert(
    fc.property(
      limits(),
      fc.array(fc.record({ item: fc.nat(2), died: fc.boolean() }), { maxLength: 40, size: 'max' }),
      ({ attempts, deaths }, events) => {
        const rule = new Charges({ attempts, deaths })
        const items = [uncharged(), uncharged(), uncharged()]
        const threw = [0, 0, 0]
        const died = [0, 0, 0]
        for (const event of events) {
          const { item } = event
          if (event.died) {
            const verdict = rule.died(items[item]!)
            died[item]!++
            const expected = died[item]! >= deaths ? givenUp : died[item] === deaths - 1 ? soloTrial : atOnce
            assert.equal(verdict, expected)
          } else {
            const verdict = rule.threw(items[item]!, 0, Infinity)
            threw[item]!++
            assert.equal(verdict, threw[item]! >= attempts ? givenUp : atOnce)
          }
        }
        assert.equal(
          items,
          [0, 1, 2].map(item => ({ attempts: threw[item], deaths: died[item] })),
        )
      },
    ),
  )
})

charges('gives every item up in the end, when it does nothing but fail', () => {
  fc.assert(
    fc.property(limits(), ({ attempts, deaths }) => {
      const rule = new Charges({ attempts, deaths })
      const [throwing, killing] = [uncharged(), uncharged()]
      let left = 100
      while (rule.threw(throwing, 0, Infinity).again) assert.ok(left-- > 0)
      while (rule.died(killing).again) assert.ok(left-- > 0)
      assert.is(throwing.attempts, attempts)
      assert.is(killing.deaths, deaths)
    }),
  )
})

charges('waits as long as the backoff says for the attempt that failed', () => {
  const asked: number[] = []
  const rule = new Charges({ attempts: 4, deaths: 1, backoff: attempt => asked.push(attempt) * 100 })
  const charge = uncharged()
  const verdicts = [1, 2, 3, 4].map(() => rule.threw(charge, 0, Infinity))
  assert.equal(verdicts, [wait(100), wait(200), wait(300), givenUp])
  assert.equal(asked, [1, 2, 3])
})

charges('does not wait before a worker that died is replaced: that is its supervisor’s backoff', () => {
  const rule = new Charges({ attempts: 9, deaths: 9, backoff: () => 100 })
  assert.equal(rule.died(uncharged()), atOnce)
})

charges('does not try again when the wait would last until the timeout', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), fc.nat(2_000), (elapsed, after, timeout) => {
      const rule = new Charges({ attempts: 2, deaths: 1, backoff: () => after })
      const charge = uncharged()
      const verdict = rule.threw(charge, elapsed, timeout)
      assert.equal(verdict, elapsed + after < timeout ? wait(after) : givenUp)
      assert.is(charge.attempts, 1)
    }),
  )
})

charges('waits as if there were no timeout when there is none', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (elapsed, after) => {
      const rule = new Charges({ attempts: 2, deaths: 1, backoff: () => after })
      assert.equal(rule.threw(uncharged(), elapsed, Infinity), wait(after))
    }),
  )
})

charges('does not wait when the backoff gives what is no wait', () => {
  for (const nonsense of [-1, -Infinity, Number.NaN, undefined, null, 'soon', {}]) {
    const rule = new Charges({ attempts: 2, deaths: 1, backoff: () => nonsense as number })
    assert.equal(rule.threw(uncharged(), 0, Infinity), atOnce, String(nonsense))
  }
})

charges('gives an item up when its backoff is for ever', () => {
  const rule = new Charges({ attempts: 2, deaths: 1, backoff: () => Infinity })
  assert.equal(rule.threw(uncharged(), 0, Infinity), givenUp)
})

charges.run()

const givenUp: Verdict = { again: false }
const atOnce: Verdict = { again: true, after: 0, alone: false }
const soloTrial: Verdict = { again: true, after: 0, alone: true }

function wait(after: number): Verdict {
  return { again: true, after, alone: false }
}

function uncharged(): Charge {
  return { attempts: 0, deaths: 0 }
}

function limits() {
  return fc.record({ attempts: fc.integer({ min: 1, max: 6 }), deaths: fc.integer({ min: 1, max: 6 }) })
}
