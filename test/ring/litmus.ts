/**
 * The ring on real threads: items of random size and with checksums, in frames and chunks of random size, through small
 * tables and arenas, back in order. Nobody naps: a lost wake-up hangs, and the deadline of the caller shows it.
 *
 *     source ─▶ [row 1 × 2 workers] ─▶ [row 2 × 2 workers] ─▶ sink: item n is n, and whole
 */
import { setImmediate as turn } from 'node:timers/promises'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { Plane, type SharedPlane } from '../../src/ring/plane.ts'
import { FRAME, OVER } from '../../src/ring/seat.ts'
import type { Spilled } from '../../src/ring/spills.ts'
import { Waiter } from '../../src/ring/waiter.ts'
import { check, hashed, mostWords, write } from './records.ts'

/** What a worker is told. */
export interface Place {
  readonly shared: SharedPlane
  readonly row: number
  readonly seat: number
  readonly spins: number
  /** What is spilled and unread as it begins. */
  readonly spilled: readonly Spilled[]
  /** What others spill to from then on, by way of the main thread. */
  readonly told: MessagePort
}

/** Words of a segment. */
export function wordsOf(plane: Plane): (segment: number) => Int32Array {
  const views = plane.shared.arenas.map(memory => new Int32Array(memory))
  return segment => {
    if (views[segment]) return views[segment]
    if (!plane.knows(segment)) throw new Error(`nobody said where segment ${segment} is`)
    return new Int32Array(plane.bytes(segment).buffer)
  }
}

export interface Litmus {
  readonly items: number
  readonly stages: number
  /** @default 2 */
  readonly workers?: number
  /** @default 16 */
  readonly slots?: number
  /** Items in chunks of at most 4.5 KB: what does not fit waits, or is spilled. @default 32768 */
  readonly arenaBytes?: number
  /** How often a worker looks before it parks. @default 100 */
  readonly spins?: number
  /** Ends a worker at random about every so many milliseconds. @default never */
  readonly killEvery?: number
  readonly seed?: number
  /** Told now and then how many items have come through. */
  progress?(items: number): void
}

export interface Passed {
  readonly seconds: number
  readonly deaths: number
  readonly spills: number
}

export async function litmus({
  items,
  stages,
  workers = 2,
  slots = 16,
  arenaBytes = 1 << 15,
  spins = 100,
  ...more
}: Litmus): Promise<Passed> {
  const { killEvery = 0, seed = 1, progress } = more
  const table = (seats: number) => ({ slots, seats, capacity: 4_096 })
  const rows = [table(1), ...Array.from({ length: stages }, () => table(workers)), table(1)]
  const plane = Plane.make({ tables: rows, arenaBytes }, -8)
  for (const each of plane.tables) each.wanted = 64
  const segmentWords = wordsOf(plane)
  const waiter = new Waiter(plane.words, plane.tables[0]!.bell, { nap: Infinity })
  const source = plane.seat(0, 0)
  const sink = plane.seat(stages + 1, 0)
  let random = seed
  let failure: unknown
  let deaths = 0
  let isOver = false
  let spills = 0
  const threads: { thread: Worker; told: MessagePort; row: number; ended: Promise<void> }[] = []
  /** To those who may read it, or take the frame over. Whoever tells of a segment rings after it. */
  plane.post = spilled => {
    spills++
    for (const row of [spilled.row, spilled.row + 1]) {
      for (const each of threads) if (each.row === row) each.told.postMessage(spilled)
      plane.tables[row]!.bell.ring()
    }
  }

  function host(row: number, seat: number): void {
    const { port1: told, port2 } = new MessageChannel()
    told.unref()
    const place: Place = { shared: plane.shared, row, seat, spins, spilled: plane.spilled, told: port2 }
    const thread = new Worker(new URL('./litmus-worker.js', import.meta.url), {
      workerData: place,
      transferList: [port2],
    })
    thread.on('error', error => {
      failure ??= error
      waiter.again()
    })
    thread.on('message', (message: Spilled | string) => {
      if (typeof message === 'string') failure ??= new Error(message)
      else {
        plane.adopt(message)
        plane.post!(message)
      }
      waiter.again()
    })
    const index = (row - 1) * workers + seat
    const ended = new Promise<void>(resolve => {
      thread.on('exit', code => {
        resolve()
        told.close()
        if (isOver || (code === 0 && plane.tables[row]!.isOver)) return
        deaths++
        plane.tables[row]!.settle(seat, () => false)
        host(row, seat)
      })
    })
    threads[index] = { thread, told, row, ended }
  }
  for (let row = 1; row <= stages; row++) for (let seat = 0; seat < workers; seat++) host(row, seat)

  const startedAt = performance.now()
  let nextKill = killEvery
  let made = 0
  let got = 0
  /** Items for the frame that the source has in hand; 0: it has none. */
  let count = 0
  let isReading = false
  /** As much as there is to do; undefined: nothing just now. */
  const work = (): boolean | undefined => {
    if (failure) throw failure
    let hasWorked: boolean | undefined
    while (made < items && (count > 0 || source.claim(1) === FRAME)) {
      random = hashed(random + made)
      if (count === 0) count = Math.min(items - made, source.room, 1 + (random & 63))
      if (!source.reserve(count * mostWords * 4)) break // the frame stays in hand
      hasWorked = true
      const words = segmentWords(source.segment)
      let at = source.offset >> 2
      for (const end = made + count; made < end; made++) at += write(words, at, made | 0, 0)
      source.put(at * 4 - source.offset, count)
      source.commit()
      count = 0
      if (made === items) plane.tables[0]!.close()
    }
    for (;;) {
      if (!isReading) {
        const claimed = sink.claim(4_096)
        if (claimed === OVER) return false
        if (claimed !== FRAME) break
        isReading = true
      }
      if (sink.missing >= 0) break // the frame stays in hand
      hasWorked = true
      sink.read((segment, offset, _, items) => {
        for (let at = offset >> 2; items > 0; items--, got++) {
          const length = check(segmentWords(segment), at, got | 0)
          if (length < 0) throw new Error(`item ${got} came torn, twice, not at all or out of order`)
          at += length
        }
      })
      sink.commit()
      isReading = false
      if (performance.now() - turnedAt > 10) return true
    }
    return hasWorked
  }
  let turnedAt = startedAt
  try {
    while (await waiter.seen(work, 20)) {
      const now = performance.now()
      if (now - turnedAt > 10) {
        await turn()
        progress?.(got)
        turnedAt = performance.now()
      }
      if (killEvery > 0 && now - startedAt > nextKill) {
        random = hashed(random)
        nextKill = now - startedAt + (killEvery * (random & 255)) / 128
        void threads[(random >>> 8) % threads.length]!.thread.terminate()
      }
    }
    if (got !== items) throw new Error(`${got} items came instead of ${items}`)
  } finally {
    isOver = true
    waiter.close()
    await Promise.all(threads.map(({ thread, ended }) => thread.terminate().then(() => ended)))
  }
  return {
    seconds: (performance.now() - startedAt) / 1000,
    deaths,
    spills,
  }
}
