/**
 * Small pipelines for the explorer: a source, some stages, a sink, each a seat at a table; with the code of `ring`, which may
 * be that of a mutant.
 *
 * A chunk holds items of one word each. Every unit checks what it reads against what a loop says, so that a torn frame, or
 * bytes that were written over, are found where they are read; the sink checks the order.
 */
import type * as bells from '../../src/ring/bell.ts'
import type * as seats from '../../src/ring/seat.ts'
import type * as tables from '../../src/ring/table.ts'
import type * as views from '../../src/ring/view.ts'
import type { Words } from '../../src/ring/words.ts'
import { Memory, type Scenario, type Thread } from './explorer.ts'

export interface Ring {
  readonly Bell: typeof bells.Bell
  readonly Table: typeof tables.Table
  readonly Seat: typeof seats.Seat
  readonly view: typeof views
}

export interface StageConfig {
  readonly workers: number
  readonly does: (item: number) => number[]
  /** Items a frame may take. @default 1 */
  readonly most?: number
  readonly isMortal?: boolean
  /** These items fail for good: the stage stops at the first of them. */
  readonly stopsAt?: readonly number[]
  /** What it gives after its last input. */
  readonly flush?: readonly number[]
  /** Items that it handles of a frame, at most, before it gives the rest back. */
  readonly part?: number
  /** The first of its workers ends with the first frame of which it gives something back. */
  readonly isLeft?: boolean
  /** It puts chunks that it takes back, before and between those that stay. */
  readonly isUndecided?: boolean
  /** Bytes for which it reserves room in each frame, and then puts nothing there. */
  readonly vain?: number
  /** Items of a chunk, if not those of the whole. */
  readonly chunk?: number
}

export interface Config {
  readonly items: number
  readonly stages: readonly StageConfig[]
  /** @default 2 */
  readonly slots?: number
  /** Items of a chunk, of the source and the stages. @default 1 */
  readonly chunk?: number
  /** Of every channel. @default no limit but slots and arenas */
  readonly capacity?: number
  /** Of every writer. @default 64 */
  readonly arenaBytes?: number
  readonly spills?: number
  /** Number of the first frame. @default 0 */
  readonly first?: number
  /** The source has put everything before the first step: it needs a slot for each chunk. */
  readonly isFilled?: boolean
  readonly deaths?: number
  /** Workers that are settled although they live: what they commit then must be fenced. */
  readonly suspicions?: number
  /** Workers that one item may take with it. @default 3 */
  readonly perItem?: number
  /** The stage stops at an item that has taken so many workers with it. */
  readonly isStopping?: boolean
  /** Nobody reads while it runs: the sink takes everything at the end. The last table needs a slot for each frame. */
  readonly isReadAfter?: boolean
  /** So many times somebody without a seat looks at every stage. */
  readonly looks?: number
}

type Local =
  | { readonly does: 'claim'; readonly got: readonly number[] }
  | { readonly does: 'work'; readonly got: readonly number[] }

const OVER = 2
const ARENA_TOP = 8
const ARENA_TAIL = 9

