/**
 * The heart of a run in one event loop: has everybody advance who has something to do.
 *
 * Whoever has something to do says `wake`; the pump goes round, the last first, so that what is nearly done goes out before
 * more comes in, until nobody has. It works in slices of some milliseconds and then lets the event loop turn, however much
 * there is to do: a timer, a signal or `stop()` always gets its turn.
 */
import type { Clock } from '../clock.ts'

/** Somebody with something to do. */
export interface Member {
  isReady: boolean
  advance(): void
}

/** Somebody who can wait for it. */
export interface LateMember extends Member {
  /** It is to be ready as soon as no promise is about to come true any more. */
  isLate: boolean
}

/** What an item is taken to cost of the event loop's time, in ms, where nobody looks at a clock. */
export const costMs = 0.0005
const sliceMs = 10
/** Work that may be done before somebody looks at the clock. */
const unwatchedMs = 2
/** Promises that may come true in a turn of the event loop before it is a crowd. */
const mostPrompt = 128
const soon = Promise.resolve()

export class Pump {
  /** The time as of a moment ago: exact enough to say how long an item waited, and free. */
  time: number
  readonly clock: Clock
  /** The last of the row first. */
  members: readonly Member[] = []
  readonly #rested: () => void
  /** It goes round, or somebody holds it. */
  #isHeld = true
  #isDirty = false
  /** It has let go of the event loop, and goes on with the next immediate. */
  #isYielding = false
  #isScheduled = false
  /** Those who wait for the microtask queue to be empty. */
  readonly #late: LateMember[] = []
  /** How often somebody could have waited, in this turn of the event loop. */
  #waits = 0
  /** The time was read in this turn of the event loop. */
  #isFresh = false
  #rounds = 0
  #spentMs = 0
  #sliceStart = 0

  /** `rested` is called whenever nobody has anything to do. */
  constructor(clock: Clock, rested: () => void) {
    this.clock = clock
    this.time = clock.now()
    this.#rested = rested
  }

  /** The time as of this turn of the event loop. */
  now(): number {
    if (!this.#isFresh) this.#refresh()
    return this.time
  }

  /** Until then it is held: nothing advances. */
  start(): void {
    this.#isHeld = false
    this.wake()
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Somebody has something to do: now, if it goes round; else soon, in this turn, but not within the caller. */
  wake(): void {
    if (this.#isHeld) {
      this.#isDirty = true
      return
    }
    if (this.#isScheduled || this.#isYielding) return
    this.#isScheduled = true
    // Half the price of `queueMicrotask`, which sets up an asynchronous context each time.
    void soon.then(this.#go)
  }

  readonly #go = (): void => {
    this.#isScheduled = false
    this.run()
  }

  /**
   * Somebody will have something to do as soon as no promise is about to come true any more: to go round for each of them
   * would be to go round all the time. Where few come in a turn of the event loop, to wait for that costs more than it saves.
   */
  wakeLate(member: LateMember): void {
    if (this.#waits++ < mostPrompt) {
      member.isReady = true
      return this.wake()
    }
    member.isLate = true
    this.#late.push(member)
    if (this.#late.length === 1) process.nextTick(this.#arrive)
  }

  readonly #arrive = (): void => {
    for (const member of this.#late) {
      member.isLate = false
      member.isReady = true
    }
    this.#late.length = 0
    this.run()
  }

  /** Something is about to happen outside of it: whatever that wakes waits for `letGo`. Gives what `letGo` wants. */
  hold(): boolean {
    const wasHeld = this.#isHeld
    this.#isHeld = true
    if (!this.#isFresh) this.#refresh()
    return wasHeld
  }

  letGo(wasHeld: boolean): void {
    if (wasHeld) return
    this.#isHeld = false
    if (this.#isDirty) this.run()
  }

  /** Goes round until nobody has anything to do, or the slice is over. */
  run(): void {
    if (this.#isHeld) {
      this.#isDirty = true
      return
    }
    if (this.#isYielding) return
    this.#isHeld = true
    if (!this.#isFresh || (this.#rounds++ & 15) === 0) this.#refresh()
    const { members } = this
    do {
      this.#isDirty = false
      for (let i = 0; i < members.length; i++) {
        const member = members[i]!
        if (!member.isReady) continue
        member.advance()
        if (this.#spentMs >= unwatchedMs && this.#isSliceOver()) break
      }
    } while (this.#isDirty && !this.#isYielding)
    this.#isHeld = false
    if (!this.#isYielding) this.#rested()
  }

  /** About so many ms were spent; true when it is time to look at the clock: whoever is told comes back later. */
  spend(millis: number): boolean {
    this.#spentMs += millis
    return this.#spentMs >= unwatchedMs
  }

  /** Whether somebody may go on by itself: false when the event loop has to turn first. */
  get mayGoOn(): boolean {
    return this.#spentMs < unwatchedMs && !this.#isYielding
  }

  /** The same for somebody who has much to do by itself: looks at the clock rather than at what was spent alone. */
  isSliceOver(): boolean {
    return this.#isYielding || (this.#spentMs >= unwatchedMs && this.#isSliceOver())
  }

  /** Reading the clock costs as much as a light item: once in a turn of the event loop, and once in a while. */
  #refresh(): void {
    this.time = this.clock.now()
    if (this.#isFresh) return
    this.#isFresh = true
    setImmediate(this.#turned)
  }

  readonly #turned = (): void => {
    this.#isFresh = false
    this.#waits = 0
  }

  /** True, and the rest waits for the next turn of the event loop, when the slice is over. */
  #isSliceOver(): boolean {
    this.#spentMs = 0
    const now = performance.now()
    this.time = this.clock.now()
    if (now - this.#sliceStart < sliceMs) return false
    this.#isYielding = true
    setImmediate(this.#turn)
    return true
  }

  readonly #turn = (): void => {
    this.#isYielding = false
    this.#sliceStart = performance.now()
    this.time = this.clock.now()
    this.run()
  }
}
