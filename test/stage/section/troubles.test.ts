import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StagePlan } from '../../../src/stage/plan.ts'
import { Troubles } from '../../../src/stage/section/troubles.ts'
import { manualClock } from '../../../src/testing/manual-clock.ts'

const suiteOf = suite('Troubles')

function troubles(plan: Partial<StagePlan> = {}) {
  const clock = manualClock()
  const said: unknown[] = []
  const whole = { pipeline: 'p', name: 's', attempts: 1, deaths: 3, onFailure: 'skip', ...plan } as StagePlan
  const each = new Troubles(whole, clock, {
    decide: (worker, sequence, verdict, attempt) => said.push([verdict, worker, sequence, attempt]),
    restart: worker => said.push(['restart', worker]),
    deadLetter: ({ sequence, attempts, deaths, error }) => said.push(['letter', sequence, attempts, deaths, error]),
    suppressed: error => said.push(['suppressed', error]),
  })
  /** What was said since it was asked last. */
  const take = () => said.splice(0)
  return { each, clock, take }
}

const item = () => 'item'

suiteOf('try an item as often as it may be, and then give it up', () => {
  const { each, take } = troubles({ attempts: 3 })
  for (let attempt = 1; attempt <= 3; attempt++) each.threw(1, 7, 'item', 'boom')
  assert.equal(take(), [
    ['again', 1, 7, 2],
    ['again', 1, 7, 3],
    ['skip', 1, 7, 1],
  ])
})

suiteOf('wait before the next attempt, as the backoff says', () => {
  const { each, clock, take } = troubles({ attempts: 3, backoff: attempt => 100 * attempt })
  each.threw(0, 7, 'item', 'boom')
  clock.advance(99)
  assert.equal(take(), [])
  clock.advance(1)
  assert.equal(take(), [['again', 0, 7, 2]])
  each.threw(0, 7, 'item', 'boom')
  clock.advance(199)
  assert.equal(take(), [])
  clock.advance(1)
  assert.equal(take(), [['again', 0, 7, 3]])
})

suiteOf('give an item up whose backoff throws', () => {
  const refuses = () => {
    throw 'no wait'
  }
  const { each, take } = troubles({ attempts: 3, backoff: refuses })
  each.threw(0, 7, 'item', 'boom')
  assert.equal(take(), [
    ['suppressed', 'no wait'],
    ['skip', 0, 7, 1],
  ])
})

suiteOf('tell no attempt to begin after all is cleared', () => {
  const { each, clock, take } = troubles({ attempts: 3, backoff: () => 100 })
  each.threw(0, 7, 'item', 'boom')
  each.clear()
  clock.advance(1_000)
  assert.equal(take(), [])
})

suiteOf('tell dead letters in the order of their items, once all before them are published', () => {
  const { each, take } = troubles()
  for (const sequence of [9, 4, 6]) each.threw(0, sequence, 'item', `boom ${sequence}`)
  take()
  each.passed(4)
  assert.equal([take(), each.deadLetters], [[], 0])
  each.passed(7)
  assert.equal(take(), [
    ['letter', 4, 1, 0, 'boom 4'],
    ['letter', 6, 1, 0, 'boom 6'],
  ])
  each.passed(7)
  each.passed(10)
  assert.equal([take(), each.deadLetters], [[['letter', 9, 1, 0, 'boom 9']], 3])
})

suiteOf('charge an item with the workers that died of it', () => {
  const { each, take } = troubles({ deaths: 3 })
  assert.equal(
    [0, 1, 0].map(worker => each.died(worker, 7, item, 'died')),
    [false, false, true],
  )
  each.passed(8)
  assert.equal(take(), [['letter', 7, 3, 3, 'died']])
})

suiteOf('count attempts anew, and deaths on, after a death', () => {
  const { each, take } = troubles({ attempts: 2, deaths: 3 })
  each.threw(0, 7, 'item', 'boom')
  each.undone(5, 9)
  assert.is(each.died(0, 7, item, 'died'), false)
  each.threw(1, 7, 'item', 'boom')
  assert.equal(take(), [
    ['again', 0, 7, 2],
    ['again', 1, 7, 2],
  ])
  each.undone(5, 9)
  assert.is(each.died(1, 7, item, 'died'), false)
  assert.is(each.died(1, 7, item, 'died'), true)
})

suiteOf('forget what was given up by a worker that died before it was published', () => {
  const { each, take } = troubles()
  each.threw(0, 4, 'item', 'boom')
  each.threw(0, 7, 'item', 'boom')
  take()
  each.undone(5, 9)
  each.passed(9)
  assert.equal(take(), [['letter', 4, 1, 0, 'boom']])
})

suiteOf('have the worker leave of an item whose policy is to restart it', () => {
  const { each, take } = troubles({ onFailure: 'restart' })
  each.threw(1, 7, 'item', 'boom')
  assert.equal(take(), [
    ['leave', 1, 7, 1],
    ['restart', 1],
  ])
  each.passed(8)
  assert.equal(take(), [['letter', 7, 1, 0, 'boom']])
})

suiteOf('end with the first fault, after the letters before it; later ones are suppressed', () => {
  const { each, take } = troubles({ onFailure: ({ sequence }) => (sequence === 4 ? 'skip' : 'stop') })
  for (const sequence of [9, 6, 4]) each.threw(0, sequence, 'item', `boom ${sequence}`)
  assert.equal(take(), [
    ['last', 0, 9, 1],
    ['last', 0, 6, 1],
    ['skip', 0, 4, 1],
  ])
  const fault = each.ended(10)
  assert.equal(fault, { error: 'boom 6', worker: 0, sequence: 6, attempts: 1 })
  assert.equal(take(), [
    ['suppressed', 'boom 9'],
    ['letter', 4, 1, 0, 'boom 4'],
  ])
  assert.equal([each.settled(10), each.deadLetters], [6, 1])
})

suiteOf('end without a fault that was never published', () => {
  const { each, take } = troubles({ onFailure: 'stop' })
  each.threw(0, 9, 'item', 'boom')
  take()
  assert.is(each.ended(9), undefined)
  assert.equal([take(), each.settled(9)], [[['suppressed', 'boom']], 9])
})

suiteOf('stop where a worker died once too often', () => {
  const { each } = troubles({ onFailure: 'stop', deaths: 1 })
  assert.is(each.died(0, 7, item, 'died'), 'stop')
  assert.equal(each.clear(), ['died'])
})

suiteOf('do not try again what cannot be handed over', () => {
  const { each, take } = troubles({ attempts: 5 })
  each.refused(0, 7, 'item', 'not cloneable')
  assert.equal(take(), [['skip', 0, 7, 1]])
})

suiteOf('stop with the failure itself where the policy throws, or says nothing known', () => {
  for (const onFailure of [
    () => {
      throw 'no policy'
    },
    () => 'perhaps' as 'skip',
  ]) {
    const { each, take } = troubles({ onFailure })
    each.threw(0, 7, 'item', 'boom')
    const [[suppressed], verdict] = take() as any
    assert.equal([suppressed, verdict], ['suppressed', ['last', 0, 7, 1]])
    assert.is(each.ended(8)!.error, 'boom')
  }
})

suiteOf.run()
