import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Bell } from '../../src/ring/bell.ts'
import { Plane } from '../../src/ring/plane.ts'
import { FRAME } from '../../src/ring/seat.ts'
import { Waiter } from '../../src/ring/waiter.ts'
import { SharedWords } from '../../src/ring/words.ts'
import { within } from '../support/within.ts'

const waiters = suite('Waiter')

waiters(
  'three workers that park with a live event loop go on while the main thread is blocked for a second',
  async () => {
    const table = { slots: 4, seats: 1, capacity: 64 }
    const plane = Plane.make({ tables: [table, table, table, table, table], arenaBytes: 1 << 10 })
    const memory = plane.shared.arenas.map(arena => new Int32Array(arena))
    const threads = [1, 2, 3].map(row => {
      const workerData = { shared: plane.shared, row }
      return new Worker(new URL('./waiter-worker.js', import.meta.url), { workerData })
    })
    await within(20_000, Promise.all(threads.map(thread => once(thread, 'message'))), 'three workers')
    const source = plane.seat(0, 0)
    const sink = plane.seat(4, 0)
    const got: number[] = []
    const startedAt = performance.now()
    // From here on no event of this thread is handled. One item at a time, so that all of them park for each.
    for (let item = 0; item < 20 || performance.now() - startedAt < 1_000; item++) {
      assert.is(source.claim(1), FRAME)
      source.reserve(4)
      memory[source.segment]![source.offset >> 2] = item
      source.put(4, 1)
      source.commit()
      while (sink.claim(1) !== FRAME) {
        if (performance.now() - startedAt > 30_000)
          throw new Error(`nothing came for item ${item} while this thread was blocked`)
      }
      sink.read((segment, offset) => got.push(memory[segment]![offset >> 2]!))
      sink.commit()
    }
    plane.tables[0]!.close()
    assert.equal(
      got,
      Array.from(got, (_, item) => item + 3),
    )
    await within(20_000, Promise.all(threads.map(thread => once(thread, 'exit'))), 'the end of the workers')
  },
)

waiters('a message makes it look again, and leaves no second wait behind', async () => {
  let waits = 0
  class Counting extends SharedWords {
    override waitAsync(at: number, value: number): Promise<unknown> | undefined {
      waits++
      return super.waitAsync(at, value)
    }
  }
  const words = new Counting(new SharedArrayBuffer(4))
  const bell = new Bell(words, 0)
  const waiter = new Waiter(words, bell)
  for (let message = 0; message < 100; message++) {
    let hasCome = false
    setImmediate(() => {
      hasCome = true
      waiter.again()
    })
    await within(
      5_000,
      waiter.seen(() => hasCome || undefined),
      'the look after a message',
    )
  }
  assert.is(waits, 1)
  bell.ring()
  let hasRung = false
  setImmediate(() => {
    hasRung = true
    bell.ring()
  })
  await within(
    5_000,
    waiter.seen(() => hasRung || undefined),
    'the look after the bell',
  )
  assert.ok(waits <= 3)
  waiter.close()
})

waiters('it looks again now and then although nobody rings', async () => {
  const words = new SharedWords(new SharedArrayBuffer(4))
  const waiter = new Waiter(words, new Bell(words, 0), { nap: 5 })
  let looks = 0
  await within(
    5_000,
    waiter.seen(() => (++looks > 5 ? true : undefined)),
    'the sixth look',
  )
  waiter.close()
})

waiters.run()
