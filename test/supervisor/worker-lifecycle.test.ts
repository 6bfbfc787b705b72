import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import type { WorkerEvent, WorkerPhase } from '../../src/stage/life.ts'
import { workerLifecycle } from '../../src/supervisor/worker-lifecycle.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { follows, named, type Table } from '../support/lives.ts'

const worker = suite('the life of a worker')

const boom = new Error('boom')
const events: Record<string, WorkerEvent> = {
  ready: { type: 'ready' },
  stopped: { type: 'stopped' },
  failed: { type: 'failed', error: boom, again: true },
  refused: { type: 'failed', error: boom, again: false },
  restart: { type: 'restart', cause: boom },
  empty: { type: 'empty' },
  dismiss: { type: 'dismiss' },
}

/** A worker alone: what it was told to do, and what it was told in turn. */
function born(backoff: (incarnation: number) => number = () => 100) {
  const clock = manualClock()
  const told: string[] = []
  const phases: WorkerPhase[] = []
  const host = {
    entered: (phase: WorkerPhase) => phases.push(phase),
    setUp: (incarnation: number) => told.push(`setUp ${incarnation}`),
    stop: () => told.push('stop'),
    backoff,
    restarting: (cause: unknown) => told.push(`restarting ${cause === boom}`),
    emptied: () => told.push('emptied'),
    failed: (error: unknown) => told.push(`failed ${error === boom}`),
    gaveUp: (error: unknown) => told.push(`gaveUp ${error === boom}`),
    exhausted: (error: unknown) => told.push(`exhausted ${error === boom}`),
    stopFailed: (error: unknown) => told.push(`stopFailed ${error === boom}`),
  }
  const actor = createActor(workerLifecycle, { input: { host }, clock }).start()
  return {
    clock,
    told,
    phases,
    get state() {
      return named(actor.getSnapshot().value)
    },
    say(word: string) {
      if (events[word]) actor.send(events[word])
      else clock.advance(Number(word))
    },
    says(words: string) {
      for (const word of words.split(' ')) this.say(word)
      return this
    },
  }
}

const again = 'ready restart empty'
// biome-ignore format: a table
const drawn: Table = {
  //                   the way there              ready       stopped             failed              refused             restart     empty            dismiss
  starting:           ['',                        'ready',    '·',                'failed',           'failed',           '·',        '·',             'leaving'],
  ready:              ['ready',                   '·',        '·',                '·',                '·',                'emptying', '·',             'stopping'],
  emptying:           ['ready restart',           '·',        '·',                '·',                '·',                '·',        'renewing.stop', 'stopping'],
  'renewing.stop':    [again,                     '·',        'renewing.backoff', 'renewing.backoff', 'renewing.backoff', '·',        '·',             'leaving'],
  'renewing.backoff': [`${again} stopped`,        '·',        '·',                'failed',           'failed',           '·',        '·',             'stopped'],
  'renewing.setup':   [`${again} stopped 100`,    'ready',    '·',                'renewing.backoff', 'failed',           '·',        '·',             'leaving'],
  leaving:            ['dismiss',                 'stopping', 'stopped',          'stopped',          'stopped',          '·',        '·',             '·'],
  failed:             ['failed',                  '·',        '·',                '·',                '·',                '·',        '·',             'stopped'],
  stopping:           ['ready dismiss',           '·',        'stopped',          'stopped',          'stopped',          '·',        '·',             '·'],
  stopped:            ['ready dismiss stopped',   '·',        '·',                '·',                '·',                '·',        '·',             '·'],
}

worker('hears in each state what is drawn, and nothing else', () => {
  follows(drawn, Object.keys(events), () => born())
})

worker('is stopped and set up anew, one hook at a time', () => {
  const { told, phases } = born().says('ready restart empty stopped 100 ready dismiss stopped')
  assert.equal(told, ['setUp 1', 'restarting true', 'emptied', 'stop', 'setUp 2', 'stop'])
  assert.equal(phases, ['starting', 'ready', 'emptying', 'renewing', 'ready', 'stopping', 'stopped'])
})

worker('waits exactly as long as its backoff says, which is asked once for each restart', () => {
  const asked: number[] = []
  const life = born(incarnation => {
    asked.push(incarnation)
    return 100 * 2 ** (incarnation - 1)
  }).says('ready restart empty stopped')
  for (const wait of [100, 200, 400]) {
    life.say(String(wait - 1))
    assert.is(life.state, 'renewing.backoff')
    life.say('1')
    assert.is(life.state, 'renewing.setup')
    life.say('failed')
  }
  assert.equal(asked, [1, 2, 3, 4])
})

worker('does not wait where the backoff says nothing, or nothing sensible', () => {
  for (const wait of [0, -1, Number.NaN, undefined as unknown as number]) {
    assert.is(born(() => wait).says('ready restart empty stopped').state, 'renewing.setup')
  }
})

worker('waits for ever where the backoff says so, until it is dismissed', () => {
  const life = born(() => Infinity).says('ready restart empty stopped 1000000')
  assert.is(life.state, 'renewing.backoff')
  assert.is(life.says('dismiss').state, 'stopped')
})

