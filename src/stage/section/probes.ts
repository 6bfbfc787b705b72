/**
 * How long items wait before each stage of a section, and how long one takes from the source to the end of it: by probes,
 * one item at a time, as a channel does.
 *
 *     waiting     queued last ────────▶ received                      at each stage
 *     latency     taken in ─▶ settled by a stage ─▶ … ─▶ out          through all of them
 *
 * What happens between two looks is seen with the second of them.
 */
import { Histogram } from '../../metrics/histogram.ts'
import type { Table } from '../../ring/table.ts'
import { arrivedIn, queuedIn, receivedIn, settledIn } from '../../ring/view.ts'

/** How long the last item that had come by then waits to be received. */
export class WaitingProbe {
  readonly times = new Histogram()
  readonly #table: Table
  #sequence = -1
  #since = 0

  constructor(table: Table) {
    this.#table = table
  }

  /** `before`: items that wait elsewhere for the same table. */
  look(now: number, before: number): void {
    const received = receivedIn(this.#table)
    if (this.#sequence >= 0 && received > this.#sequence) {
      this.times.record(Math.max(0, now - this.#since) * 1e6)
      this.#sequence = -1
    }
    if (this.#sequence >= 0) return
    const come = received + queuedIn(this.#table) + before
    if (come === received) return
    this.#sequence = come - 1
    this.#since = now
  }
}

/** How long what is taken in takes to be out, in which what it led to is followed from stage to stage. */
export class LatencyProbe {
  readonly #tables: readonly Table[]
  /** Of the table that has it just now; 0: there is none. */
  #row = 0
  #sequence = 0
  #bornAt = -1

  /** From that of the source to that of the sink. */
  constructor(tables: readonly Table[]) {
    this.#tables = tables
  }

  get isFree(): boolean {
    return this.#row === 0
  }

  /** Follows item number `sequence` of those taken in. */
  follow(sequence: number, bornAt: number): void {
    this.#row = 1
    this.#sequence = sequence
    this.#bornAt = bornAt
  }

  /** When what is out by now came in, if it is what was followed; else −1. `passed`: items that are out. */
  look(passed: number): number {
    const last = this.#tables.length - 1
    while (this.#row > 0 && this.#row < last) {
      if (settledIn(this.#tables[this.#row]!) <= this.#sequence) return -1
      this.#row++
      const next = this.#tables[this.#row]!
      this.#sequence = arrivedIn(next) - 1
    }
    if (this.#row !== last || passed <= this.#sequence) return -1
    this.#row = 0
    return this.#bornAt
  }
}
