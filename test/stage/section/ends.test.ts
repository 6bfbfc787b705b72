/** The two ends of a section, and the chunks between them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel } from '../../../src/channel/channel.ts'
import { FRAME } from '../../../src/ring/seat.ts'
import { KeptAttachments } from '../../../src/stage/section/attached.ts'
import { ChunkReader } from '../../../src/stage/section/chunks.ts'
import { Head } from '../../../src/stage/section/head.ts'
import { Tail } from '../../../src/stage/section/tail.ts'
import { Tally } from '../../../src/stage/section/tally.ts'
import { bench } from '../../support/bench.ts'
import { upTo } from '../../support/take.ts'

const chunks = suite('chunks')

chunks('carry items as they were, in order, whatever the size of each', () => {
  const items = [1, 'text', { a: [1, null] }, new Map([[1, new Date(5)]]), 'x'.repeat(9_000), null, -0, [undefined]]
  for (const chunk of [1, 3, Infinity]) {
    const { feed, claim } = bench({ capacities: [100, 100, 100] })
    assert.ok(feed(items, chunk))
    const found: unknown[] = []
    for (let frame = claim(1, 100); frame; frame = claim(1, 100)) {
      found.push(...frame.items)
      frame.commit([])
    }
    assert.equal(found, items)
  }
})

chunks('wait for room where an arena is too small, and go on where others have read', () => {
  const { feed, claim, seats, plane } = bench({ capacities: [1_000, 1_000], arenaBytes: 4_096 })
  const text = 'x'.repeat(900)
  let fed = 0
  while (seats[0]!.claim(1) === FRAME) {
    if (!seats[0]!.reserve(1_024)) break
    seats[0]!.begin()
    seats[0]!.commit()
    assert.ok(feed([`${fed++} ${text}`]) && fed < 20)
  }
  assert.ok(fed >= 2 && fed < 20, `${fed} frames of 1,024 bytes in 4,096`)
  for (let n = 0; n < fed; ) {
    const { items, commit } = claim(1, 1)!
    for (const item of items) assert.is(item, `${n++} ${text}`)
    commit()
  }
  assert.ok(seats[0]!.reserve(1_024))
  assert.equal(plane.spilled, [])
})

chunks('spill what the arena cannot hold, where the frame is the lowest', () => {
  const { feed, claim, plane } = bench({ capacities: [100, 100], arenaBytes: 4_096 })
  const spilled: number[] = []
  plane.post = ({ segment }) => spilled.push(segment)
  const large = 'x'.repeat(20_000)
  assert.ok(feed([1, large, 2]))
  assert.ok(spilled.length > 0)
  const found: unknown[] = []
  for (let frame = claim(1, 100); frame; frame = claim(1, 100)) {
    found.push(...frame.items)
    frame.commit()
  }
  assert.equal(found, [1, large, 2])
})

chunks.run()

const head = suite('the head of a section')

function headOf(capacity: number) {
  const on = bench({ capacities: [capacity, capacity, capacity] })
  const input = new Channel({ items: capacity, bytes: Infinity }, false)
  const each = new Head(input, on.plane, {
    ...{ attached: new KeptAttachments(), shared: undefined, limit: 2 ** 28 },
    taken: () => {},
  })
  return { ...on, input, each }
}

head('asks its source for what the channel may hold, and no more, however often it looks', () => {
  for (const capacity of [64, 100, 1_024]) {
    const { input, each, claim } = headOf(capacity)
    let asked = 0
    input.refill = most => {
      for (let n = 0; n < most; n++) input.put(asked++, undefined, -1, 0)
    }
    for (let look = 0; look < 9; look++) each.fill()
    assert.is(asked, capacity)
    // A frame that is taken lets in as many.
    const frame = claim(1, capacity >> 2)!
    for (let look = 0; look < 9; look++) each.fill()
    assert.equal([asked, each.sent], [capacity + frame.items.length, capacity + frame.items.length])
  }
})

head('leaves a mark where an item cannot be carried, and keeps it', () => {
  const { input, each, claim } = headOf(100)
  const port = { [Symbol.toPrimitive]: 1, fn: () => 1 }
  for (const item of [1, port, 2]) input.put(item, undefined, -1, 0)
  each.fill()
  const found: unknown[] = []
  for (let frame = claim(1, 10); frame; frame = claim(1, 10)) {
    found.push(...frame.items)
    frame.commit([])
  }
  assert.equal(found, [1, undefined, 2])
  assert.is(each.unsent.get(1)!.item, port)
  each.passed(1)
  assert.is(each.unsent.size, 1)
  each.passed(2)
  assert.is(each.unsent.size, 0)
})

head('says that it is over once its channel is empty and has ended', () => {
  const { input, each, plane } = headOf(100)
  input.put(1, undefined, -1, 0)
  each.fill()
  assert.equal([each.isClosed, plane.tables[0]!.isOver], [false, false])
  input.end('done')
  each.fill()
  assert.equal([each.isClosed, plane.tables[0]!.isOver], [true, true])
})

head('counts what it is not to take in any more', () => {
  const { input, each } = headOf(100)
  for (const n of upTo(7)) input.put(n, undefined, -1, 0)
  each.close()
  assert.equal([each.cleared, each.fill(), each.sent], [7, false, 0])
})

head.run()

const tail = suite('the tail of a section')

tail('lets out no more than its share of the channel, in order', () => {
  for (const capacity of [64, 100, 1_024]) {
    const { feed, claim, plane } = bench({ capacities: [4_096, 4_096, 4_096] })
    const output = new Channel({ items: capacity, bytes: Infinity }, false)
    const each = new Tail(output, plane, new ChunkReader(plane, new KeptAttachments(), undefined), (count, bytes) =>
      output.pushed(count, bytes, -1, 0),
    )
    feed(upTo(2_000), 10)
    for (let frame = claim(1, 10); frame; frame = claim(1, 10)) {
      frame.commit()
      each.drain(() => true)
    }
    // A chunk is let out as a whole.
    assert.ok(output.count <= capacity / 2 + 10 && output.blocked, `${output.count} of ${capacity}`)
    let next = 0
    while (output.count > 0) {
      assert.is(output.take(), next++)
      each.drain(() => true)
    }
    assert.ok(next > capacity / 2 && each.passed === next)
  }
})

tail.run()

const tally = suite('Tally')

tally('is the same memory for both who have it', () => {
  const memory = Tally.make()
  const worker = new Tally(memory)
  const run = new Tally(memory)
  worker.frame(4, 2)
  worker.progressed()
  worker.frame(0, 1)
  run.isDismissed = true
  assert.equal([run.busyMs, run.progress, worker.isDismissed], [3, 1, true])
  assert.equal([run.service.count, Math.round(run.service.mean / 1e4)], [4, 50])
  run.isDismissed = false
  assert.is(worker.isDismissed, false)
})

tally.run()
