import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineActor } from '../../../src/actor/define-actor.ts'
import { Channel } from '../../../src/channel/channel.ts'
import { blueprintOf } from '../../../src/pipeline/blueprint.ts'
import { pipeline } from '../../../src/pipeline/pipeline.ts'
import { planOf } from '../../../src/pipeline/plan.ts'
import type { StagePlan } from '../../../src/stage/plan.ts'
import { sectionsOf } from '../../../src/stage/section/sections.ts'

const sections = suite('sections')

const plain = defineActor('plain', import.meta, (n: any) => n)
const stateful = defineActor('stateful', import.meta, { start: () => ({ n: 0 }), receive: (n: any) => n })
const keyed = defineActor('keyed', import.meta, { key: (n: any) => n, receive: (n: any) => n })
const whole = defineActor('whole', import.meta, {
  async *stream(items: AsyncIterable<any>) {
    yield* items
  },
})
export const nested = pipeline<any>('nested', import.meta).stage('x', (n: any) => n)

/** Which stages of three on threads, the middle one so, are sections; as `from-to`, the last excluded. */
function with_(body: any, how: object, { on = 'threads', tagged = -1, may = true } = {}): string[] {
  const built = (pipeline('p').from([1]) as any)
    .stage('a', plain, { on: 'threads' })
    .stage('b', body, { on, ...how })
    .stage('c', plain, { on: 'threads' })
  const remote = () => ({ open: () => () => ({}) as never, grace: 1, inside() {}, resources: undefined })
  const plans = planOf(blueprintOf(built)!, { on: undefined, nest: () => ({}) as never, remote: remote as never })
  return told(plans, tagged, may)
}

function told(plans: readonly StagePlan[], tagged = -1, may = true): string[] {
  const channels = upTo(plans.length + 1).map(
    n => new Channel({ items: 100, bytes: 1_000 }, tagged >= 0 && n >= tagged),
  )
  return sectionsOf(plans, channels, may).map(({ from, to }) => `${from}-${to}`)
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

sections('are all neighbouring stages on threads that ask for nothing special', () => {
  assert.equal(with_(plain, {}), ['0-3'])
  assert.equal(with_(plain, { workers: 3, capacity: 64, retry: { attempts: 3 }, onFailure: 'skip' }), ['0-3'])
})

sections('end before a stage that has to be handed its items, and begin behind it', () => {
  const reasons: [any, object][] = [
    [plain, { key: (n: number) => n }],
    [keyed, {}],
    [plain, { order: 'completion' }],
    [plain, { emit: 'streaming' }],
    [plain, { timeout: 100 }],
    [plain, { concurrency: 2 }],
    [plain, { inFlight: 5 }],
    [plain, { capacity: 63 }],
    [plain, { capacity: 0 }],
    [plain, { workers: 63 }],
    [plain, { schema: { '~standard': { version: 1, vendor: 'v', validate: (value: unknown) => ({ value }) } } }],
    [plain, { workers: { threads: 1, inline: 1 } }],
    [stateful, {}],
    [whole, {}],
    [nested, {}],
  ]
  for (const [body, how] of reasons) {
    const { workers } = how as { workers?: unknown }
    const place = typeof workers === 'object' ? { on: undefined as never } : {}
    assert.equal(with_(body, how, place), ['0-1', '2-3'], JSON.stringify([body.name, how]))
  }
  for (const on of ['inline', 'processes']) assert.equal(with_(plain, {}, { on }), ['0-1', '2-3'], on)
})

sections('end before a channel that drops, or fails: what enters it cannot wait', () => {
  const overflow = 'drop-oldest'
  const seated = () => ({}) as never
  const plan = { overflow: 'wait', seated } as unknown as StagePlan
  const dropping = { overflow, seated } as unknown as StagePlan
  assert.equal(told([plan, plan, plan, dropping, plan]), ['0-2', '3-5'])
  assert.equal(told([plan, dropping, plan]), ['1-3'])
  assert.equal(told([dropping, plan]), ['0-2'])
})

sections('are none where items carry tags, or where the run wants to know of each', () => {
  assert.equal(with_(plain, {}, { tagged: 0 }), [])
  assert.equal(with_(plain, {}, { tagged: 2 }), ['0-1'])
  assert.equal(with_(plain, {}, { may: false }), [])
})

sections.run()
