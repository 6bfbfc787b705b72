/**
 * What a frame costs between threads: tables and arenas against the barest ring there is.
 *
 *     bare ring    thread ─▶ [one writer, one reader, no claims, nothing to park on] ─▶ here
 *     table        thread ─▶ [source] ─▶ here as the sink
 *     two stages   here ─▶ [source] ─▶ thread ─▶ [table] ─▶ thread ─▶ [table] ─▶ here
 *
 * Aim: from a table to its reader at least half of what the bare ring does with the same batch.
 */
import { Worker } from 'node:worker_threads'
import { Plane } from '../../src/ring/plane.ts'
import { FRAME } from '../../src/ring/seat.ts'
import { Waiter } from '../../src/ring/waiter.ts'
import { compare } from '../harness/bench.ts'
import type { Compared, Contender, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import { tally } from '../harness/tally.ts'
import { type BareRing, HEAD, type Job, TAIL, writeRecord } from './ring-thread.ts'

type Sink = (item: number) => void
const results = tally((item: number) => item)
const model = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const never = 1 << 30

function bareRing(slots: number, words: number): BareRing {
  return {
    positions: new Int32Array(new SharedArrayBuffer(256)),
    records: new Int32Array(new SharedArrayBuffer(slots * words * 8)),
    slots,
  }
}

/** Threads with one job each, started with the first order. */
function crew(stages: number, words: number, does: Job['does'], batch: number, spins = never) {
  const table = { slots: 64, seats: 1, capacity: 1 << 16 }
  const plane = Plane.make({ tables: Array.from({ length: stages + 2 }, () => table), arenaBytes: 1 << 20 })
  const bare = bareRing(1 << 13, words)
  const orders: Int32Array[] = []
  const rows = stages === 0 ? [0] : Array.from({ length: stages }, (_, i) => i + 1)
  return {
    plane,
    bare,
    arenas: plane.shared.arenas.map(memory => new Int32Array(memory)),
    source: plane.seat(0, 0),
    sink: plane.seat(stages + 1, 0),
    order(items: number) {
      if (orders.length === 0) {
        for (const row of rows) {
          const order = new Int32Array(new SharedArrayBuffer(4))
          orders.push(order)
          const workerData: Job = { does, order, bare, shared: plane.shared, row, words, batch, spins }
          new Worker(new URL('./ring-thread.js', import.meta.url), { workerData }).unref()
        }
      }
      for (const order of orders) {
        Atomics.store(order, 0, items)
        Atomics.notify(order, 0)
      }
    },
  }
}

function bare(words: number, batch: number): Contender<number, number> {
  const { bare, order } = crew(0, words, 'write bare', batch)
  return {
    name: `bare ring, ${batch}`,
    run(items, sink) {
      order(items)
      const { positions, records, slots } = bare
      let head = positions[HEAD]!
      for (let got = 0; got < items; ) {
        const tail = Atomics.load(positions, TAIL)
        for (; head !== tail; head = (head + 1) | 0, got++) read(records, (head & (slots - 1)) * words, words, sink)
        Atomics.store(positions, HEAD, head)
      }
    },
  }
}

function tables(words: number, batch: number): Contender<number, number> {
  const { sink: seat, arenas, order } = crew(0, words, 'write frames', batch)
  return {
    name: `table, ${batch}`,
    run(items, sink) {
      order(items)
      for (let got = 0; got < items; ) {
        if (seat.claim(4_096) !== FRAME) continue
        seat.read((segment, offset, _, count) => {
          for (let at = offset >> 2, i = 0; i < count; i++, at += words) read(arenas[segment]!, at, words, sink)
        })
        got += seat.items
        seat.commit()
      }
    },
  }
}

function twoStages(words: number, batch: number): Contender<number, number> {
  const { source, sink: seat, arenas, order } = crew(2, words, 'pass frames', batch, 200)
  return {
    name: `two stages, ${batch}`,
    remark: 'three threads, and both ends of it here',
    run(items, sink) {
      order(items)
      let made = 0
      let count = 0
      for (let got = 0; got < items; ) {
        if (made < items && (count > 0 || source.claim(1) === FRAME)) {
          if (count === 0) count = Math.min(batch, items - made, source.room)
          if (source.reserve(count * words * 4)) {
            let at = source.offset >> 2
            for (const end = made + count; made < end; made++, at += words) {
              writeRecord(arenas[source.segment]!, at, words, made)
            }
            source.put(count * words * 4, count)
            source.commit()
            count = 0
          }
        }
        if (seat.claim(4_096) !== FRAME) continue
        seat.read((segment, offset, _, items) => {
          for (let at = offset >> 2, i = 0; i < items; i++, at += words) read(arenas[segment]!, at, words, sink)
        })
        got += seat.items
        seat.commit()
      }
    },
  }
}

/** One item there and back, before the next goes. */
function roundTrip(name: string, spins: number, polls: number): Contender<number, number> {
  const { plane, source, sink: seat, arenas, order } = crew(1, 2, 'pass frames', 1, spins)
  const waiter = new Waiter(plane.words, plane.tables[0]!.bell)
  return {
    name,
    async run(items, sink) {
      order(items)
      for (let item = 0; item < items; item++) {
        while (source.claim(1) !== FRAME);
        source.reserve(8)
        writeRecord(arenas[source.segment]!, source.offset >> 2, 2, item)
        source.put(8, 1)
        source.commit()
        const look = () => (seat.claim(1) === FRAME ? true : undefined)
        if (polls === never) while (!look());
        else await waiter.seen(look, polls)
        seat.read((segment, offset) => read(arenas[segment]!, offset >> 2, 2, sink))
        seat.commit()
      }
    },
  }
}

function bareRoundTrip(): Contender<number, number> {
  const { bare, order } = crew(0, 2, 'answer bare', 1)
  return {
    name: 'bare ring, both spin',
    run(items, sink) {
      order(items)
      const { positions, records, slots } = bare
      for (let item = 0; item < items; item++) {
        const tail = positions[TAIL]!
        records[(tail & (slots - 1)) * 2] = item
        Atomics.store(positions, TAIL, (tail + 1) | 0)
        while (Atomics.load(positions, HEAD) === tail);
        sink(records[((tail & (slots - 1)) + slots) * 2]!)
      }
    },
  }
}

/** Every word is looked at, as a decoder would. */
function read(words: Int32Array, at: number, length: number, sink: Sink): void {
  let same = 0
  for (let i = 0; i < length; i++) same |= words[at + i]! ^ words[at]!
  sink(words[at]! | same)
}

export async function run(settings: Settings): Promise<Outcome> {
  const compared: Compared[] = []
  for (const bytes of [8, 100]) {
    const words = bytes >> 2
    const contenders = [256, 16, 1].flatMap(batch => [bare(words, batch), tables(words, batch)])
    compared.push(
      await compare(
        {
          name: `ring, ${bytes} bytes`,
          title: `records of ${bytes} bytes from another thread, published by so many`,
          items: 1_000_000,
          quickItems: 200_000,
          input: items => items,
          model,
          tally: results,
          baseline: 'bare ring, 256',
          contenders: [...contenders, twoStages(words, 256), twoStages(words, 16)],
        },
        settings,
      ),
    )
  }
  compared.push(
    await compare(
      {
        name: 'ring, there and back',
        title: 'one item to a thread and back',
        items: 20_000,
        quickItems: 2_000,
        input: items => items,
        model,
        tally: results,
        baseline: 'bare ring, both spin',
        contenders: [
          bareRoundTrip(),
          roundTrip('tables, both spin', never, never),
          roundTrip('tables, this thread polls', never, never - 1),
          roundTrip('tables, both park', 0, 0),
        ],
      },
      settings,
    ),
  )
  return { text: compared.map(renderCompared).join('\n\n'), data: compared }
}
