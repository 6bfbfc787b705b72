/** The other thread of a ring bench: waits for a number of items, writes or passes on so many, and waits again. */
import { workerData } from 'node:worker_threads'
import { Plane, type SharedPlane } from '../../src/ring/plane.ts'
import { FRAME } from '../../src/ring/seat.ts'

export interface Job {
  readonly does: 'write bare' | 'write frames' | 'pass frames' | 'answer bare'
  /** Word 0: items to do; word 1: what is done of them is not for this thread to say. */
  readonly order: Int32Array
  readonly bare: BareRing
  readonly shared: SharedPlane
  readonly row: number
  readonly words: number
  readonly batch: number
  readonly spins: number
}

/** One writer, one reader: positions in items, one line of the cache each. */
export interface BareRing {
  readonly positions: Int32Array
  readonly records: Int32Array
  readonly slots: number
}
export const HEAD = 0
export const TAIL = 32

/** What the record of item `i` holds in every word. */
export function writeRecord(words: Int32Array, at: number, length: number, item: number): void {
  for (let i = 0; i < length; i++) words[at + i] = item
}

if (workerData) {
  const job = workerData as Job
  const { order, batch, words, row, spins } = job
  const plane = new Plane(job.shared)
  const arenas = job.shared.arenas.map(memory => new Int32Array(memory))
  const seat = plane.seat(row, 0)
  for (;;) {
    Atomics.wait(order, 0, 0)
    const items = Atomics.exchange(order, 0, 0)
    if (job.does === 'write bare') writeBare(job.bare, items)
    else if (job.does === 'answer bare') answerBare(job.bare, items)
    else if (job.does === 'write frames') writeFrames(items)
    else passFrames(items)
  }

  function writeBare({ positions, records, slots }: BareRing, items: number): void {
    let tail = positions[TAIL]!
    for (let made = 0; made < items; ) {
      const count = Math.min(batch, items - made)
      while (((tail + count - Atomics.load(positions, HEAD)) | 0) > slots);
      for (const end = made + count; made < end; made++, tail = (tail + 1) | 0) {
        writeRecord(records, (tail & (slots - 1)) * words, words, made)
      }
      Atomics.store(positions, TAIL, tail)
    }
  }

  function answerBare({ positions, records, slots }: BareRing, items: number): void {
    for (let done = 0; done < items; done++) {
      const head = positions[HEAD]!
      while (Atomics.load(positions, TAIL) === head);
      records[((head & (slots - 1)) + slots) * words] = records[(head & (slots - 1)) * words]!
      Atomics.store(positions, HEAD, (head + 1) | 0)
    }
  }

  function writeFrames(items: number): void {
    for (let made = 0; made < items; ) {
      seat.take(1, spins)
      const count = Math.min(batch, items - made, seat.room)
      seat.reserveWaiting(count * words * 4)
      const arena = arenas[seat.segment]!
      let at = seat.offset >> 2
      for (const end = made + count; made < end; made++, at += words) writeRecord(arena, at, words, made)
      seat.put(count * words * 4, count)
      seat.commit()
    }
  }

  function passFrames(items: number): void {
    for (let done = 0; done < items; ) {
      if (seat.take(1_024, spins) !== FRAME) return
      const count = seat.items
      seat.reserveWaiting(count * words * 4)
      const to = arenas[seat.segment]!
      let at = seat.offset >> 2
      seat.read((segment, offset, bytes) => {
        const from = arenas[segment]!
        for (let i = offset >> 2, end = i + (bytes >> 2); i < end; i++) to[at++] = from[i]!
      })
      seat.put(count * words * 4, count)
      seat.commit()
      done += count
    }
  }
}
