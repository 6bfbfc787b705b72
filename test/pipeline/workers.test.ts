import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { failureOf } from '../support/failure.ts'
import { gate } from '../support/gate.ts'
import { all, upTo } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const workers = suite('setup and stop')

/** Notes which workers were set up and stopped. */
function noting(noted: string[], fails: (n: number) => boolean = () => false) {
  let made = 0
  return {
    setup: async () => {
      await turn()
      const id = made++
      noted.push(`+${id}`)
      return id
    },
    receive: async (n: number) => {
      if (fails(n)) throw new Error('no')
      await turn()
      return n
    },
    stop: async (id: number) => {
      await turn()
      noted.push(`-${id}`)
    },
  }
}

const once = ['+0', '+1', '+2', '-0', '-1', '-2']

workers('are called once for each worker, on every orderly way out', async () => {
  const ways: Record<string, (run: any, abort: (reason: unknown) => void) => Promise<unknown>> = {
    'the end of the input': run => run.done,
    'stop()': async run => {
      await turns(5)
      return run.stop()
    },
    'stop() at once': run => run.stop(),
    'leaving the loop': async run => {
      for await (const n of run) if (n === 3) break
    },
    'an aborted signal': async (run, abort) => {
      await turns(5)
      abort('away')
      return failureOf(run.done)
    },
  }
  for (const [way, leave] of Object.entries(ways)) {
    const noted: string[] = []
    const controller = new AbortController()
    const body = noting(noted)
    const run = pipeline('p').from(upTo(30)).stage('s', body, { workers: 3 }).run({ signal: controller.signal })
    if (way !== 'leaving the loop') run.output.subscribe({ error() {} })
    await within(
      2_000,
      leave(run, reason => controller.abort(reason)),
    )
    await run.done.catch(() => {})
    assert.equal(noted.sort(), [...once].sort(), way)
  }
})

workers('are called on a failure, of their own stage or another', async () => {
  for (const failing of ['own', 'before', 'behind', 'source', 'reader'] as const) {
    const noted: string[] = []
    const fails = (place: string) => (n: number) => {
      if (place === failing && n === 5) throw new Error('no')
      return n
    }
    const run = pipeline('p')
      .from(function* () {
        for (const n of upTo(30)) yield fails('source')(n)
      })
      .stage('before', fails('before'))
      .stage(
        's',
        noting(noted, n => failing === 'own' && n === 5),
        { workers: 3 },
      )
      .stage('behind', fails('behind'))
      .run()
    run.output.subscribe(n => void fails('reader')(n))
    await failureOf(run.done)
    assert.equal(noted.sort(), [...once].sort(), failing)
  }
})

workers('gets its resources: what setup gave, by worker', async () => {
  let made = 0
  const run = pipeline('p')
    .from(upTo(10))
    .stage(
      's',
      { setup: () => made++, receive: (n: number, _, { resources }) => turn(`${resources}:${n}`) },
      { workers: 2 },
    )
    .run()
  const results = await all(run)
  assert.is(made, 2)
  assert.equal(
    results.map(text => Number(text.split(':')[1])),
    upTo(10),
  )
  assert.equal(new Set(results.map(text => text.split(':')[0])), new Set(['0', '1']))
})

workers('that cannot be stopped fail the run, unless that has failed before', async () => {
  const body = {
    receive: (n: number) => {
      if (n === 2) throw new Error('two')
      return n
    },
    stop: () => {
      throw new Error('cannot stop')
    },
  }
  const failing = pipeline('p').from([1, 2]).stage('s', body).run()
  failing.output.subscribe()
  const error = await failureOf(failing.done)
  assert.is(error.cause.message, 'two')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['cannot stop'],
  )

  const ending = pipeline('p').from([1]).stage('s', body).run()
  const results: number[] = []
  ending.output.subscribe(n => results.push(n))
  assert.is((await failureOf(ending.done)).message, 'p/s failed: Error: cannot stop')
  assert.equal(results, [1])

  const left = pipeline('p').from([1, 3]).stage('s', body).run()
  for await (const _ of left) break
  await within(1_000, left.done)
})

