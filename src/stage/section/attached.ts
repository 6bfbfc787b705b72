/**
 * What cannot be bytes: it goes by message, beside the chunk that it belongs to, and waits in the event loop of the run.
 *
 *     writer ──attached──▶ run ◀──fetch── reader
 *                           └──attached────▶
 *
 * The run keeps it until the frame is past: a reader that dies is followed by another. (What can only be moved, as a port,
 * is lost with the reader that has it.)
 */
import type { Table } from '../../ring/table.ts'

/** What a reader of chunks needs to know. */
export interface Attached {
  /** Whether it is here; what is not is asked for. Number 0 is nothing, which always is. */
  knows(number: number): boolean
  take(number: number): readonly unknown[]
}

/** Of one kind of number: those of a writer are next to each other. */
const perWriter = 1 << 16

/** Gives what a writer attaches a number of its own. `writer`: no two have the same, nor has one that takes its place. */
export function* numbersOf(writer: number): Generator<number, never> {
  for (let count = 1; ; count = (count + 1) % perWriter) yield (writer * perWriter + Math.max(1, count)) | 0
}

/** In the thread of a worker. */
export class FetchedAttachments implements Attached {
  readonly #fetch: (number: number) => void
  readonly #asked = new Set<number>()
  readonly #lists = new Map<number, readonly unknown[]>()

  constructor(fetch: (number: number) => void) {
    this.#fetch = fetch
  }

  came(number: number, list: readonly unknown[]): void {
    this.#asked.delete(number)
    this.#lists.set(number, list)
  }

  knows(number: number): boolean {
    if (number === 0 || this.#lists.has(number)) return true
    if (!this.#asked.has(number)) this.#fetch(number)
    this.#asked.add(number)
    return false
  }

  take(number: number): readonly unknown[] {
    return this.#lists.get(number) ?? none
  }

  /** The frame in hand is done with. */
  clear(): void {
    this.#lists.clear()
  }
}

/** In the event loop of the run, for all writers and readers. */
export class KeptAttachments implements Attached {
  readonly #kept = new Map<number, { list: readonly unknown[]; table: Table; frame: number }>()
  readonly #wanted = new Map<number, ((list: readonly unknown[]) => void)[]>()

  /** It belongs to a frame of that table. */
  came(number: number, list: readonly unknown[], table: Table, frame: number): void {
    this.#kept.set(number, { list, table, frame })
    for (const give of this.#wanted.get(number) ?? []) give(list)
    this.#wanted.delete(number)
  }

  /** `give` is called as soon as it is here. */
  fetch(number: number, give: (list: readonly unknown[]) => void): void {
    const kept = this.#kept.get(number)
    if (kept) give(kept.list)
    else this.#wanted.set(number, [...(this.#wanted.get(number) ?? []), give])
  }

  knows(number: number): boolean {
    return number === 0 || this.#kept.has(number)
  }

  take(number: number): readonly unknown[] {
    return this.#kept.get(number)?.list ?? none
  }

  /** Nobody reads any more what belongs to frames that are past. */
  sweep(): void {
    for (const [number, { table, frame }] of this.#kept) if (table.isPast(frame)) this.#kept.delete(number)
  }
}

const none: readonly unknown[] = []
