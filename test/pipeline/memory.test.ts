import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { Held, heapUsed } from '../support/collect.ts'
import { gate } from '../support/gate.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

interface Item {
  readonly n: number
}

/** Of any shape; what it is given is an `Item`. */
type Body = (item: any, context: any) => unknown

const forgetting = suite('what has left a run that goes on')

/** What somebody still holds of 5,000 items, their outputs and the contexts of their handlers, when only a last one is left. */
async function heldOf(body: Body, how: object) {
  const items = new Held()
  const outputs = new Held()
  const contexts = new Held()
  const last = gate()
  let read = 0
  const run = pipeline('p')
    .from(function* (): Generator<Item> {
      for (let n = 0; n < 5_000; n++) yield items.add({ n })
      yield { n: -1 }
    })
    .stage('entry', item => item)
    .stage('s', (item, context): unknown => (item.n < 0 ? last.promise : body(item, contexts.add(context))), how)
    .stage('exit', (item: any) => outputs.add({ n: item.n }))
    .run()
  run.output.subscribe(() => read++)
  await until(() => read === 5_000, '5,000 results', 20_000)
  const held = [await items.count(), await outputs.count(), await contexts.count()]
  last.open()
  await within(5_000, run.done)
  return { items: held[0]!, outputs: held[1]!, contexts: held[2]! }
}

const ways: Record<string, [body: Body, how: object]> = {
  'as a promise': [async item => item, { concurrency: 200 }],
  'as a promise that takes a turn': [item => turn(item), { concurrency: 200 }],
  'from a generator, whole': [
    function* (item) {
      yield item
    },
    { concurrency: 200 },
  ],
  streaming: [
    async function* (item) {
      yield item
    },
    { concurrency: 200, emit: 'streaming' },
  ],
  'streaming as it finishes': [
    async function* (item) {
      yield item
    },
    { concurrency: 200, emit: 'streaming', order: 'completion' },
  ],
  'with a key that is forgotten': [
    async (item, context) => {
      context.forget()
      return item
    },
    { concurrency: 200, key: ({ n }: Item) => n },
  ],
  'under a timeout, with retries': [async item => item, { concurrency: 200, timeout: 60_000, retry: { attempts: 2 } }],
}
for (const [way, [body, how]] of Object.entries(ways)) {
  forgetting(`is held by nobody: ${way}`, async () => {
    const { items, outputs, contexts } = await heldOf(body, how)
    // One may be in the hand of a frame that has not been run again since.
    assert.ok(items <= 2, `${items} items`)
    assert.ok(outputs <= 2, `${outputs} outputs`)
    // A stage keeps some for the items to come: a pool of 64, and a ring for 200 in flight.
    assert.ok(contexts <= 64 + 256 + 2, `${contexts} contexts`)
  })
}

forgetting.run()

const flat = suite('memory')

const shapes: Record<string, [body: Body, how?: object]> = {
  'handlers that answer at once': [item => ({ n: item.n + 1 })],
  'async handlers': [async item => ({ n: item.n + 1 })],
  generators: [
    function* (item) {
      yield { n: item.n + 1 }
    },
  ],
  'handlers that forget their keys': [
    (item, { forget }) => {
      forget()
      return { n: item.n + 1 }
    },
    { key: ({ n }: Item) => n },
  ],
}
for (const [shape, [body, how = {}]] of Object.entries(shapes)) {
  flat(`does not grow with the length of the stream: 200,000 items through three stages of ${shape}`, async () => {
    const heaps: number[] = []
    const run = pipeline('p')
      .from(async function* (): AsyncGenerator<Item> {
        for (let n = 0; n < 200_000; n++) {
          // By then the code is compiled, and the rings are as long as they get.
          if (n === 50_000) heaps.push(await heapUsed())
          yield { n }
        }
        heaps.push(await heapUsed())
      })
      .stage('a', body, how)
      .stage('b', body, how)
      .stage('c', body, how)
      .run()
    let sum = 0
    run.output.subscribe((item: any) => (sum += item.n))
    await within(60_000, run.done)
    assert.is(sum, (200_000 * 199_999) / 2 + 3 * 200_000)
    const grown = heaps[1]! - heaps[0]!
    // 100 bytes an item would be 15,000,000.
    assert.ok(grown < 3_000_000, `the heap grew by ${grown} bytes`)
  })
}

flat.run()
