/** Nothing lost, nothing twice: whatever happens to a run, every item that came in is accounted for. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StageFailed } from '../../src/errors.ts'
import type { Summary } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { aborted } from '../support/aborted.ts'
import { failureOf } from '../support/failure.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const conserving = suite('every item that came in')

const stage = fc.record({
  isAsync: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 3 }),
  capacity: fc.constantFrom(0, 1, 2, 7, 1024),
  order: fc.constantFrom('input' as const, 'completion' as const),
  overflow: fc.constantFrom('wait', 'wait', 'wait', 'drop-newest', 'drop-oldest'),
  isKeyed: fc.boolean(),
  /** Items of this remainder by 13 fail. */
  failing: fc.constantFrom(-1, -1, 3),
  policy: fc.constantFrom('skip' as const, 'skip' as const, 'restart' as const, 'stop' as const),
})

const cases = fc.record({
  stages: fc.array(stage, { minLength: 1, maxLength: 3, size: 'max' }),
  source: fc.constantFrom('array', 'generator', 'async generator', 'sent'),
  reader: fc.constantFrom('subscribe', 'for await', 'consume', 'none'),
  ending: fc.constantFrom('itself', 'stop', 'break', 'abort', 'reader throws', 'source throws'),
  after: fc.integer({ min: 0, max: 12 }),
  tolerated: fc.constantFrom(undefined, undefined, 2),
  inFlight: fc.constantFrom(undefined, 1, 5),
})

conserving('was read, is unread, given up, dropped or unfinished: once', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ stages, source, reader, ending, after, tolerated, inFlight }) => {
      const count = 60
      let given = 0
      const numbers = function* () {
        while (given < count) {
          if (ending === 'source throws' && given === 40) throw new Error('dry')
          yield given++
        }
      }
      const sources: Record<string, () => any> = {
        array: () => Array.from({ length: count }, (_, n) => n),
        generator: numbers,
        'async generator': async function* () {
          yield* numbers()
        },
      }
      let row: any = pipeline('p')
      if (source !== 'sent') row = row.from(sources[source]!())
      stages.forEach(({ isAsync, isKeyed, failing, policy, ...how }, index) => {
        const handle = (n: number) => {
          if (n % 13 === failing) throw new Error(`no ${n}`)
          return n
        }
        const body = isAsync ? (n: number) => turns(n % 3).then(() => handle(n)) : handle
        const options = { ...how, onFailure: policy, ...(isKeyed && { key: (n: number) => n % 4 }) }
        row = row.stage(`s${index}`, body, options)
      })
      if (tolerated !== undefined) row = row.supervise({ tolerate: { deadLetters: tolerated } })
      const controller = new AbortController()
      const run = row.run({ signal: controller.signal, ...(inFlight !== undefined && { inFlight }) })
      const letters: number[] = []
      run.deadLetters.subscribe(({ item }: { item: number }) => letters.push(item))
      const read: number[] = []
      const take = (n: number) => {
        read.push(n)
        if (ending === 'reader throws' && read.length === after + 1) throw new Error('enough')
      }
      let isRead: Promise<unknown> = Promise.resolve()
      if (reader === 'subscribe') run.output.subscribe({ next: take, error() {} })
      else if (reader === 'consume') isRead = run.consume(take).catch(() => {})
      else if (reader === 'for await') {
        const loop = async () => {
          for await (const n of run) {
            if (ending === 'reader throws') read.push(n)
            else take(n)
            if ((ending === 'break' || ending === 'reader throws') && read.length > after) break
          }
        }
        isRead = loop().catch(() => {})
      }
      let sent = 0
      if (source === 'sent') {
        for (let n = 0; n < count; n++)
          run.send(n).then(
            () => sent++,
            () => {},
          )
        run.end()
      }
      const done = run.done.then(
        (summary: any) => ({ summary }),
        (error: any) => ({ error }),
      )
      await turns(after)
      if (ending === 'stop' || reader === 'none') void run.stop().catch(() => {})
      if (ending === 'abort') controller.abort('away')
      const { summary, error } = (await within(5_000, done)) as { summary?: Summary; error?: unknown }
      await within(5_000, isRead)
      if (reader === 'none' || ending === 'stop') {
        // Results that nobody has read stay readable.
        run.output.subscribe({ next: (n: number) => read.push(n), error() {} })
      }
      const distinct = new Set([...read, ...letters])
      assert.is(distinct.size, read.length + letters.length, `nothing twice: ${read} and ${letters}`)
      const unfinished = summary?.unfinished ?? (error instanceof StageFailed ? error.unfinished : undefined)
      const { stages: shown } = run.snapshot()
      const received = summary?.received ?? (source === 'sent' ? sent : shown[0].received + shown[0].queued)
      if (source === 'sent') assert.is(received, sent, 'what was sent was received')
      if (summary) {
        const unread = ending === 'stop' || reader === 'none' ? 0 : summary.emitted - read.length
        assert.is(summary.deadLetters, letters.length)
        const accounted = read.length + unread + summary.deadLetters + summary.dropped + summary.unfinished
        const twice = ending === 'break' || ending === 'reader throws' ? unread : 0
        assert.is(
          summary.received,
          accounted - twice,
          JSON.stringify({ summary, read: read.length, letters: letters.length }),
        )
      } else if (unfinished !== undefined && source === 'sent' && ending !== 'abort') {
        const dropped = shown.reduce((sum: number, each: any) => sum + each.dropped, 0)
        const emitted = shown.at(-1).emitted
        assert.is(received, emitted + letters.length + dropped + unfinished)
      }
    }),
    { numRuns: 400, includeErrorInReport: true },
  )
})

conserving('is not handed on, as something else, after it was given up', async () => {
  for (let turn = 0; turn < 4; turn++) {
    const controller = new AbortController()
    const run = pipeline('p')
      .from(Array.from({ length: 60 }, (_, n) => n))
      .stage('s', (n: number) => n)
      .run({ signal: controller.signal })
    const read: number[] = []
    const loop = (async () => {
      for await (const n of run) read.push(n)
    })()
    loop.catch(() => {})
    for (let i = 0; i < turn; i++) await null
    controller.abort('away')
    assert.is(await within(1_000, failureOf(loop)), 'away')
    assert.equal(
      read,
      read.map((_, n) => n),
      `after ${turn} microtasks`,
    )
    assert.ok(read.length < 60)
  }
})

conserving('waits in no handler that would not have been told', async () => {
  let told = 0
  const run = pipeline('p')
    .from([1, 2, 3])
    .stage(
      's',
      async (n: number, { signal }) => {
        await aborted(signal)
        told++
        return n
      },
      { concurrency: 3 },
    )
    .run()
  run.output.subscribe({ error() {} })
  await turns()
  const summary: any = await within(1_000, run.stop({ grace: 5 }))
  assert.equal([told, summary.unfinished], [3, 3])
})

conserving.run()