export function scenario(ring: Ring, config: Config): Scenario<any> {
  const { slots = 2, chunk = 1, capacity = 2 ** 31 - 1, arenaBytes = 64, spills = 0, first = 0 } = config
  const memory = new Memory()
  const spillWords = Math.max(40, arenaBytes / 4)
  memory.summarize(ring.Table.prototype, [
    'front',
    'held',
    'publish',
    'publishNext',
    'free',
    'ring',
    'close',
    'chunksOf',
    'itemsOf',
  ])
  memory.summarize(ring.Bell.prototype, ['ring', 'wake', 'listen'])
  memory.summarize(ring.Seat.prototype, ['claim'])
  const segments: Words[] = []
  /** For each writer: how many segments it has spilled to, in memory, since it is part of the state. */
  const spilled: { segment: number; count: Words }[] = []
  const shapes = [1, ...config.stages.map(({ workers }) => workers), 1].map((seats, row) => ({
    slots,
    seats,
    capacity,
    flushes: config.stages[row - 1]?.flush !== undefined,
  }))
  const control = memory.words(shapes.reduce((sum, shape) => sum + ring.Table.wordsFor(shape), 0))
  let base = 0
  const rows = shapes.map(shape => {
    const lookup = (writer: () => number) => ({
      words: (segment: number) => segments[segment],
      spill: (bytes: number) => {
        const { segment, count } = spilled[writer()]!
        const used = count.get(0)
        if (used >= spills) return undefined
        if (bytes > spillWords * 4) throw new Error(`a spill of ${bytes} bytes`)
        count.set(0, used + 1)
        return segment + used
      },
    })
    const table = new ring.Table(
      control,
      base,
      shape,
      lookup(() => 0),
    )
    memory.counters.push(control.base + table.bell.at)
    base += ring.Table.wordsFor(shape)
    table.format(first)
    // The positions of arenas wrap together with the frame numbers.
    for (let seat = 0; seat < shape.seats; seat++) {
      for (const field of [ARENA_TOP, ARENA_TAIL]) control.set(table.deskAt(seat) + field, first & ~7)
    }
    return { table, lookup }
  })
  for (const [i, { table }] of rows.entries()) {
    table.up = rows[i - 1]?.table
    table.down = rows[i + 1]?.table
    table.wanted = chunk
  }
  const seatsOf = rows.map(({ table, lookup }, row) =>
    Array.from({ length: shapes[row]!.seats }, (_, seat) => {
      const writer = spilled.length
      const segment = segments.push(memory.words(arenaBytes / 4)) - 1
      spilled.push({ segment: segments.length, count: memory.words(1) })
      for (let i = 0; i < spills; i++) segments.push(memory.words(spillWords))
      return new ring.Seat(
        table,
        seat,
        lookup(() => writer),
        { segment, bytes: arenaBytes },
      )
    }),
  )

  // What each stage gets, by a loop.
  const inputs: number[][] = [Array.from({ length: config.items }, (_, i) => i + 1)]
  for (const { does, flush = [], stopsAt = [] } of config.stages) {
    const input = inputs.at(-1)!
    const end = input.findIndex(item => stopsAt.includes(item))
    inputs.push(end < 0 ? [...input.flatMap(does), ...flush] : input.slice(0, end).flatMap(does))
  }
  const isLossy = (config.deaths ?? 0) + (config.suspicions ?? 0) >= (config.perItem ?? 3)

  const putChunk = (seat: seats.Seat, part: readonly number[]) => {
    if (!seat.reserveWaiting(part.length * 4)) return false
    for (const [i, item] of part.entries()) segments[seat.segment]!.set((seat.offset >> 2) + i, item)
    seat.put(part.length * 4, part.length)
    return true
  }
  /** Puts something, and takes it back. */
  const change = (seat: seats.Seat, before: number) => {
    if (!putChunk(seat, [93]) || !putChunk(seat, [90, 91, 92])) return false
    seat.back(before)
    seat.back(before)
    return true
  }
  const put = (seat: seats.Seat, outputs: readonly number[], { isUndecided = false, size = chunk } = {}) => {
    for (let at = 0; at < outputs.length; at += size) {
      const before = seat.chunks
      if (isUndecided && !change(seat, before)) return false
      if (!putChunk(seat, outputs.slice(at, at + size))) return false
      if (isUndecided) seat.back(seat.chunks)
    }
    return !isUndecided || change(seat, seat.chunks)
  }
  const read = (seat: seats.Seat, stage: number): number[] => {
    const items: number[] = []
    seat.read((segment, offset, bytes, count) => {
      if (bytes !== count * 4) throw new Error(`a chunk of ${count} items in ${bytes} bytes`)
      for (let i = 0; i < count; i++) items.push(segments[segment]!.get((offset >> 2) + i))
    })
    if (items.length !== seat.items) throw new Error(`${items.length} items instead of ${seat.items}`)
    const wanted = inputs[stage]!.slice(seat.sequence, seat.sequence + items.length)
    if (!(isLossy && stage > 0) && items.join() !== wanted.join()) {
      throw new Error(`stage ${stage} got ${items} at ${seat.sequence} instead of ${wanted}`)
    }
    return items
  }
  const begin: Local = { does: 'claim', got: [] }
  const asThread = (
    seat: seats.Seat,
    most: (local: Local) => number,
    /**
     * Undefined: what it would lead to is for nobody. `isLast` is set: the stage stops there. `end`: what comes from there on
     * is given back.
     */
    work: (local: Local) => { got: readonly number[]; isLast?: boolean; end?: number } | undefined,
    { isMortal = false, isLeft = false } = {},
  ): Thread<Local> => ({
    start: begin,
    isMortal,
    unit: local => {
      if (local.does === 'claim') return seat.take(most(local), 0) === OVER ? undefined : { ...local, does: 'work' }
      seat.begin()
      let wrong: unknown
      let worked: ReturnType<typeof work> = { got: [] }
      try {
        worked = work(local)
      } catch (error) {
        if (!(error instanceof Error) || !config.suspicions) throw error
        wrong = error
      }
      // Whoever was settled while it lived may read what others have written since; its commit must be fenced then.
      if (!worked) return { ...local, does: 'claim' }
      const { got, isLast, end = seat.pieceEnd } = worked
      const isPart = end < seat.pieceEnd
      if ((isLast ? seat.commitLast() : seat.commit(end)) ? wrong : !config.suspicions)
        throw wrong ?? new Error('a commit was fenced whose worker lives')
      return isLeft && isPart ? undefined : { does: 'claim', got }
    },
  })

  const source = seatsOf[0]![0]!
  const threads: Thread<any>[] = []
  const fill = (made: number) => {
    const items = inputs[0]!.slice(made, made + Math.min(chunk, source.room))
    return put(source, items) ? made + items.length : undefined
  }
  if (config.isFilled) {
    for (let made = 0; made < config.items; ) {
      if (source.claim(1) !== 1) throw new Error('the source has no room to be filled')
      made = fill(made)!
      source.commit()
    }
    rows[0]!.table.close()
  } else {
    const feeding = asThread(
      source,
      () => 1,
      ({ got }) => {
        const made = fill(got[0] ?? 0)
        return made === undefined ? undefined : { got: [made] }
      },
    )
    threads.push({
      ...feeding,
      unit: local => {
        if (local.does === 'claim' && local.got[0] === config.items) {
          rows[0]!.table.close()
          return undefined
        }
        return feeding.unit(local)
      },
    })
  }
  const places: { thread: number; stage: number; seat: number }[] = []
  for (const [stage, { workers, does, most = 1, isMortal = false, ...more }] of config.stages.entries()) {
    const { stopsAt = [], flush = [], part = Infinity, isLeft = false, isUndecided = false, vain = 0 } = more
    for (let worker = 0; worker < workers; worker++) {
      const seat = seatsOf[stage + 1]![worker]!
      places.push({ thread: threads.length, stage, seat: worker })
      const work = () => {
        if (seat.isFlush) {
          if (seat.sequence !== inputs[stage]!.length && !isLossy)
            throw new Error(`a flush after ${seat.sequence} items`)
          return put(seat, flush) ? { got: [] } : undefined
        }
        const items = read(seat, stage)
        const outputs: number[] = []
        let isLast = false
        const end = Math.min(seat.handled + part, seat.pieceEnd)
        if (vain > 0 && !seat.reserveWaiting(vain)) return undefined
        for (let i = seat.handled; i < end; i++) {
          seat.hold(i)
          isLast = stopsAt.includes(items[i]!)
          if (isLast) break
          outputs.push(...does(items[i]!))
        }
        return put(seat, outputs, { isUndecided, size: more.chunk ?? chunk }) ? { got: [], isLast, end } : undefined
      }
      threads.push(asThread(seat, () => most, work, { isMortal, isLeft: isLeft && worker === 0 }))
    }
  }
  const sink = seatsOf.at(-1)![0]!
  const last = config.stages.length
  const reading = asThread(
    sink,
    () => 100,
    ({ got }) => {
      const items = read(sink, last)
      const all = [...got, ...items]
      if (!isLossy && all.join() !== inputs[last]!.slice(0, all.length).join()) throw new Error(`the sink got ${all}`)
      return { got: all }
    },
  )
  if (config.looks !== undefined)
    threads.push(
      observer(
        ring,
        rows.slice(1, -1).map(({ table }) => table),
        config.looks,
      ),
    )
  if (!config.isReadAfter) threads.push(reading)

  return {
    memory,
    threads,
    ...(config.suspicions !== undefined && { suspicions: config.suspicions }),
    ...(config.deaths !== undefined && { deaths: config.deaths }),
    settle(thread, local) {
      const charges = { ...(local as Record<string, number> | undefined) }
      const place = places.find(place => place.thread === thread)!
      rows[place.stage + 1]!.table.settle(place.seat, sequence => {
        const charged = (charges[`${place.stage} ${sequence}`] ?? 0) + 1
        charges[`${place.stage} ${sequence}`] = charged
        return charged >= (config.perItem ?? 3) && (config.isStopping ? 'stop' : true)
      })
      return charges
    },
    check(locals, supervisor) {
      const gone = Object.entries((supervisor ?? {}) as Record<string, number>).filter(
        ([, charged]) => charged >= (config.perItem ?? 3),
      )
      // With a limit of deaths, configurations have one stage: what was given up is known by its place in the input.
      const lost = gone.map(([key]) => Number(key.slice(2)))
      const end = Math.min(config.isStopping ? Math.min(...lost) : config.items, config.items)
      const given = inputs[0]!.slice(0, end).filter((_, i) => !lost.includes(i))
      const wanted =
        lost.length === 0
          ? inputs.at(-1)!
          : config.stages.reduce((items, { does, flush = [] }) => [...items.flatMap(does), ...flush], given)
      let read = locals.at(-1) as Local
      if (config.isReadAfter) {
        read = begin
        for (let next: Local | undefined = read; next; next = reading.unit(read)) read = next
      }
      const { got } = read
      if (got.join() !== wanted.join()) throw new Error(`the sink got ${got} instead of ${wanted}`)
    },
  }
}

