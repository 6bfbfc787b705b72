import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sample } from '../../actors/sample.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { expectModel, faulty, manualClock, runActor } from '../../src/testing/index.ts'
import { upTo } from '../support/take.ts'

const some = suite('sample')

some('passes the first item, and then every n-th', async () => {
  assert.equal((await runActor(sample<number>({ every: 3 }), upTo(8))).emitted, [0, 3, 6])
  assert.equal((await runActor(sample<number>({ every: 1 }), upTo(3))).emitted, [0, 1, 2])
})

some('counts for each key', async () => {
  const keyed = pipeline<number>('t').stage('s', sample({ every: 2 }), { key: n => n % 2, workers: 2 })
  assert.equal(await expectModel(keyed, [0, 1, 2, 3, 4, 5]), [0, 1, 4, 5])
})

some('counts on when its worker is restarted', async () => {
  const flaky = faulty(sample<number>({ every: 2 }), { dies: 1 })
  assert.equal((await runActor(flaky, upTo(6))).emitted, [0, 3, 5])
})

some('passes the first item of each period, by the clock of the run', async () => {
  const clock = manualClock()
  const at = [0, 50, 99, 100, 150, 1_000, 1_001, 1_100]
  const items = function* () {
    for (const time of at) {
      clock.advance(time - clock.now())
      yield time
    }
  }
  // One at a time: the clock moves with the source.
  const { emitted } = await runActor(sample<number>({ per: 100 }), items(), { clock, capacity: 1, inFlight: 1 })
  assert.equal(emitted, [0, 100, 1_000, 1_100])
})

some('refuses neither, both, and what is no number', () => {
  for (const options of [{}, { every: 1, per: 1 }]) {
    assert.throws(
      () => sample(options),
      (error: unknown) =>
        error instanceof InvalidOption && /^`sample` must be given either `every` or `per`, got /.test(error.message),
    )
  }
  for (const options of [{ every: 0 }, { every: 1.5 }, { per: 0 }, { per: '1' }, { each: 3 }]) {
    assert.throws(
      () => sample(options as never),
      (error: unknown) => error instanceof InvalidOptions,
    )
  }
})

some.run()
