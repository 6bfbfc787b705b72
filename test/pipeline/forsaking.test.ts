import { Observable } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AskTimeout, ItemTimeout, type StageFailed } from '../../src/errors.ts'
import type { DeadLetter } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { failureOf } from '../support/failure.ts'
import { type Gate, gate } from '../support/gate.ts'
import { take } from '../support/take.ts'
import { turns, until } from '../support/turns.ts'
import { within } from '../support/within.ts'

/** Parts of an item, `item.part`, each handled until its gate is opened; notes who was told to end. */
function gated() {
  const gates = new Map<string, Gate<string>>()
  const told = new Map<string, unknown>()
  return {
    gates,
    told,
    split: function* (item: string) {
      for (const part of ['0', '1', '2']) yield `${item}.${part}`
    },
    hold: (part: string, { signal }: { signal: AbortSignal }) => {
      const held = gate<string>()
      gates.set(part, held)
      signal.addEventListener('abort', () => told.set(part, signal.reason))
      return held.promise
    },
    /** Opens every gate that there is. */
    openAll: () => {
      for (const [part, held] of gates) held.open(`${part} late`)
    },
    async held(...parts: string[]) {
      await until(() => parts.every(part => gates.has(part)), `handling ${parts}`, 2_000)
    },
  }
}

type Gated = ReturnType<typeof gated>

/** Its parts are under way two at a time; the third waits. */
function innerOf({ split, hold }: Gated) {
  return pipeline<string>('inner').stage('split', split).stage('hold', hold, { concurrency: 2 })
}

/** Read before the rest of a test is done: where that fails first, nothing is unhandled. */
function early<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

const failing = suite('an item of a pipeline that is a stage, when a part of it has failed,')

failing('is not waited for: the next one comes through, though a handler hangs', async () => {
  const parts = gated()
  const run = pipeline('outer').from(['a', 'b']).stage('inner', innerOf(parts), { onFailure: 'skip' }).run()
  const letters: DeadLetter[] = []
  run.deadLetters.subscribe(letter => letters.push(letter))
  const loop = run[Symbol.asyncIterator]()
  const first = early(take(loop, 3))
  await parts.held('a.0', 'a.1')
  const no = new Error('no')
  parts.gates.get('a.0')!.fail(no)
  await parts.held('b.0', 'b.1')
  assert.equal([...parts.told], [['a.1', no]])
  assert.not(parts.gates.has('a.2'), 'what had not begun does not begin')
  parts.openAll()
  await parts.held('b.2')
  parts.openAll()
  assert.equal(await first, ['b.0 late', 'b.1 late', 'b.2 late'])
  assert.equal(await within(1_000, loop.next()), { done: true, value: undefined })
  const { deadLetters, emitted, unfinished } = await within(1_000, run.done)
  assert.equal([deadLetters, emitted, unfinished], [1, 3, 0])
  assert.equal(
    letters.map(({ stage, item }) => [stage, item]),
    [['inner', 'a']],
  )
  assert.is((letters[0]!.error as StageFailed).cause, no)
})

failing('is still waited for where another part came before: that may fail first', async () => {
  const parts = gated()
  const run = pipeline('outer').from(['a']).stage('inner', innerOf(parts)).run()
  run.output.subscribe({ error() {} })
  const failed = failureOf(run.done)
  await parts.held('a.0', 'a.1')
  parts.gates.get('a.1')!.fail(new Error('second'))
  await turns()
  assert.is(parts.told.size, 0)
  parts.gates.get('a.0')!.fail(new Error('first'))
  const error = await failed
  assert.is(error.cause.cause.message, 'first')
})

failing('is still waited for where a part is further down: it came before', async () => {
  const parts = gated()
  const inner = pipeline<string>('inner')
    .stage('split', parts.split)
    .stage('pick', part => {
      if (part === 'a.1') throw new Error('second')
      return part
    })
    .stage('hold', parts.hold)
  const run = pipeline('outer').from(['a']).stage('inner', inner).run()
  run.output.subscribe({ error() {} })
  const failed = failureOf(run.done)
  await parts.held('a.0')
  await turns()
  assert.is(parts.told.size, 0)
  parts.gates.get('a.0')!.fail(new Error('first'))
  const error = await failed
  assert.equal([error.cause.stage, error.cause.cause.message], ['hold', 'first'])
})

failing('is tried again while what is left of the attempt before still runs', async () => {
  const parts = gated()
  const run = pipeline('outer')
    .from(['a'])
    .stage('inner', innerOf(parts), { retry: { attempts: 2 } })
    .run()
  const results = early(take(run[Symbol.asyncIterator](), 3))
  await parts.held('a.0', 'a.1')
  const abandoned = parts.gates.get('a.1')!
  parts.gates.get('a.0')!.fail(new Error('no'))
  await until(() => parts.gates.get('a.1') !== abandoned, 'the second attempt', 2_000)
  abandoned.open('too late')
  parts.openAll()
  await parts.held('a.2')
  parts.openAll()
  assert.equal(await results, ['a.0 late', 'a.1 late', 'a.2 late'])
  await within(1_000, run.done)
})

