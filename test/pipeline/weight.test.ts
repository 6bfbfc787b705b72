/** P4 by weight: what was computed and not read never weighs more than the channels hold, and what is in hand. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { aborted } from '../support/aborted.ts'
import { execute } from '../support/execute.ts'
import { endless, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const weight = suite('what was computed and not read')

const capacity = { items: 1024, bytes: 10_000 }
const heavy = 'x'.repeat(5_000)

/** How much a stage computes whose reader hangs, before a channel of 10,000 bytes: 5,000 each time. */
async function ahead(body: (n: number, count: () => string) => unknown, how: object): Promise<number> {
  let computed = 0
  const count = () => {
    computed++
    return heavy
  }
  const run = pipeline('p')
    .from(endless().source)
    .stage('s', (n: number) => body(n, count), how)
    .stage('hangs', async (_: unknown, { signal }) => aborted(signal), { capacity })
    .run()
  run.output.subscribe({ error() {} })
  await turns(60)
  await within(
    2_000,
    run.stop({ grace: 0 }).catch(() => {}),
  )
  return computed
}

const later = async (_: number, count: () => string) => {
  await turns(1)
  return count()
}
const after = (first: Promise<unknown>) => async (n: number, count: () => string) => {
  await (n === 0 ? first : turns(1))
  return count()
}
const never = new Promise<never>(() => {})
async function* many(n: number, count: () => string) {
  if (n === 0) await never
  for (let i = 0; i < 1_000; i++) yield count()
}

const ways: Record<string, [body: (n: number, count: () => string) => unknown, how: object, slots: number]> = {
  'with a key': [later, { key: (n: number) => n % 5 }, 1],
  'with a key, at once': [(_, count) => count(), { key: (n: number) => n % 5 }, 1],
  'with one key': [later, { key: () => 'k', concurrency: 4 }, 1],
  'with a key, by completion': [later, { key: (n: number) => n % 5, order: 'completion', concurrency: 4 }, 4],
  'behind a slow item': [after(never), { concurrency: 4 }, 4],
  'behind a slow item, each by itself': [after(never), { concurrency: 4, timeout: 60_000 }, 4],
  'behind a slow item, with a key': [after(never), { concurrency: 4, key: (n: number) => n % 50 }, 4],
  'by completion': [later, { concurrency: 4, order: 'completion' }, 4],
  'streaming, behind a slow item': [many, { concurrency: 4, emit: 'streaming' }, 4],
  'streaming, with a key': [many, { concurrency: 4, emit: 'streaming', key: (n: number) => n }, 4],
}
for (const [way, [body, how, slots]] of Object.entries(ways)) {
  weight(`weighs no more than the channel may, beside what is in hand: ${way}`, async () => {
    const computed = await ahead(body, how)
    assert.ok(computed <= 1 + 2 + slots, `${computed} were computed`)
  })
}

const cases = fc.record({
  shape: fc.constantFrom('value', 'promise', 'generator', 'async generator', 'stream'),
  outputs: fc.integer({ min: 1, max: 6 }),
  emit: fc.constantFrom('whole', 'streaming'),
  keys: fc.constantFrom(0, 0, 1, 3, 20),
  workers: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  order: fc.constantFrom('input', 'completion'),
  size: fc.constantFrom(100, 1_000, 4_000, 20_000),
  items: fc.constantFrom(1024, 1024, 2, 5),
  delay: fc.constantFrom(1, 5, 30),
  slow: fc.constantFrom(0, 400),
})

weight('never weighs more than the channel may, and what is in hand', async () => {
  const property = fc.asyncProperty(cases, async each => {
    const { shape, outputs, emit, keys, order, size, items, delay, slow } = each
    const clock = manualClock()
    const sleep = (millis: number) => new Promise<void>(resolve => clock.setTimeout(resolve, millis))
    const wait = (n: number) => sleep(n === 0 ? slow : (n * 13) % delay)
    const isStream = shape === 'stream'
    const workers = isStream ? 1 : each.workers
    const concurrency = isStream ? 1 : each.concurrency
    const slots = workers * concurrency
    // Of an item that leaves as a whole all outputs are in hand.
    const inHand = (slots + 1) * size * (emit === 'whole' ? outputs : 1)
    let unread = 0
    const made = (n: number, i: number) => {
      unread += size
      assert.ok(unread <= 10_000 + inHand, `${unread} bytes wait, ${10_000 + inHand} is the bound`)
      return `${n} ${i}`.padEnd(size)
    }
    const bodies = {
      value: (n: number) => made(n, 0),
      promise: (n: number) => wait(n).then(() => made(n, 0)),
      *generator(n: number) {
        for (let i = 0; i < outputs; i++) yield made(n, i)
      },
      async *'async generator'(n: number) {
        for (let i = 0; i < outputs; i++) {
          await wait(n)
          yield made(n, i)
        }
      },
      stream: {
        async *stream(all: AsyncIterable<number>) {
          for await (const n of all) for (let i = 0; i < outputs; i++) yield made(n, i)
        },
      },
    }
    const row = (pipeline('p').from(upTo(60)) as any)
      .stage('s', bodies[shape], {
        ...{ emit, workers, concurrency, order },
        ...(keys > 0 && !isStream && { key: (n: number) => n % keys }),
      })
      .stage(
        'reader',
        async (text: string) => {
          unread -= size
          await sleep(7)
          return text.trim()
        },
        { capacity: { items, bytes: 10_000 } },
      )
    const { results, error } = await within(10_000, execute(row, { clock }))
    assert.is(error, undefined)
    const count = shape === 'value' || shape === 'promise' ? 1 : outputs
    const wanted = upTo(60).flatMap(n => upTo(count).map(i => `${n} ${i}`))
    assert.equal(order === 'input' ? results : [...results].sort(), order === 'input' ? wanted : wanted.sort())
  })
  await fc.assert(property, { numRuns: 300, includeErrorInReport: true })
})

weight.run()
