/**
 * What a runtime bears whose workers do not live in this event loop: deaths, loops, and what is lost on the way.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ActorNotFound, ItemTimeout, NotCloneable, StageFailed, StateLost, WorkerDied } from '../../src/errors.ts'
import type { DeadLetter, PipelineEvent } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { failureOf } from '../support/failure.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'
import { same } from './actors.ts'
import * as deadly from './deadly.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Workers that are not gone. */
export const alive = () =>
  process.getActiveResourcesInfo().filter(resource => resource === 'Worker' || resource === 'ProcessWrap').length

export async function led(on: string, items: Iterable<any>, actor: any, how: object = {}, policy: object = {}) {
  const run = (pipeline('p').from(items) as any)
    .stage('s', actor, { on, ...how })
    .supervise(policy)
    .run()
  const letters: DeadLetter[] = []
  const events: PipelineEvent[] = []
  const results: any[] = []
  run.deadLetters.subscribe((letter: DeadLetter) => letters.push(letter))
  run.events.subscribe((event: PipelineEvent) => events.push(event))
  run.output.subscribe({ next: (result: any) => results.push(result), error() {} })
  const ended = run.done.then(
    (summary: any) => ({ summary }),
    (error: any) => ({ error }),
  )
  const { summary, error } = await within<any>(20_000, ended, 'the run')
  return { results, letters, events, summary, error }
}

