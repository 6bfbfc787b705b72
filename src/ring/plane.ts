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
  /** Makes a segment for a frame that must not wait. Undefined where nobody was asked to. */
  spill: (bytes: number) => number | undefined = () => undefined
  readonly #segments: Segments
  readonly #bytes: Uint8Array[] = []
  readonly #words: SharedWords[] = []

  /** `first`: the number of the first frame, for tests. */
  static make(shape: PlaneShape, first = 0): Plane {
    const words = shape.tables.reduce((sum, table) => sum + Table.wordsFor(table), 0)
    const writers = shape.tables.slice(0, -1).reduce((sum, { seats }) => sum + seats, 0)
    const control = new SharedArrayBuffer(words * 4)
    const arenas = Array.from({ length: writers }, () => new SharedArrayBuffer(shape.arenaBytes))
    const plane = new Plane({ shape, control, arenas })
    for (const table of plane.tables) table.format(first)
    return plane
  }

  constructor(shared: SharedPlane) {
    this.shared = shared
    this.words = new SharedWords(shared.control)
    for (const [segment, memory] of shared.arenas.entries()) this.adopt(segment, memory)
    const segments: Segments = {
      words: segment => this.#words[segment],
      spill: bytes => this.spill(bytes),
    }
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
    this.#segments = segments
  }

  /** A segment that another thread has spilled to. */
  adopt(segment: number, memory: SharedArrayBuffer): void {
    this.#bytes[segment] = new Uint8Array(memory)
    this.#words[segment] = new SharedWords(memory)
  }

  bytes(segment: number): Uint8Array {
    return this.#bytes[segment]!
  }

  /** A place at a table: for one thread at a time, and for its replacement after `settle`. */
  seat(table: number, seat: number): Seat {
    const { tables, arenaBytes } = this.shared.shape
    const before = tables.slice(0, table).reduce((sum, { seats }) => sum + seats, 0)
    const isSink = table === tables.length - 1
    return new Seat(this.tables[table]!, seat, this.#segments, {
      segment: isSink ? -1 : before + seat,
      bytes: isSink ? 0 : arenaBytes,
    })
  }
}