const halves: Record<string, (no: Error, others: Promise<void>) => unknown> = {
  'throws at once': no => {
    throw no
  },
  'rejects at once': no => Promise.reject(no),
  'rejects when the others are there': async (no, others) => {
    await others
    throw no
  },
}
for (const [how, fail] of Object.entries(halves)) {
  workers(`of which one ${how} in \`setup\` fail the run, once the others have been stopped`, async () => {
    for (const bad of [0, 1, 2]) {
      const no = new Error('no connection')
      const others = gate()
      const stops = gate()
      const noted: string[] = []
      const body = (stage: string, isBad: (id: number) => boolean) => {
        let made = 0
        return {
          setup: () => {
            const id = made++
            if (isBad(id)) return fail(no, others.promise)
            noted.push(`+${stage}${id}`)
            if (noted.length === 4) others.open()
            // One that takes its time is stopped as well.
            return id === 2 ? turn(id) : id
          },
          receive: (n: number) => n,
          stop: async (id: unknown) => {
            noted.push(`-${stage}${id}`)
            await stops.promise
            noted.push(`stopped ${stage}${id}`)
          },
        }
      }
      const run = pipeline('p')
        .from([1])
        .stage(
          's',
          body('s', id => id === bad),
          { workers: 3 },
        )
        .stage(
          't',
          body('t', () => false),
          { workers: 2 },
        )
        .run()
      run.output.subscribe({ error() {} })
      let isOver = false
      const failed = failureOf(run.done)
      const over = () => {
        isOver = true
      }
      failed.then(over, over)
      const good = [0, 1, 2].filter(id => id !== bad).map(id => `s${id}`)
      const all = [...good, 't0', 't1']
      await until(() => noted.length >= 8, 'stopping')
      await turns()
      assert.equal([...noted].sort(), [...all.map(id => `+${id}`), ...all.map(id => `-${id}`)].sort())
      assert.is(isOver, false, 'a run is not over before its workers are')
      stops.open()
      const error = await failed
      assert.instance(error, StageFailed)
      assert.equal([error.pipeline, error.stage, error.worker, error.sequence], ['p', 's', bad, undefined])
      assert.is(error.cause, no)
      assert.is(error.message, 'p/s failed: Error: no connection')
      assert.equal(noted.slice(8).sort(), all.map(id => `stopped ${id}`).sort())
    }
  })
}

for (const hook of ['stop', 'setup'] as const) {
  workers(`are waited for while one is being restarted: until its \`${hook}\` is done`, async () => {
    const control = new AbortController()
    const held = gate()
    const noted: string[] = []
    let made = 0
    const body = {
      setup: async () => {
        const id = made++
        noted.push(`+${id}`)
        if (hook === 'setup' && id === 1) await held.promise
        return id
      },
      receive: (n: number) => {
        if (n === 1) throw new Error('no')
        return n
      },
      stop: async (id: number) => {
        noted.push(`-${id}`)
        if (hook === 'stop') await held.promise
        noted.push(`stopped ${id}`)
      },
    }
    const run = pipeline('p').from([1, 2]).stage('s', body, { onFailure: 'restart' }).run({ signal: control.signal })
    run.deadLetters.subscribe()
    run.output.subscribe({ error() {} })
    await until(() => noted.includes(hook === 'stop' ? '-0' : '+1'), hook)
    let isOver = false
    const failed = failureOf(run.done)
    const over = () => {
      isOver = true
    }
    failed.then(over, over)
    control.abort(new Error('away'))
    await turns()
    assert.is(isOver, false)
    held.open()
    assert.is((await failed).message, 'away')
    assert.equal(
      noted,
      hook === 'stop' ? ['+0', '-0', 'stopped 0'] : ['+0', '-0', 'stopped 0', '+1', '-1', 'stopped 1'],
    )
  })
}

const failing = {
  receive: (n: number) => {
    throw new Error(`no ${n}`)
  },
}

workers('whose last item is done are not restarted: nobody waits for the backoff', async () => {
  const clock = manualClock()
  const made = pipeline('p')
    .from([1])
    .stage('s', failing, { onFailure: 'restart' })
    .supervise({ backoff: () => 60_000 })
  const { error, summary } = await within(5_000, execute(made, { clock }))
  assert.equal([error, summary?.deadLetters, clock.now(), clock.pending], [undefined, 1, 0, 0])
})

workers('that wait for their restart leave no timer', async () => {
  const clock = manualClock()
  const control = new AbortController()
  const run = pipeline('p')
    .from([1, 2])
    .stage('s', failing, { onFailure: 'restart' })
    .supervise({ backoff: () => 60_000 })
    .run({ clock, signal: control.signal })
  run.deadLetters.subscribe()
  run.output.subscribe({ error() {} })
  await until(() => clock.pending > 0, 'the backoff')
  control.abort(new Error('away'))
  assert.is((await failureOf(run.done)).message, 'away')
  assert.is(clock.pending, 0)
})

workers('of which several cannot be set up tell all that went wrong', async () => {
  let made = 0
  const noted: number[] = []
  const body = {
    setup: async () => {
      const id = made++
      if (id !== 1) throw new Error(`no ${id}`)
      return id
    },
    receive: (n: number) => n,
    stop: (id: number) => void noted.push(id),
  }
  const run = pipeline('p').from([1]).stage('s', body, { workers: 3 }).run()
  run.output.subscribe({ error() {} })
  const error = await failureOf(run.done)
  assert.is(error.cause.message, 'no 0')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['no 2'],
  )
  assert.equal(noted, [1])
})

workers.run()
