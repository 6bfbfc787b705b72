/**
 * How long items wait for a stage and how long they are handled, at a price that cannot be felt: by frame where they go in
 * frames; of those that go alone one in 64, unless they take long enough (50 µs) for a clock to be nothing beside them.
 */
import type { Channel } from '../channel/channel.ts'
import type { Clock } from '../clock.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { Spread } from '../metrics/snapshot.ts'
import { spreadOf } from '../metrics/spread.ts'
import type { Work } from './work.ts'

const heavyMs = 0.05
const lightMs = 0.01
/** Of items that go alone one in so many is timed; one in more where they come in crowds. */
const timedOneIn = 64
const timedOneInMost = 512

export class Meter {
  readonly #input: Channel
  readonly #clock: Clock
  readonly #service = new Histogram()
  readonly #waiting = new Histogram()
  #startedAt = 0
  #busyMs = 0
  /** Items begun since the last that was timed, for which the next one stands; and those to come that are not. */
  #unseen = 0
  #toSkip = 0
  #oneIn = timedOneIn
  /** When the last one began that was timed. */
  #timedAt = -Infinity
  #isHeavy = false
  /** The last item that was timed took so long that a clock is nothing beside it. */
  isLong = false
  /** It took no time to speak of. */
  isLight = false

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

  /** So many of the next items need not be shown to it: that they passed is enough. */
  get unwatched(): number {
    return this.#toSkip
  }

  passed(items: number): void {
    this.#unseen += items
    this.#toSkip -= items
  }

  /** An item begins alone. */
  begun(work: Work): void {
    this.#unseen++
    if (this.#toSkip-- > 0) return
    const now = this.#clock.now()
    const isCrowded = now - this.#timedAt < heavyMs
    this.#oneIn = isCrowded && this.#oneIn < timedOneInMost ? this.#oneIn * 2 : isCrowded ? timedOneInMost : timedOneIn
    this.#toSkip = this.#isHeavy ? 0 : this.#oneIn - 1
    work.timedAt = this.#timedAt = now
    work.timedFor = this.#unseen
    this.#unseen = 0
  }

  /**
   * Precondition: it was timed. Where `beside` items were in hand at once an item waits for all of them: what it takes is
   * divided by that, or else to time them all would take so long that all of them had to be timed.
   */
  ended(work: Work, beside = 1): void {
    const spent = Math.max(0, this.#clock.now() - work.timedAt)
    this.#service.record(spent * 1e6, work.timedFor)
    this.#busyMs += spent * work.timedFor
    // One alone may just have met the garbage collector.
    const isLong = spent > heavyMs * beside
    this.#isHeavy = isLong && this.isLong
    this.isLong = isLong
    this.isLight = spent < lightMs * beside
    if (isLong) this.#toSkip = 0
    work.timedAt = -1
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
