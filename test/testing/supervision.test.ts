/** How a pipeline meets failures, as a user would test it: with `millrace` and `millrace/testing`, and nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  defineActor,
  type FailurePolicy,
  GraceExceeded,
  Inactive,
  type PipelineEvent,
  pipeline,
  StageFailed,
  type Supervision,
  TooManyDeadLetters,
  TooManyRestarts,
} from '../../src/index.ts'
import { type Cues, faulty, manualClock, runActor, unlessDied } from '../../src/testing/index.ts'
import { within } from '../support/within.ts'

const supervision = suite('supervision, by millrace/testing')

const through = defineActor('through', (n: number) => n)

/** Three stages; the second goes wrong. Who was restarted, in the order in which it was. */
async function restarted(strategy: Supervision['strategy']) {
  const clock = manualClock()
  const run = pipeline('p')
    .from([0, 1, 2, 3])
    .stage('a', through)
    .stage('b', faulty(through, { dies: 1 }), { onFailure: unlessDied('stop') })
    .stage('c', through)
    .supervise({ ...(strategy && { strategy }), backoff: () => 10 })
    .run({ clock })
  const stages: string[] = []
  run.events.subscribe(event => {
    if (event.type === 'worker.restarted') stages.push(event.stage)
  })
  run.deadLetters.subscribe()
  run.output.subscribe()
  await clock.until(run.done)
  return stages.sort().join()
}

supervision('strategy: who is restarted with whom', async () => {
  assert.is(await restarted('one-for-one'), 'b')
  assert.is(await restarted(undefined), 'b')
  assert.match(await restarted('rest-for-one'), /^b,c$/)
  assert.match(await restarted('one-for-all'), /b,c$/)
})

supervision('maxRestarts, within, backoff: how often a worker is set up anew, and when it is too often', async () => {
  const fed = async (supervise: Supervision, setup: number[]) => {
    const flaky = faulty(through, { dies: 0, fails: { setup } })
    const run = await runActor(flaky, [1, 2], { clock: manualClock(), supervise })
    return { ...run, setups: flaky.counts.setups }
  }
  const backoff = () => 1_000
  const good = await fed({ maxRestarts: 2, within: 60_000, backoff }, [2, 3])
  assert.equal([good.emitted, good.setups, good.millis], [[2], 4, 3_000])
  const spent = await fed({ maxRestarts: 1, within: 60_000, backoff }, [2, 3])
  assert.instance(spent.failure?.cause, TooManyRestarts)
  // The same two, but the first is out of the window when the second comes.
  const slow = await fed({ maxRestarts: 1, within: 1_000, backoff }, [2, 3])
  assert.equal(slow.emitted, [2])
})

supervision('grace: when what does not end is abandoned', async () => {
  const clock = manualClock()
  const deaf = faulty(through, { hangs: { at: 1, deaf: true } })
  const run = pipeline<number>('p').stage('s', deaf).supervise({ grace: 30_000 }).run({ clock })
  await run.send(0)
  await run.send(1)
  run.output.subscribe()
  await deaf.happened('hung')
  const error = await clock.until(
    run.stop().then(
      () => undefined,
      error => error,
    ),
  )
  assert.instance(error, GraceExceeded)
  assert.equal(error.abandoned, ['p/s#0 item 1'])
  assert.is(clock.now(), 30_000)
})

supervision('grace: a handler that listens ends when it is told', async () => {
  const clock = manualClock()
  const polite = faulty(through, { hangs: 1 })
  const run = pipeline<number>('p').stage('s', polite).run({ clock })
  run.output.subscribe()
  await run.send(0)
  await run.send(1)
  await polite.happened('hung')
  assert.is((await clock.until(run.stop())).unfinished, 1)
  assert.is(clock.now(), 12_000)
})

supervision('inactivity: who holds what when nothing moves', async () => {
  const { failure, millis } = await runActor(faulty(through, { hangs: 2 }), [0, 1, 2, 3], {
    ...{ clock: manualClock(), supervise: { inactivity: 60_000 } },
  })
  assert.instance(failure, Inactive)
  assert.match(failure!.message, 'runActor/through#0 item 2')
  assert.is(millis, 60_000)
})

supervision('tolerate: how many dead letters are too many', async () => {
  const fails: Cues<number>['fails'] = { at: [1, 3, 5] }
  const fed = (tolerate: Supervision['tolerate'] & {}) =>
    runActor(faulty(through, { fails }), [0, 1, 2, 3, 4, 5], { onFailure: 'skip', supervise: { tolerate } })
  assert.is((await fed({ deadLetters: 3 })).failure, undefined)
  assert.instance((await fed({ deadLetters: 2 })).failure?.cause, TooManyDeadLetters)
  assert.is((await fed({ share: 0.5, of: 4 })).failure, undefined)
  assert.instance((await fed({ share: 0.3, of: 4 })).failure?.cause, TooManyDeadLetters)
})

supervision('onFailure: in all forms', async () => {
  const fed = (onFailure?: FailurePolicy | (() => FailurePolicy)) =>
    runActor(faulty(through, { fails: 1 }), [0, 1, 2], onFailure === undefined ? {} : { onFailure })
  const told = async (onFailure?: FailurePolicy | (() => FailurePolicy)) => {
    const { emitted, deadLetters, restarts, failure } = await fed(onFailure)
    return `${emitted} · ${deadLetters.length} dead · ${restarts} restarts · ${failure?.sequence ?? 'ended'}`
  }
  assert.is(await told(), '0 · 0 dead · 0 restarts · 1')
  assert.is(await told('stop'), '0 · 0 dead · 0 restarts · 1')
  assert.is(await told('skip'), '0,2 · 1 dead · 0 restarts · ended')
  assert.is(await told('restart'), '0,2 · 1 dead · 1 restarts · ended')
  assert.is(await told(() => 'skip'), '0,2 · 1 dead · 0 restarts · ended')
  assert.is(await told(() => 'restart'), '0,2 · 1 dead · 1 restarts · ended')
  assert.is(await told(() => 'stop'), '0 · 0 dead · 0 restarts · 1')
  assert.instance(
    (
      await fed(() => {
        throw new Error('the policy')
      })
    ).failure,
    StageFailed,
  )
})

supervision('all of it ends within a moment of real time', async () => {
  const events: PipelineEvent[] = []
  const clock = manualClock()
  const run = pipeline('p')
    .from([1])
    .stage('s', faulty(through, { hangs: 0 }), { timeout: 86_400_000, onFailure: 'skip' })
    .run({ clock })
  run.events.subscribe(event => void events.push(event))
  run.deadLetters.subscribe()
  await within(4_000, clock.until(run.done))
  assert.is(clock.now(), 86_400_000)
  assert.is(events.at(-1)?.type, 'pipeline.stopping')
})

supervision.run()
