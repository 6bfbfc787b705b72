/**
 * How long items wait for a stage and how long they are handled, at a price that cannot be felt: by frame where they go in
 * frames; of those that go alone one in sixteen (in the lane: in 64), unless they take long enough (50 µs) for a clock to be nothing beside them.
 */
import type { Channel } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { Spread } from '../metrics/snapshot.ts'
import { spreadOf } from '../metrics/spread.ts'
import type { Work } from './work.ts'

const heavyMs = 0.05

export class Meter {
  readonly #input: Channel
  readonly #clock: Clock
  readonly #service = new Histogram()
  readonly #waiting = new Histogram()
  #startedAt = 0
  #busyMs = 0
  #sampled = 0
  #isHeavy = false

  constructor(input: Channel, clock: Clock) {
    this.#input = input
    this.#clock = clock
  }

  started(): void {
    this.#startedAt = this.#clock.now()
  }

  /** The next `count` items are taken: if the probe is among them, says when what it descends from came in; else -1. */
  taken(count: number, now: number): number {
    const input = this.#input
    if (input.probe === 0 || input.probe > input.taken + count) return -1
    this.#waiting.record(Math.max(0, now - input.enteredAt) * 1e6)
    return input.bornAt
  }

  /** A frame of `items` took so long. */
  frame(items: number, spentMs: number): void {
    this.#busyMs += spentMs
    if (items > 0) this.#service.record((spentMs * 1e6) / items, items)
  }

  /** An item begins alone. */
  begun(work: Work): void {
    if (!this.#isHeavy && (this.#sampled++ & 15) !== 0) return
    work.timedAt = this.#clock.now()
    work.timedFor = this.#isHeavy ? 1 : 16
  }

  /** Precondition: it was timed. */
  ended(work: Work): void {
    this.measured(this.#clock.now() - work.timedAt, work.timedFor)
  }

  /** An item took so long, and stands for so many. */
  measured(millis: number, items: number): void {
    const spent = Math.max(0, millis)
    this.#service.record(spent * 1e6, items)
    this.#busyMs += spent * items
    this.#isHeavy = spent > heavyMs
  }

  snapshot(now: number, workers: number): { service: Spread; waiting: Spread; occupancy: number } {
    const elapsed = now - this.#startedAt
    return {
      service: spreadOf(this.#service),
      waiting: spreadOf(this.#waiting),
      occupancy: elapsed > 0 && workers > 0 ? Math.min(1, this.#busyMs / elapsed / workers) : 0,
    }
  }
}
