/**
 * The data plane of one run: a table for the source, one for each stage, one for the sink, and an arena for each writer.
 *
 *     you write     source ─▶ hash ×2 ─▶ print
 *     what is here  [source | 1 seat] ─▶ [hash | 2 seats] ─▶ [sink | 1 seat]
 *                        arena 0            arenas 1, 2
 *
 * Made once by the main thread; `shared` goes to every worker (`workerData` shares it, and copies no byte), which makes its
 * own `Plane` of it and takes its seat. docs/internals/ring.md has the loops of both.
 */
import { Seat } from './seat.ts'
import type { Segments } from './segments.ts'
import { type Spilled, Spills } from './spills.ts'
import { Table, type TableShape } from './table.ts'
import { SharedWords } from './words.ts'

export interface PlaneShape {
  /** From the source to the sink: of each its seats, slots, and the capacity of the channel behind it. */
  readonly tables: readonly TableShape[]
  /** Bytes of each arena: a power of two. */
  readonly arenaBytes: number
}

/** What threads share: plain data, and memory. */
export interface SharedPlane {
  readonly shape: PlaneShape
  readonly control: SharedArrayBuffer
  readonly arenas: readonly SharedArrayBuffer[]
}

export class Plane {
  readonly shared: SharedPlane
  readonly words: SharedWords
  readonly tables: readonly Table[]
  /**
   * Told what this thread spills to, before the frame is committed; it posts that to all who may read it: the workers of the next
   * table, and of the same, since they may take the frame over. Unset: nothing is spilled, and whoever is out of room waits.
   */
  post: ((spilled: Spilled) => void) | undefined
  /** For reading. */
  readonly segments: Segments
  readonly #spills: Spills
  readonly #bytes = new Map<number, Uint8Array>()
  readonly #words = new Map<number, SharedWords>()

  /** `first`: the number of the first frame, for tests. `arenaOf`: gives the memory of an arena, which need not be zeroed. */
  static make(shape: PlaneShape, first = 0, arenaOf = (bytes: number) => new SharedArrayBuffer(bytes)): Plane {
    const words = shape.tables.reduce((sum, table) => sum + Table.wordsFor(table), 0)
    const writers = shape.tables.slice(0, -1).reduce((sum, { seats }) => sum + seats, 0)
    const control = new SharedArrayBuffer(words * 4)
    const arenas = Array.from({ length: writers }, () => arenaOf(shape.arenaBytes))
    const plane = new Plane({ shape, control, arenas })
    for (const table of plane.tables) table.format(first)
    return plane
  }

  constructor(shared: SharedPlane) {
    this.shared = shared
    this.words = new SharedWords(shared.control)
    for (const [segment, memory] of shared.arenas.entries()) this.#add(segment, memory)
    const segments = { words: (segment: number) => this.#words.get(segment), spill: () => undefined }
    let base = 0
    this.tables = shared.shape.tables.map(shape => {
      const table = new Table(this.words, base, shape, segments)
      base += Table.wordsFor(shape)
      return table
    })
    for (const [i, table] of this.tables.entries()) {
      table.up = this.tables[i - 1]
      table.down = this.tables[i + 1]
    }
    this.tables.at(-1)!.bell = this.tables[0]!.bell // of the main thread
    this.segments = segments
    this.#spills = new Spills(this.tables, segment => {
      this.#bytes.delete(segment)
      this.#words.delete(segment)
    })
  }

  /** Another thread has spilled. Whoever waits for that must look again. */
  adopt(spilled: Spilled): void {
    this.#spills.adopt(spilled)
    this.#add(spilled.segment, spilled.memory)
  }

  /** Segments that are still to be read: what a replacement must be told, that was not there when they were posted. */
  get spilled(): readonly Spilled[] {
    return this.#spills.open
  }

  /** Whether this thread was told of the segment. */
  knows(segment: number): boolean {
    return this.#bytes.has(segment)
  }

  /** Bytes of a segment that it knows. */
  bytes(segment: number): Uint8Array {
    return this.#bytes.get(segment)!
  }

  /** A place at a table: for one thread at a time, and for its replacement after `settle`. */
  seat(table: number, seat: number): Seat {
    const { tables, arenaBytes } = this.shared.shape
    const before = tables.slice(0, table).reduce((sum, { seats }) => sum + seats, 0)
    const isSink = table === tables.length - 1
    const writer = before + seat
    const segments = {
      words: (segment: number) => this.#words.get(segment),
      spill: (bytes: number, frame: number) => {
        if (!this.post) return undefined
        const next = () => this.shared.arenas.length * (1 + this.tables[table]!.countSpill(seat)) + writer
        const spilled = this.#spills.take(bytes, table, frame, next)
        this.#add(spilled.segment, spilled.memory)
        this.post(spilled)
        return spilled.segment
      },
    }
    return new Seat(this.tables[table]!, seat, segments, {
      segment: isSink ? -1 : writer,
      bytes: isSink ? 0 : arenaBytes,
    })
  }

  #add(segment: number, memory: SharedArrayBuffer): void {
    if (this.#bytes.has(segment)) return
    this.#bytes.set(segment, new Uint8Array(memory))
    this.#words.set(segment, new SharedWords(memory))
  }
}