worker('that is dismissed while it waits is not set up any more', () => {
  const { told, state } = born().says('ready restart empty stopped 99 dismiss 1000')
  assert.is(state, 'stopped')
  assert.equal(told.slice(-2), ['emptied', 'stop'])
})

worker('that is dismissed while a hook runs waits for that; what was set up is stopped', () => {
  assert.equal(born().says('dismiss ready stopped').told, ['setUp 1', 'stop'])
  assert.equal(born().says('dismiss failed').told, ['setUp 1', 'failed true', 'gaveUp true'])
  const renewing = born().says('ready restart empty dismiss stopped')
  assert.equal([renewing.state, renewing.told.filter(word => word === 'stop').length], ['stopped', 1])
  const again = born().says('ready restart empty stopped 100 dismiss ready stopped')
  assert.equal([again.state, again.told.filter(word => word === 'stop').length], ['stopped', 2])
})

worker('gives up where it cannot be set up, and says whether that was the budget', () => {
  assert.equal(born().says('failed').told, ['setUp 1', 'gaveUp true'])
  const exhausted = born().says('ready restart empty stopped 100 failed 100 refused')
  assert.equal(exhausted.told.slice(4), ['setUp 2', 'failed true', 'setUp 3', 'failed true', 'exhausted true'])
  assert.is(exhausted.state, 'failed')
})

worker('tells of a `stop` that fails: an event in a restart, a failure at the end', () => {
  assert.equal(born().says('ready restart empty failed').told.slice(3), ['stop', 'failed true'])
  assert.equal(born().says('ready dismiss failed').told.slice(1), ['stop', 'stopFailed true'])
})

/* ── whatever happens, in whatever order ──────────────────────────────────── */

type Step = 'restart' | 'empty' | 'dismiss' | 'well' | 'badly' | 'refused' | number

/** A worker whose hooks end when told, well or badly; it holds each of its orders against those before. */
class Watched {
  readonly wrong: string[] = []
  readonly clock = manualClock()
  setUps = 0
  stops = 0
  isDismissed = false
  isUp = false
  hook: 'setUp' | 'stop' | undefined
  /** When the next `setUp` is due. */
  due: number | undefined
  readonly #actor = createActor(workerLifecycle, {
    clock: this.clock,
    input: {
      host: {
        entered: () => {},
        setUp: incarnation => {
          this.#begins('setUp')
          if (this.isUp) this.wrong.push('two setups without a stop in between')
          if (this.isDismissed) this.wrong.push('set up after it was dismissed')
          if (this.due !== undefined && this.due !== this.clock.now()) this.wrong.push('another wait than its backoff')
          if (incarnation !== ++this.#tries) this.wrong.push('incarnations do not count')
          this.due = undefined
        },
        stop: () => {
          this.#begins('stop')
          if (!this.isUp) this.wrong.push('stopped, and not set up')
          this.isUp = false
          this.stops++
        },
        backoff: incarnation => {
          const wait = (incarnation * 37) % 100
          this.due = this.clock.now() + wait
          return wait
        },
        restarting: () => {},
        emptied: () => {},
        failed: () => {},
        gaveUp: () => {},
        exhausted: () => {},
        stopFailed: () => {},
      },
    },
  })
  #tries = 0

  constructor() {
    this.#actor.start()
  }

  #begins(hook: 'setUp' | 'stop'): void {
    if (this.hook) this.wrong.push(`${hook} while another hook runs`)
    this.hook = hook
  }

  get state(): string {
    return named(this.#actor.getSnapshot().value)
  }

  step(step: Step): void {
    if (typeof step === 'number') return this.clock.advance(step)
    if (step === 'dismiss') this.isDismissed = true
    if (step === 'restart' || step === 'empty' || step === 'dismiss') return this.#actor.send(events[step]!)
    const { hook } = this
    if (!hook) return
    this.hook = undefined
    if (step !== 'well') return this.#actor.send(events[step === 'badly' ? 'failed' : 'refused']!)
    if (hook === 'setUp') {
      this.isUp = true
      this.setUps++
    }
    this.#actor.send({ type: hook === 'setUp' ? 'ready' : 'stopped' })
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>('well', 'well', 'well', 'badly', 'refused', 'restart', 'restart', 'empty', 'empty'),
  fc.constantFrom<Step>(0, 1, 50, 200, 'dismiss'),
)

worker('is stopped exactly once for each time that it was set up, and not set up after it was dismissed', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), steps => {
      const life = new Watched()
      for (const each of steps) {
        life.step(each)
        seen.add(life.state)
      }
      life.step('dismiss')
      for (let i = 0; i < 3; i++) life.step('well')
      life.step(10_000)
      assert.equal(life.wrong, [])
      assert.is(life.state, 'stopped')
      assert.is(life.stops, life.setUps)
    }),
    { numRuns: 2_000 },
  )
  assert.is(seen.size, 10, 'all states were seen')
})

worker.run()
