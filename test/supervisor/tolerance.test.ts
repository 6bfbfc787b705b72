import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Tolerance } from '../../src/supervisor/tolerance.ts'

const tolerance = suite('Tolerance')

tolerance('bears any number of dead letters when nothing is said', () => {
  assert.equal(feed(new Tolerance(), '✗✗✗✗✗✗✗✗'), '++++++++')
})

tolerance('bears as many dead letters as it says, however far apart', () => {
  assert.equal(feed(new Tolerance({ deadLetters: 2 }), '·✗·✗··✗···'), '++++++----')
})

tolerance('bears none when there are to be none', () => {
  assert.equal(feed(new Tolerance({ deadLetters: 0 }), '··✗·'), '++--')
})

tolerance('bears a share of the last items, and forgets older ones', () => {
  assert.equal(feed(new Tolerance({ share: 0.25, of: 4 }), '✗····✗···✗·✗··'), '+++++++++++---')
})

tolerance('does not judge a share before so many items have ended', () => {
  assert.equal(feed(new Tolerance({ share: 0.5, of: 4 }), '✗✗✗·'), '+++-')
  assert.equal(feed(new Tolerance({ share: 0.5, of: 4 }), '✗✗··'), '++++')
})

tolerance('stays at what it said, even when better items follow', () => {
  assert.equal(feed(new Tolerance({ share: 0, of: 1 }), '·✗·····'), '+------')
})

tolerance('bears exactly the share, where a product of the two would be less', () => {
  // 0.29 · 100 is 28.999999999999996
  assert.equal(feed(new Tolerance({ share: 0.29, of: 100 }), '✗'.repeat(29) + '·'.repeat(71)), '+'.repeat(100))
  for (let dead = 0; dead <= 100; dead++) {
    const items = '✗'.repeat(dead) + '·'.repeat(100 - dead)
    assert.is(feed(new Tolerance({ share: dead / 100, of: 100 }), items).at(-1), '+', `${dead} %`)
    if (dead > 0) assert.is(feed(new Tolerance({ share: (dead - 1) / 100, of: 100 }), items).at(-1), '-', `${dead} %`)
  }
})

tolerance('counts the dead letters among the last items, for any items', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.nat(100).map(percent => percent / 100),
      fc.array(fc.oneof(fc.boolean(), fc.constant(false)), { maxLength: 400, size: 'max' }),
      (of, share, items) => {
        const judge = new Tolerance({ share, of })
        let tolerable = true
        for (let ended = 1; ended <= items.length; ended++) {
          const dead = items.slice(Math.max(0, ended - of), ended).filter(Boolean).length
          if (ended >= of && dead / of > share) tolerable = false
          assert.is(judge.ended(items[ended - 1]!), tolerable, `after ${ended} items`)
        }
      },
    ),
    { numRuns: 200 },
  )
})

tolerance('counts all dead letters there ever were, for any items', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.array(fc.boolean(), { maxLength: 100, size: 'max' }), (deadLetters, items) => {
      const judge = new Tolerance({ deadLetters })
      let dead = 0
      for (const item of items) {
        if (item) dead++
        assert.is(judge.ended(item), dead <= deadLetters)
      }
    }),
  )
})

tolerance.run()

/** Each item as `·` or `✗`, each answer as `+` or `-`. */
function feed(judge: Tolerance, items: string): string {
  return [...items].map(item => (judge.ended(item === '✗') ? '+' : '-')).join('')
}
