import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import type { StageEvent, StagePhase } from '../../src/stage/life.ts'
import { stageLifecycle } from '../../src/supervisor/stage-lifecycle.ts'
import { follows } from '../support/lives.ts'

const stage = suite('the life of a stage')

const names = ['start', 'started', 'spent', 'finished', 'abandon', 'quiet', 'giveUp', 'stopped'] as const

function born() {
  const told: string[] = []
  const phases: StagePhase[] = []
  const actor = createActor(stageLifecycle, {
    input: {
      host: {
        entered: phase => phases.push(phase),
        setUp: () => told.push('setUp'),
        started: () => told.push('started'),
        abandon: reason => told.push(`abandon ${reason}`),
        dismiss: () => told.push('dismiss'),
        ended: () => told.push('ended'),
      },
    },
  }).start()
  return {
    told,
    phases,
    get state() {
      return actor.getSnapshot().value
    },
    say(word: string) {
      actor.send((word === 'abandon' ? { type: word, reason: 'away' } : { type: word }) as StageEvent)
    },
    says(words: string) {
      for (const word of words.split(' ')) this.say(word)
      return this
    },
  }
}

stage('hears in each state what is drawn, and nothing else', () => {
  follows(
    {
      waiting: ['', 'starting', '·', '·', '·', 'abandoned', '·', '·', '·'],
      starting: ['start', '·', 'running', '·', '·', 'abandoned', '·', '·', '·'],
      running: ['start started', '·', '·', 'flushing', 'stopping', 'abandoned', '·', '·', '·'],
      flushing: ['start started spent', '·', '·', '·', 'stopping', 'abandoned', '·', '·', '·'],
      abandoned: ['abandon', '·', '·', '·', '·', '·', 'stopping', 'stopping', '·'],
      stopping: ['start started finished', '·', '·', '·', '·', '·', '·', '·', 'ended'],
      ended: ['abandon quiet stopped', '·', '·', '·', '·', '·', '·', '·', '·'],
    },
    names,
    born,
  )
})

stage('sets its workers up, flushes, and stops them', () => {
  const { told, phases } = born().says('start started spent finished stopped')
  assert.equal(told, ['setUp', 'started', 'dismiss', 'ended'])
  assert.equal(phases, ['waiting', 'starting', 'running', 'flushing', 'stopping', 'ended'])
})

stage('that is abandoned stops its workers when nobody uses them, or when it is given up', () => {
  for (const last of ['quiet', 'giveUp']) {
    const life = born().says('start started abandon')
    assert.equal(life.told, ['setUp', 'started', 'abandon away'])
    assert.equal(life.says(last).told.slice(3), ['dismiss'])
  }
})

stage('that is abandoned before it began sets nothing up', () => {
  assert.equal(born().says('abandon start started quiet stopped').told, ['abandon away', 'dismiss', 'ended'])
})

stage('begins once, is abandoned at most once, and dismisses its workers once, last of all', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names), { maxLength: 40, size: 'max' }), words => {
      const life = born()
      for (const word of words) life.say(word)
      for (const word of ['abandon', 'quiet', 'stopped']) life.say(word)
      const { told } = life
      assert.is(life.state, 'ended')
      assert.equal(new Set(told).size, told.length, 'nothing twice')
      assert.equal(told.slice(-2), ['dismiss', 'ended'])
      if (told.includes('started')) assert.equal(told.slice(0, 2), ['setUp', 'started'])
    }),
    { numRuns: 2_000 },
  )
})

stage.run()