interface Seen {
  readonly looks: number
  /** Of each table: settled, received, arrived. */
  readonly counts: readonly (readonly [number, number, number])[]
}

/** Looks at tables while others work, and compares what it sees with what it saw. */
function observer({ view }: Ring, tables: readonly tables.Table[], looks: number): Thread<Seen> {
  return {
    start: { looks: 0, counts: tables.map(() => [0, 0, 0]) },
    unit: ({ looks: before, counts }) => {
      if (before === looks) return undefined
      const next = tables.map((table, i): [number, number, number] => {
        const was = counts[i]!
        const settled = view.settledIn(table)
        const hands = Array.from({ length: table.supervisor }, (_, seat) => view.inHandOf(table, seat))
        const received = view.receivedIn(table)
        const isOpen = view.isOpen(table)
        const settledLater = view.settledIn(table)
        const arrived = view.arrivedIn(table)
        const all = [settled, received, settledLater, arrived]
        if (settled < was[0] || received < was[1] || arrived < was[2] || settledLater < settled)
          throw new Error(`${all} was seen after ${was}`)
        if (settled > received || received > arrived || settledLater > arrived) throw new Error(`${all} was seen`)
        if (!isOpen && received > settledLater) throw new Error(`nothing is open at ${all}`)
        for (const hand of hands) {
          if (hand !== undefined && (hand < settled || hand >= received))
            throw new Error(`item ${hand} in hand at ${all}`)
        }
        return [settledLater, received, arrived]
      })
      return { looks: before + 1, counts: next }
    },
  }
}
