/**
 * What stages in a row promise wherever their workers live: on threads their frames go from worker to worker, and nothing of
 * that is to be seen from here.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Inactive, UnreadOutput } from '../../src/errors.ts'
import type { Entered, PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { upTo } from '../support/take.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'
import * as actors from './actors.ts'

/** Workers that are not gone. */
const alive = () =>
  process.getActiveResourcesInfo().filter(resource => resource === 'Worker' || resource === 'ProcessWrap').length

type On = 'inline' | 'threads' | 'processes'

/** Two stages in a row, one worker each, unless said otherwise. */
function row(on: On, items: Iterable<any>, [a, b]: readonly [any, any], how: object = {}): any {
  return (pipeline('p').from(items) as any)
    .stage('a', a, { on, capacity: 100, ...how })
    .stage('b', b, { on, capacity: 100, ...how })
}

const busy = (micros: number) => (actors.busy as any).with(micros)

export function rowContract(on: On): void {
  const promises = suite(`on ${on}, stages in a row`)

  promises('can be watched: what enters each, in order, and how many items were left out', async () => {
    const run = row(on, upTo(3_000), [busy(0), busy(60)]).run()
    const seen: Record<string, Entered[]> = { a: [], b: [] }
    for (const name of ['a', 'b']) run.channel(name).subscribe((entered: Entered) => seen[name]!.push(entered))
    run.output.subscribe()
    await within(20_000, run.done)
    for (const [n, name] of ['a', 'b'].entries()) {
      let next = 0
      for (const { sequence, item, missed, enteredAt } of seen[name]!) {
        assert.equal([item, missed], [sequence + n, sequence - next], `${name} ${sequence}`)
        assert.ok(Number.isFinite(enteredAt))
        next = sequence + 1
      }
      assert.ok(seen[name]!.length > 20 && next <= 3_000, `${name}: ${seen[name]!.length}`)
    }
    assert.is(seen.a!.length, 3_000)
  })

  promises('count what each has received and emitted, and how long that took', async () => {
    const run = row(on, upTo(500), [busy(20), busy(60)]).run()
    run.output.subscribe()
    await within(20_000, run.done)
    for (const stage of run.snapshot().stages) {
      const { received, emitted, queued, deadLetters, restarts, dropped } = stage
      assert.equal([received, emitted, queued, deadLetters, restarts, dropped], [500, 500, 0, 0, 0, 0])
      assert.ok(stage.service.p50 >= (stage.stage === 'a' ? 0.018 : 0.055), `service ${stage.service.p50}`)
      assert.ok(stage.waiting.max >= 0)
      assert.ok(stage.occupancy > 0 && stage.occupancy <= 1, `occupancy ${stage.occupancy}`)
    }
  })

  promises('say what waits for each of them, while one holds all up', async () => {
    const run = row(on, upTo(1_000), [actors.same, actors.patient]).run()
    run.output.subscribe({ error() {} })
    await until(() => run.snapshot().stages[1].received >= 1 && run.snapshot().stages[1].queued > 90, 'a full channel')
    const [a, b] = run.snapshot().stages
    assert.is(a.emitted, b.received + b.queued)
    assert.is(b.emitted, 0)
    // A channel holds what it may, and the outputs of one item more.
    assert.ok(a.queued <= 101 && b.queued <= 101, `${a.queued} and ${b.queued}`)
    await within(20_000, run.stop({ grace: 1_200 }))
  })

  promises('are all started before any is drained, and each is drained once', async () => {
    const run = row(on, upTo(300), [busy(0), busy(10)], { workers: 2 }).run()
    const events: string[] = []
    run.events.subscribe(({ type, stage }: PipelineEvent & { stage?: string }) => {
      if (type.startsWith('stage.')) events.push(`${type} ${stage}`)
    })
    run.output.subscribe()
    await within(20_000, run.done)
    assert.equal(events.slice(0, 2).toSorted(), ['stage.started a', 'stage.started b'])
    assert.equal(events.slice(2).toSorted(), ['stage.drained a', 'stage.drained b'])
  })

  promises('name who holds what, when nothing moves', async () => {
    const run = row(on, upTo(5), [actors.same, actors.hanging]).supervise({ inactivity: 500, grace: 500 }).run()
    run.output.subscribe({ error() {} })
    const error: any = await within(20_000, failureOf(run.done))
    const inactive = error instanceof Inactive ? error : error.cause
    assert.instance(inactive, Inactive)
    assert.match(inactive.message, /^p has not moved for 500 ms: p\/b#0 item 1(, p\/b#0 item \d)*$/)
  })

  promises('lose no item from sight, wherever they are stopped', async () => {
    for (const most of [1, 40, 400]) {
      const run = row(on, endless(), [actors.refusing, busy(20)], { onFailure: 'skip', workers: 2 }).run()
      let letters = 0
      run.deadLetters.subscribe(() => letters++)
      let read = 0
      run.output.subscribe({ next: () => read++, error() {} })
      await until(() => read >= most, 'results')
      const { received, emitted, deadLetters, unfinished } = (await within(20_000, run.stop())) as any
      assert.equal([received, emitted, letters], [emitted + deadLetters + unfinished, read, deadLetters])
      assert.is(unfinished, 0)
    }
  })

  promises('count as unfinished what they held, when the grace period ends', async () => {
    const run = row(on, endless(), [actors.same, actors.patient]).run()
    run.output.subscribe({ error() {} })
    await until(() => run.snapshot().stages[1].queued > 50, 'a backlog')
    const { received, emitted, unfinished } = (await within(20_000, run.stop({ grace: 1_200 }))) as any
    assert.equal([emitted, unfinished > 50], [0, true])
    assert.is(received, unfinished)
  })

  promises('end with the reason of the signal, and leave nobody behind', async () => {
    const before = alive()
    const controller = new AbortController()
    const run = row(on, endless(), [busy(0), busy(20)], { workers: 2 }).run({ signal: controller.signal })
    let read = 0
    run.output.subscribe({ next: () => read++, error() {} })
    await until(() => read > 100, 'results')
    controller.abort('away')
    assert.is(await within(20_000, failureOf(run.done)), 'away')
    await until(() => alive() <= before, 'the end of all workers')
  })

  promises('end when their reader leaves, and count what was not finished', async () => {
    const run = row(on, endless(), [busy(0), busy(20)], { workers: 2 }).run()
    for await (const n of run) if ((n as number) >= 100) break
    const { received, emitted, unfinished } = (await within(20_000, run.done)) as any
    assert.is(received, emitted + unfinished)
  })

  promises('say that nobody reads, when all channels are full', async () => {
    const clock = manualClock()
    const run = row(on, endless(), [busy(0), busy(0)]).run({ clock })
    const failed = failureOf(run.done)
    let last = -1
    let since = performance.now()
    // They move until nothing has room.
    await until(
      () => {
        const { emitted } = run.snapshot().stages[1]
        if (emitted !== last || emitted < 500) since = performance.now()
        last = emitted
        return performance.now() - since > 300
      },
      'a standstill',
      10_000,
    )
    const { stages } = run.snapshot()
    assert.ok(stages[1].emitted <= 1_024 + 1, `emitted ${stages[1].emitted}`)
    clock.advance(10_000)
    assert.instance(await within(20_000, failed), UnreadOutput)
  })

  promises.run()
}

function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n
}
