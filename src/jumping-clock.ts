/**
 * Time that stands still while anything goes on, and then jumps to what is due next: that of the sequential model.
 *
 *     set 30, 10 ─▶ nothing else happens ─▶ 10 is due ─▶ … ─▶ nothing else happens ─▶ 30 is due
 *
 * It jumps for those who have an item in hand, in the order in which they are due; what an actor between its items waits
 * for (a batch, for more items) is due on the way, but time does not jump for that: others may wait for a disk.
 */
import type { Clock } from './clock.ts'

interface Timer {
  readonly at: number
  readonly fn: () => void
  readonly isAtHand: () => boolean
}

export class JumpingTime {
  #now = 0
  #isOver = false
  #isLooking = false
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>()

  /** The clock of somebody for whom time jumps while `isAtHand`. */
  clock(isAtHand: () => boolean): Clock {
    return {
      now: () => this.#now,
      setTimeout: (fn, millis) => {
        const timer = { at: this.#now + Math.max(0, millis), fn, isAtHand }
        this.#timers.add(timer)
        this.look()
        return timer
      },
      clearTimeout: timer => void this.#timers.delete(timer as Timer),
    }
  }

  /** Somebody has an item in hand, or waits. */
  look(): void {
    if (this.#isLooking || this.#isOver || this.#timers.size === 0) return
    this.#isLooking = true
    setImmediate(() => {
      this.#isLooking = false
      this.#jump()
    })
  }

  #jump(): void {
    const timers = [...this.#timers]
    if (this.#isOver || !timers.some(({ isAtHand }) => isAtHand())) return
    const first = timers.reduce((first, timer) => (timer.at < first.at ? timer : first))
    this.#timers.delete(first)
    this.#now = Math.max(this.#now, first.at)
    this.look()
    first.fn()
  }

  /** Nothing is due any more. */
  end(): void {
    this.#isOver = true
    this.#timers.clear()
  }
}