export function isolation(on: 'threads' | 'processes'): void {
  const workers = suite(`a worker on ${on}`)
  const before = alive()
  let folder = ''
  workers.before.each(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace '))
  })
  workers.after.each(() => rmSync(folder, { recursive: true }))

  /** A file that is there, and empty. */
  const emptyLog = () => {
    const log = join(folder, 'log')
    writeFileSync(log, '')
    return log
  }

  workers('that ends while it has an item costs no item: others take them', async () => {
    for (const code of [0, 1, 7]) {
      const log = emptyLog()
      const actor = (deadly.exiting as any).with({ log, deadly: 7, most: 2, code })
      const { results, letters, events, summary } = await led(on, upTo(20), actor, { workers: 2 })
      assert.equal([results, letters], [upTo(20), []])
      assert.is(deadly.times(log, 'called'), 3)
      assert.is(summary.restarts, 2)
      const failed = events.find(({ type }) => type === 'worker.failed') as any
      assert.instance(failed.error, WorkerDied)
      assert.is(failed.error.exitCode, code)
    }
  })

  workers('is given up with the item that has taken `deaths` of them', async () => {
    const log = emptyLog()
    const actor = (deadly.exiting as any).with({ log, deadly: 7, most: 99, code: 3 })
    const { results, letters } = await led(on, upTo(20), actor, { workers: 2, onFailure: 'skip' })
    assert.equal(
      results,
      upTo(20).filter(n => n !== 7),
    )
    assert.is(deadly.times(log, 'called'), 3)
    assert.equal(
      letters.map(({ item, deaths }) => [item, deaths]),
      [[7, 3]],
    )
    assert.instance(letters[0]!.error, WorkerDied)
  })

  workers('that dies of an error out of turn says which', async () => {
    const { results, events } = await led(on, upTo(5), (deadly.throwingLater as any).with(emptyLog()))
    assert.equal(results, upTo(5))
    const { error } = events.find(({ type }) => type === 'worker.failed') as any
    assert.equal([error.cause.message, error.message.includes('out of turn')], ['out of turn', true])
  })

  workers('that loops for ever is ended, where an item has a time', async () => {
    const { results, letters, summary } = await led(on, upTo(5), deadly.looping, { timeout: 300, onFailure: 'skip' })
    assert.equal(results, [0, 1, 3, 4])
    assert.instance(letters[0]!.error, ItemTimeout)
    assert.is(summary.restarts, 1)
  })

  workers('that loops for ever is ended with its pipeline, within the grace period', async () => {
    const run = (pipeline('p').from(upTo(5)) as any).stage('s', deadly.looping, { on }).run()
    const seen: number[] = []
    run.output.subscribe({ next: (n: number) => seen.push(n), error() {} })
    await within(
      10_000,
      new Promise<void>(resolve => {
        const look = () => (seen.length === 2 ? resolve() : setTimeout(look, 5))
        look()
      }),
    )
    const began = performance.now()
    const summary: any = await within(10_000, run.stop({ grace: 1_500 }))
    assert.equal([seen, summary.emitted], [[0, 1], 2])
    assert.is(summary.unfinished, summary.received - 2)
    assert.ok(performance.now() - began < 1_700)
    await until(() => alive() === before, 'the end of all workers')
  })

  workers('takes its state with it: the pipeline fails, if that matters', async () => {
    const { error } = await led(on, upTo(10), (deadly.forgetful as any).with(emptyLog()))
    assert.instance(error, StageFailed)
    assert.instance(error.cause, StateLost)
    assert.instance(error.cause.cause, WorkerDied)
  })

  workers('takes its state with it: it begins anew, if that does not matter', async () => {
    const { results, events } = await led(on, upTo(10), (deadly.careless as any).with(emptyLog()), { key: () => 'all' })
    assert.equal(results.slice(0, 5), [0, 1, 3, 6, 10])
    assert.equal(results.slice(5), [5, 11, 18, 26, 35])
    assert.ok(events.some(({ type }) => type === 'state.lost'))
  })

  workers('takes no state with it that was saved', async () => {
    for (const key of [undefined, () => 'all']) {
      const { results } = await led(on, upTo(10), (deadly.careful as any).with(emptyLog()), { ...(key && { key }) })
      assert.equal(results, [0, 1, 3, 6, 10, 15, 21, 28, 36, 45])
    }
  })

  workers('is another for each worker, and none of them is this one', async () => {
    const { results } = await led(on, upTo(40), deadly.place, { workers: 2, concurrency: 1 })
    assert.is(new Set(results).size, 2)
    assert.not(results.includes(`${process.pid}/0`))
  })

  // Modules that are loaded one by one take longer than all else that a worker does before its first answer.
  workers(
    'loads one file of this package, that with what pipelines in pipelines need as well, and what leads there',
    async () => {
      const { results } = await led(on, [1], deadly.modules)
      const urls = results[0] as string[]
      const files = urls.filter(url => url.startsWith('file:')).map(url => url.replace(/^.*\/dist\//, ''))
      assert.equal(files.map(file => file.replace(/-[A-Z0-9]+\.js$/, '-*.js')).sort(), [
        'src/far/bundle/chunk-*.js',
        'src/far/bundle/main.js',
        'src/index.js',
        'test/contract/deadly.js',
      ])
    },
  )

  workers('finds one `millrace`, by its name and by the path of its file', async () => {
    const { results } = await led(on, [1], deadly.millraces)
    assert.equal(results, [true])
  })

  workers('says which item cannot be cloned', async () => {
    const there = await led(on, [1, { a: [() => 2] }, 3], same, { onFailure: 'skip' })
    assert.equal([there.results, there.letters[0]!.sequence], [[1, 3], 1])
    assert.instance(there.letters[0]!.error, NotCloneable)
    assert.is((there.letters[0]!.error as NotCloneable).path, 'a[0]')
    const back = await led(on, upTo(6), deadly.boundless, { onFailure: 'skip' })
    assert.equal([back.results, back.letters[0]!.sequence], [[0, 1, 2, 4, 5], 3])
    assert.instance(back.letters[0]!.error, NotCloneable)
  })

  workers('that cannot be set up fails the pipeline with what its `setup` threw', async () => {
    const { error } = await led(on, [1], (deadly.brittle as any).with('setup'))
    assert.instance(error, StageFailed)
    assert.instance(error.cause, TypeError)
    assert.is(error.cause.message, 'no such database')
  })

  workers('that cannot be stopped fails the pipeline with what its `stop` threw', async () => {
    const { error } = await led(on, [1], (deadly.brittle as any).with('stop'))
    assert.is(error.cause.message, 'not closed')
  })

  workers('is told what its module lacks', async () => {
    const { defineActor } = await import('../../src/actor/define-actor.ts')
    const elsewhere = new URL('./lacking.js', import.meta.url).href
    const { error } = await led(
      on,
      [1],
      defineActor(`absent on ${on}`, { url: elsewhere }, (n: number) => n),
    )
    assert.instance(error.cause, ActorNotFound)
    assert.match(error.cause.message, /^actor absent on \w+ is not in file:.*lacking\.js: define it there/)
    const missing = new URL('./no-such-module.js', import.meta.url).href
    const { error: other } = await led(
      on,
      [1],
      defineActor(`absent on ${on}`, { url: missing }, (n: number) => n),
    )
    assert.is(other.cause.code, 'ERR_MODULE_NOT_FOUND')
  })

  workers('says which of many outputs cannot be cloned, and takes the next item', async () => {
    for (const how of [{}, { concurrency: 3 }]) {
      const { results, letters } = await led(on, upTo(4), deadly.unfit, {
        emit: 'streaming',
        onFailure: 'skip',
        ...how,
      })
      assert.equal(results, [0, -0, 1, 2, -2, 3, -3])
      assert.equal(
        letters.map(({ sequence, error }) => [sequence, (error as any).code]),
        [[1, 'ERR_NOT_CLONEABLE']],
      )
    }
  })

  workers('that is at an item given up has no other answer with it', async () => {
    const { results, letters } = await led(on, upTo(4), deadly.late, {
      ...{ emit: 'streaming', timeout: 300, onFailure: 'skip' },
    })
    assert.equal([results, letters.map(({ sequence }) => sequence)], [[0, 2, 3], [1]])
  })

  workers('charges nobody else, where the first death is the last', async () => {
    const actor = (deadly.exiting as any).with({ log: emptyLog(), deadly: 50, most: 99, code: 3 })
    const { results, letters } = await led(on, upTo(200), actor, {
      ...{ retry: { deaths: 1 }, onFailure: 'skip' },
    })
    assert.equal([results.length, letters.map(({ item }) => item)], [199, [50]])
  })

  workers('keeps what can be kept of an error that cannot be cloned, or made anew', async () => {
    const { letters } = await led(on, ['range', 'private', 'endless'], deadly.odd, { onFailure: 'skip' })
    const [range, own, endless] = letters.map(({ error }) => error as any)
    assert.equal([range.constructor, range.message, range.code], [RangeError, 'odd', 'ODD'])
    assert.equal([own.constructor, own.name, own.code], [deadly.Private, 'Private', 'ODD'])
    assert.equal([endless.message, endless.errors.length > 0], ['endless', true])
  })

  workers('tells of dead letters inside a pipeline whose items cannot be cloned', async () => {
    const { results, letters } = await led(on, upTo(4), deadly.innerLetters)
    assert.equal(results, [0, 2, 3])
    const [{ stage, sequence, item, error }] = letters as any
    assert.equal([stage, sequence, error.message], ['s/unwrap', 1, 'not that one'])
    assert.match(item, /^\{ n: 1, wrapped: \[Function/)
  })

  workers('that dies at last, in its `stop`, is told of', async () => {
    const { results, error } = await led(on, upTo(3), deadly.leavingAtLast)
    assert.equal([results, error.cause.exitCode], [upTo(3), 6])
    assert.instance(error.cause, WorkerDied)
  })

  if (on === 'threads') {
    workers('that says what is not understood ends, and nothing else does', async () => {
      const { results, letters } = await led(on, upTo(4), deadly.chatty, { retry: { deaths: 1 }, onFailure: 'skip' })
      assert.equal([results.at(-1), letters.length <= 1], [3, true])
    })
  }

  if (on === 'processes') {
    workers('is not begun with what cannot be sent to it', async () => {
      const { error } = await led(on, upTo(3), (deadly.given as any).with(new SharedArrayBuffer(8)))
      assert.instance(error.cause, NotCloneable)
      await until(() => alive() === before, 'the end of all workers')
    })
  }

  workers('leaves nothing behind', async () => {
    for (let i = 0; i < 5; i++) {
      const run = (pipeline('p').from(upTo(1_000)) as any).stage('s', same, { on, workers: 2 }).run()
      run.output.subscribe({ error() {} })
      for (let turns = 0; turns < i * 20; turns++) await new Promise(resolve => setImmediate(resolve))
      if (i % 2) await within(10_000, run.stop())
      else {
        const controller = new AbortController()
        const other = (pipeline('q').from(upTo(1_000)) as any)
          .stage('s', same, { on })
          .run({ signal: controller.signal })
        other.output.subscribe({ error() {} })
        controller.abort('away')
        assert.is(await failureOf(other.done), 'away')
        await within(10_000, run.done)
      }
    }
    await until(() => alive() === before, 'the end of all workers')
  })

  workers.run()
}