failing.run()

const forsaking = suite('an item that nobody waits for any more')

forsaking('in a pipeline that is a stage, by its timeout, does not hold up the next', async () => {
  const clock = manualClock()
  const parts = gated()
  const how = { timeout: 100, onFailure: 'skip' } as const
  const run = pipeline('outer').from(['a', 'b']).stage('inner', innerOf(parts), how).run({ clock })
  run.deadLetters.subscribe()
  const results = early(take(run[Symbol.asyncIterator](), 4))
  await parts.held('a.0', 'a.1')
  clock.advance(100)
  await parts.held('b.0', 'b.1')
  assert.equal([...parts.told.keys()], ['a.0', 'a.1'])
  for (const reason of parts.told.values()) assert.instance(reason, ItemTimeout)
  parts.openAll()
  await parts.held('b.2')
  parts.openAll()
  assert.equal(await results, ['b.0 late', 'b.1 late', 'b.2 late'], 'nothing of a')
  await within(1_000, run.done)
  assert.not(parts.gates.has('a.2'))
})

forsaking('in a pipeline that is a stage, by `ask`, does not hold up the next', async () => {
  for (const way of ['timeout', 'signal'] as const) {
    const clock = manualClock()
    const control = new AbortController()
    const parts = gated()
    const run = pipeline<string>('outer').stage('inner', innerOf(parts)).run({ clock })
    const read: string[] = []
    run.output.subscribe(result => read.push(result))
    const failed = failureOf(run.ask('a', way === 'timeout' ? { timeout: 100 } : { signal: control.signal }))
    const next = run.ask('b')
    await parts.held('a.0', 'a.1')
    if (way === 'timeout') clock.advance(100)
    else control.abort(new Error('never mind'))
    const error = await failed
    if (way === 'timeout') assert.instance(error, AskTimeout)
    else assert.is(error.message, 'never mind')
    await parts.held('b.0', 'b.1')
    assert.equal(
      [...parts.told],
      [
        ['a.0', error],
        ['a.1', error],
      ],
    )
    parts.openAll()
    await parts.held('b.2')
    parts.openAll()
    assert.equal(await within(1_000, next), ['b.0 late', 'b.1 late', 'b.2 late'])
    await within(1_000, run.stop())
    assert.equal(read, [])
    assert.is(clock.pending, 0)
  }
})

forsaking('is waited for by a run of its own, and its handler is told', async () => {
  const parts = gated()
  const control = new AbortController()
  const run = pipeline<string>('p').stage('hold', parts.hold).run()
  const failed = failureOf(run.ask('a', { signal: control.signal }))
  const next = run.ask('b')
  await parts.held('a')
  control.abort(new Error('never mind'))
  assert.is(await failed, parts.told.get('a'))
  await turns()
  assert.not(parts.gates.has('b'), 'one at a time')
  parts.openAll()
  await parts.held('b')
  parts.openAll()
  assert.equal(await within(1_000, next), ['b late'])
  await within(1_000, run.stop())
})

const atRest: Record<string, { body: (n: number) => any; how?: object }> = {
  'the next value of an Observable': {
    body: n => (n === 0 ? new Observable<number>() : n),
  },
  'the next attempt': {
    body: n => {
      if (n === 0) throw new Error('no')
      return n
    },
    how: { retry: { attempts: 2, backoff: () => 1_000 } },
  },
}
for (const [what, { body, how }] of Object.entries(atRest)) {
  forsaking(`and itself only waits for ${what} holds up nobody`, async () => {
    const clock = manualClock()
    const run = pipeline<number>('p')
      .stage('s', body, how ?? {})
      .run({ clock })
    const failed = failureOf(run.ask(0, { timeout: 100 }))
    const next = run.ask(1)
    await turns()
    clock.advance(100)
    assert.instance(await failed, AskTimeout)
    assert.equal(await within(1_000, next), [1])
    await within(1_000, run.stop())
    assert.is(clock.pending, 0)
  })
}

forsaking('because of a dead letter just heard, holds up nobody', async () => {
  const parts = gated()
  const control = new AbortController()
  const inner = pipeline<string>('inner')
    .stage('split', parts.split)
    .stage('hold', parts.hold, { concurrency: 3, onFailure: 'skip' })
  const run = pipeline<string>('outer').stage('inner', inner).run()
  run.deadLetters.subscribe(() => control.abort(new Error('away')))
  const failed = failureOf(run.ask('a', { signal: control.signal }))
  const next = run.ask('b')
  await parts.held('a.0', 'a.1', 'a.2')
  parts.gates.get('a.1')!.fail(new Error('no'))
  await turns()
  parts.gates.get('a.0')!.open('done')
  assert.is((await failed).message, 'away')
  await parts.held('b.0', 'b.1', 'b.2')
  parts.openAll()
  assert.equal(await within(1_000, next), ['b.0 late', 'b.1 late', 'b.2 late'])
  await within(1_000, run.stop())
})

forsaking.run()
