/**
 * The ring on real threads: items of random size and with checksums, in frames and chunks of random size, through small
 * tables and arenas, back in order. Nobody naps: a lost wake-up hangs, and the deadline of the caller shows it.
 *
 *     source ─▶ [row 1 × 2 workers] ─▶ [row 2 × 2 workers] ─▶ sink: item n is n, and whole
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { seen } from '../../src/ring/main-thread.ts'
import { Plane, type SharedPlane } from '../../src/ring/plane.ts'
import { FRAME, OVER } from '../../src/ring/seat.ts'
import { check, hashed, mostWords, write } from './records.ts'

/** What a worker is told. */
export interface Place {
  readonly shared: SharedPlane
  readonly row: number
  readonly seat: number
  readonly spins: number
  readonly spills: Spills
}

/**
 * Segments to spill to: of each writer a ring, 8 for each slot. A frame has at most 128 items, in chunks of 32 and more, so what
 * comes round is no longer read. A run would make them as
 * they are needed; here everybody knows them from the beginning.
 */
export interface Spills {
  readonly memory: readonly SharedArrayBuffer[]
  /** Of each writer: how many it has used. */
  readonly used: Int32Array
}
export const spillsEach = 128

/** Lets the writer of arena `writer` spill, and everybody read it. Gives words of all segments. */
export function segmentsOf(plane: Plane, { memory, used }: Spills, writer: number): Int32Array[] {
  const { arenas } = plane.shared
  for (const [i, each] of memory.entries()) plane.adopt(arenas.length + i, each)
  plane.spill = bytes =>
    bytes > spillBytes ? undefined : arenas.length + writer * spillsEach + (used[writer]!++ % spillsEach)
  return [...arenas, ...memory].map(each => new Int32Array(each))
}

export interface Litmus {
  readonly items: number
  readonly stages: number
  /** @default 2 */
  readonly workers?: number
  /** @default 16 */
  readonly slots?: number
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

const arenaBytes = 1 << 15
const spillBytes = 1 << 13

export async function litmus({
  items,
  stages,
  workers = 2,
  slots = 16,
  spins = 100,
  ...more
}: Litmus): Promise<Passed> {
  const { killEvery = 0, seed = 1, progress } = more
  const table = (seats: number) => ({ slots, seats, capacity: 4_096 })
  const rows = [table(1), ...Array.from({ length: stages }, () => table(workers)), table(1)]
  const plane = Plane.make({ tables: rows, arenaBytes }, -8)
  for (const each of plane.tables) each.wanted = 64
  const writers = plane.shared.arenas.length
  const spills: Spills = {
    memory: Array.from({ length: writers * spillsEach }, () => new SharedArrayBuffer(spillBytes)),
    used: new Int32Array(new SharedArrayBuffer(writers * 4)),
  }
  const segments = segmentsOf(plane, spills, 0)
  const source = plane.seat(0, 0)
  const sink = plane.seat(stages + 1, 0)
  let random = seed
  let failure: unknown
  let deaths = 0
  let isOver = false
  const threads: { thread: Worker; ended: Promise<void> }[] = []

  function host(row: number, seat: number): void {
    const place: Place = { shared: plane.shared, row, seat, spins, spills }
    const thread = new Worker(new URL('./litmus-worker.js', import.meta.url), { workerData: place })
    thread.on('error', error => {
      failure ??= error
      plane.tables[0]!.bell.wake()
    })
    thread.on('message', message => {
      failure ??= new Error(String(message))
      plane.tables[0]!.bell.wake()
    })
    const index = (row - 1) * workers + seat
    const ended = new Promise<void>(resolve => {
      thread.on('exit', code => {
        resolve()
        if (isOver || (code === 0 && plane.tables[row]!.isOver)) return
        deaths++
        plane.tables[row]!.settle(seat, () => false)
        host(row, seat)
      })
    })
    threads[index] = { thread, ended }
  }
  for (let row = 1; row <= stages; row++) for (let seat = 0; seat < workers; seat++) host(row, seat)

  const startedAt = performance.now()
  let nextKill = killEvery
  let made = 0
  let got = 0
  /** Items for the frame that the source has in hand; 0: it has none. */
  let count = 0
  /** As much as there is to do; undefined: nothing just now. */
  const work = (): boolean | undefined => {
    if (failure) throw failure
    let hasWorked: boolean | undefined
    while (made < items && (count > 0 || source.claim(1) === FRAME)) {
      random = hashed(random + made)
      if (count === 0) count = Math.min(items - made, source.room, 1 + (random & 63))
      if (!source.reserve(count * mostWords * 4)) break // the frame stays in hand
      hasWorked = true
      const words = segments[source.segment]!
      let at = source.offset >> 2
      for (const end = made + count; made < end; made++) at += write(words, at, made | 0, 0)
      source.put(at * 4 - source.offset, count)
      source.commit()
      count = 0
      if (made === items) plane.tables[0]!.close()
    }
    for (;;) {
      const claimed = sink.claim(4_096)
      if (claimed === OVER) return false
      if (claimed !== FRAME) break
      hasWorked = true
      sink.read((segment, offset, _, items) => {
        for (let at = offset >> 2; items > 0; items--, got++) {
          const length = check(segments[segment]!, at, got | 0)
          if (length < 0) throw new Error(`item ${got} came torn, twice, not at all or out of order`)
          at += length
        }
      })
      sink.commit()
      if (performance.now() - turnedAt > 10) return true
    }
    return hasWorked
  }
  let turnedAt = startedAt
  try {
    while (await seen(plane.words, plane.tables[0]!.bell, work, 20, Infinity)) {
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
    await Promise.all(threads.map(({ thread, ended }) => thread.terminate().then(() => ended)))
  }
  return {
    seconds: (performance.now() - startedAt) / 1000,
    deaths,
    spills: spills.used.reduce((sum, used) => sum + used, 0),
  }
}
