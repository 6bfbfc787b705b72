/**
 * Segments that were spilled to, as one thread knows them: its own, and those that it was told of.
 *
 *     owner      spill ─▶ post to all who may read it ─▶ commit ─▶ … ─▶ the frame is past ─▶ spill to it again
 *     reader              adopt ─▶ read ─▶ the frame is past ─▶ forget it
 *
 * Both see by the lap of its slot that a frame is past: nobody acknowledges anything. Memory is used again, under a new number:
 * so a number that a reader knows is never of an earlier use, and is not forgotten while it reads.
 *
 *     number     writers · (1 + count) + writer        below `writers` are the arenas
 *
 * How many a seat has made so far stands on its desk: so its replacement gives no number twice.
 */
import type { Table } from './table.ts'

/** What is posted: plain data, and memory. */
export interface Spilled {
  readonly segment: number
  readonly memory: SharedArrayBuffer
  /** The frame that it is for, in which table. */
  readonly row: number
  readonly frame: number
}

/** Segments of its own that nobody reads, which a thread keeps for the next spill. */
const mostIdle = 4
const leastBytes = 1 << 16

export class Spills {
  readonly #tables: readonly Table[]
  readonly #forget: (segment: number) => void
  readonly #used = new Map<number, Spilled>()
  /** Of its own: those that nobody reads any more. */
  #idle: SharedArrayBuffer[] = []
  readonly #own = new Set<number>()

  /** `forget` is told what may be dropped. */
  constructor(tables: readonly Table[], forget: (segment: number) => void) {
    this.#tables = tables
    this.#forget = forget
  }

  /** Those that somebody may still read: what a thread is told that begins now. */
  get open(): readonly Spilled[] {
    return [...this.#used.values()].filter(({ row, frame }) => !this.#tables[row]!.isPast(frame))
  }

  /** What is at least so large and that nobody reads; else something new, with the number that `next` gives. */
  take(bytes: number, row: number, frame: number, next: () => number): Spilled {
    this.#sweep()
    const idle = this.#idle.findIndex(memory => memory.byteLength >= bytes)
    const memory = idle >= 0 ? this.#idle.splice(idle, 1)[0]! : new SharedArrayBuffer(roomFor(bytes))
    const spilled = { segment: next(), memory, row, frame }
    this.#own.add(spilled.segment)
    this.#used.set(spilled.segment, spilled)
    return spilled
  }

  /** Another has spilled. What comes back to its owner says nothing new, and may be old. */
  adopt(spilled: Spilled): void {
    if (this.#own.has(spilled.segment)) return
    this.#sweep()
    this.#used.set(spilled.segment, spilled)
  }

  #sweep(): void {
    for (const spilled of this.#used.values()) {
      const { segment, memory, row, frame } = spilled
      if (!this.#tables[row]!.isPast(frame)) continue
      this.#used.delete(segment)
      this.#forget(segment)
      if (this.#own.delete(segment)) this.#idle.push(memory)
    }
    // The largest fit most.
    this.#idle.sort((a, b) => a.byteLength - b.byteLength)
    this.#idle.splice(0, Math.max(0, this.#idle.length - mostIdle))
  }
}

/** A power of two, so that what comes later fits too. */
function roomFor(bytes: number): number {
  return bytes <= leastBytes ? leastBytes : 2 ** Math.ceil(Math.log2(bytes))
}
