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
import type { Words } from '../../src/ring/words.ts'
import { Memory, type Scenario, type Thread } from './explorer.ts'

export interface Ring {
  readonly Bell: typeof bells.Bell
  readonly Table: typeof tables.Table
  readonly Seat: typeof seats.Seat
}

export interface StageConfig {
  readonly workers: number
  readonly does: (item: number) => number[]
  /** Items a frame may take. @default 1 */
  readonly most?: number
  readonly isMortal?: boolean
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
  /** Nobody reads while it runs: the sink takes everything at the end. The last table needs a slot for each frame. */
  readonly isReadAfter?: boolean
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
  const shapes = [1, ...config.stages.map(({ workers }) => workers), 1].map(seats => ({ slots, seats, capacity }))
  const control = memory.words(shapes.reduce((sum, shape) => sum + ring.Table.wordsFor(shape), 0))
  let base = 0
  const rows = shapes.map(shape => {
    const lookup = (writer: () => number) => ({
      words: (segment: number) => segments[segment],
      spill: () => {
        const { segment, count } = spilled[writer()]!
        const used = count.get(0)
        if (used >= spills) return undefined
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
      for (let i = 0; i < spills; i++) segments.push(memory.words(16))
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
  for (const { does } of config.stages) inputs.push(inputs.at(-1)!.flatMap(does))
  const isLossy = (config.deaths ?? 0) + (config.suspicions ?? 0) >= (config.perItem ?? 3)

  const put = (seat: seats.Seat, outputs: readonly number[]) => {
    for (let at = 0; at < outputs.length; at += chunk) {
      const part = outputs.slice(at, at + chunk)
      seat.reserveWaiting(part.length * 4)
      for (const [i, item] of part.entries()) segments[seat.segment]!.set((seat.offset >> 2) + i, item)
      seat.put(part.length * 4, part.length)
    }
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
    work: (local: Local) => readonly number[],
    isMortal = false,
  ): Thread<Local> => ({
    start: begin,
    isMortal,
    unit: local => {
      if (local.does === 'claim') return seat.take(most(local), 0) === OVER ? undefined : { ...local, does: 'work' }
      seat.begin()
      let wrong: unknown
      let got: readonly number[] = []
      try {
        got = work(local)
      } catch (error) {
        if (!(error instanceof Error) || !config.suspicions) throw error
        wrong = error
      }
      // Whoever was settled while it lived may read what others have written since; its commit must be fenced then.
      if (seat.commit() ? wrong : !config.suspicions) throw wrong ?? new Error('a commit was fenced whose worker lives')
      return { does: 'claim', got }
    },
  })

  const source = seatsOf[0]![0]!
  const threads: Thread<any>[] = []
  const fill = (made: number) => {
    const items = inputs[0]!.slice(made, made + Math.min(chunk, source.room))
    put(source, items)
    return items.length
  }
  if (config.isFilled) {
    for (let made = 0; made < config.items; ) {
      if (source.claim(1) !== 1) throw new Error('the source has no room to be filled')
      made += fill(made)
      source.commit()
    }
    rows[0]!.table.close()
  } else {
    const feeding = asThread(
      source,
      () => 1,
      ({ got }) => [(got[0] ?? 0) + fill(got[0] ?? 0)],
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
  for (const [stage, { workers, does, most = 1, isMortal = false }] of config.stages.entries()) {
    for (let worker = 0; worker < workers; worker++) {
      const seat = seatsOf[stage + 1]![worker]!
      places.push({ thread: threads.length, stage, seat: worker })
      const work = () => {
        const items = read(seat, stage)
        const outputs: number[] = []
        for (let i = seat.handled; i < seat.pieceEnd; i++) {
          seat.hold(i)
          outputs.push(...does(items[i]!))
        }
        put(seat, outputs)
        return []
      }
      threads.push(asThread(seat, () => most, work, isMortal))
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
      return all
    },
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
        return charged >= (config.perItem ?? 3)
      })
      return charges
    },
    check(locals, supervisor) {
      const gone = Object.entries((supervisor ?? {}) as Record<string, number>).filter(
        ([, charged]) => charged >= (config.perItem ?? 3),
      )
      // With a limit of deaths, configurations have one stage: what was given up is known by its place in the input.
      const given = inputs[0]!.filter((_, i) => !gone.some(([key]) => key === `0 ${i}`))
      const wanted = config.stages.reduce((items, { does }) => items.flatMap(does), given)
      let end = locals.at(-1) as Local
      if (config.isReadAfter) {
        end = begin
        for (let next: Local | undefined = end; next; next = reading.unit(end)) end = next
      }
      const { got } = end
      if (got.join() !== wanted.join()) throw new Error(`the sink got ${got} instead of ${wanted}`)
    },
  }
}
