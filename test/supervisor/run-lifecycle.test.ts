import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type RunEvent, runLifecycle } from '../../src/supervisor/run-lifecycle.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { follows } from '../support/lives.ts'

const run = suite('the life of a run')

const names = ['begin', 'drain', 'fail', 'cancel', 'settled'] as const

/** `drain` may say its grace: `drain:300`. */
function born(grace = 15_000) {
  const clock = manualClock()
  const told: string[] = []
  const tell = (word: string) => () => void told.push(word)
  const actor = createActor(runLifecycle, {
    clock: {
      setTimeout: (fn, millis) => (millis === Infinity ? undefined : clock.setTimeout(fn, millis)),
      clearTimeout: timer => clock.clearTimeout(timer),
    },
    input: {
      grace,
      now: () => clock.now(),
      host: {
        begin: tell('begin'),
        closeInput: tell('closeInput'),
        abandonAll: tell('abandonAll'),
        killAll: tell('killAll'),
        giveUp: tell('giveUp'),
        stopping: reason => void told.push(`stopping ${reason}`),
      },
    },
  }).start()
  return {
    told,
    get state() {
      return actor.getSnapshot().value
    },
    say(word: string) {
      const [type, said = '15000'] = word.split(':')
      if (Number.isNaN(Number(word))) actor.send({ type, grace: Number(said) } as RunEvent)
      else clock.advance(Number(word))
    },
    says(words: string) {
      for (const word of words.split(' ')) this.say(word)
      return this
    },
  }
}

run('hears in each state what is drawn, and nothing else', () => {
  follows(
    {
      waiting: ['', 'running', 'draining', 'failing', 'cancelling', '·'],
      running: ['begin', '·', 'draining', 'failing', 'cancelling', 'ended'],
      draining: ['begin drain', '·', '·', 'failing', 'cancelling', 'ended'],
      aborting: ['begin drain 12000', '·', '·', 'failing', 'cancelling', 'ended'],
      failing: ['begin fail', '·', '·', '·', 'cancelling', 'ended'],
      cancelling: ['begin cancel', '·', '·', '·', '·', 'ended'],
      over: ['begin cancel 15000', '·', '·', '·', '·', 'ended'],
      ended: ['begin settled', '·', '·', '·', '·', '·'],
    },
    names,
    () => born(),
  )
})

run('drains for twelve fifteenths of its grace, tells handlers, ends threads, and gives up at the end of it', () => {
  const life = born().says('begin drain 11999')
  assert.equal(life.told, ['begin', 'stopping asked', 'closeInput'])
  assert.equal(life.says('1').told.slice(3), ['abandonAll'])
  assert.equal(life.says('999').told.slice(4), [])
  assert.equal(life.says('1').told.slice(4), ['killAll'])
  assert.equal(life.says('1999').told.slice(5), [])
  assert.equal(life.says('1').told.slice(5), ['giveUp'])
})

run('has one deadline for all: what comes on the way does not begin anew', () => {
  for (const way of ['fail', 'cancel', 'fail 1000 cancel']) {
    const passed = way.includes('1000') ? 11_000 : 10_000
    const life = born().says(`begin drain 10000 ${way} ${15_000 - passed - 1}`)
    assert.not(life.told.includes('giveUp'), way)
    assert.ok(life.says('1').told.includes('giveUp'), way)
  }
})

run('that is told to drain once more has that grace, from then on', () => {
  const life = born().says('begin drain 5000 drain:100 79')
  assert.is(life.state, 'draining')
  assert.is(life.says('1').state, 'aborting')
  assert.is(life.says('20').state, 'over')
})

run('with no grace is over at once, with endless grace never', () => {
  assert.is(born().says('begin drain:0 0 0').state, 'over')
  assert.is(born(0).says('begin cancel 0').state, 'over')
  assert.is(born().says('begin drain:Infinity 1000000000').state, 'draining')
  assert.is(born(Infinity).says('begin fail 1000000000').state, 'failing')
})

run('begins once, gives up at most once, and only when its grace is over', () => {
  const words = fc.constantFrom<string>(...names, '1', '500', '5000', '12000')
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30, size: 'max' }), said => {
      const life = born()
      const teardown: number[] = []
      let now = 0
      for (const word of said) {
        const before = life.told.length
        if (/^\d/.test(word)) now += Number(word)
        const { state } = life
        life.say(word)
        const isBegun = life.told.slice(before).some(told => told.startsWith('stopping') || told === 'abandonAll')
        if (isBegun && (teardown.length === 0 || (word === 'drain' && state !== 'failing'))) teardown.push(now)
        if (life.told.slice(before).includes('giveUp')) assert.ok(now >= teardown[0]! + 15_000)
      }
      const count = (word: string) => life.told.filter(told => told === word).length
      assert.ok(count('begin') <= 1 && count('giveUp') <= 1)
      if (life.told.length > 0) assert.is(life.told[0], 'begin')
      assert.is(life.says('begin settled').state, 'ended', 'it can end from wherever it is')
    }),
    { numRuns: 1_000 },
  )
})

run.run()
