/**
 * Puts results back in the order of their inputs.
 *
 * Every result stands for a run of positions, `from` up to but not including `to`, and waits in the slot of its first one:
 *
 *     put     4–6   0–3   3–4          next ─▶ 3                        a slot is `from & mask`
 *     shift    –    0–3   3–4 4–6      slots   · · · ▣ ▣ · · ·          held: 3–4 and 4–6
 *                                                    └ its `to` is 6: slot 5 stays empty
 *
 * Invariant: everything before `next` was taken; what is held starts in [next, next + length of the ring), so no two
 * starts share a slot. A put further ahead doubles the ring until it fits, and lays out anew what is held.
 *
 * How far that can go is bounded by the caller, not here: whoever hands out positions keeps the fastest worker within a
 * window of the slowest. The ring never becomes longer than twice that window, and never shorter again.
 */
import { SequenceError } from '../errors.ts'

const shortest = 16

export class ReorderBuffer<T> {
  /** `from & #mask` → the result that starts there. Emptied when taken, so that a taken result can be collected. */
  #results: (T | undefined)[] = new Array<T | undefined>(shortest).fill(undefined)
  /** `from & #mask` → the end of that result; 0 where nothing is held, which no end can be. */
  #tos = new Float64Array(shortest)
  /** Length of the ring − 1; the length is a power of two. */
  #mask = shortest - 1
  #next: number
  #held = 0

  constructor(next = 0) {
    this.#next = next
  }

  /** Everything before this position was taken. */
  get next(): number {
    return this.#next
  }

  /** Results that wait. */
  get held(): number {
    return this.#held
  }

  /**
   * Stores what the inputs from `from` up to but not including `to` led to. Throws `SequenceError`, and stores nothing,
   * when the range is empty, begins before `next`, or covers the start of a result that is held.
   *
   * Precondition: it does not start in the middle of a held range either. Frames never do, and to notice would cost a
   * look at every position of every result.
   */
  put(from: number, to: number, result: T): void {
    // Written so that NaN fails it too.
    if (!(from >= this.#next && to > from)) throw this.#misfit(from, to)
    if (from - this.#next > this.#mask) this.#grow(from)
    const slot = from & this.#mask
    if (this.#held > 0 && this.#coversAStart(from, to)) throw this.#misfit(from, to)
    this.#results[slot] = result
    this.#tos[slot] = to
    this.#held++
  }

  /** What comes next has led to a result that needs no place to wait: true, and `next` moves on; false if it is not next. */
  pass(from: number, to: number): boolean {
    if (from !== this.#next || to <= from || this.#held > 0) return false
    this.#next = to
    return true
  }

  /** The result that starts at `next`, if it is here. */
  peek(): T | undefined {
    return this.#results[this.#next & this.#mask]
  }

  /** Takes the result that starts at `next`, if it is here; `next` moves to its end. */
  shift(): T | undefined {
    const slot = this.#next & this.#mask
    const to = this.#tos[slot]!
    if (to === 0) return undefined
    const result = this.#results[slot]
    this.#results[slot] = undefined
    this.#tos[slot] = 0
    this.#next = to
    this.#held--
    return result
  }

  #coversAStart(from: number, to: number): boolean {
    // Nothing is held beyond the ring, and a longer range would come round to its own slot.
    const end = Math.min(to, this.#next + this.#mask + 1)
    for (let position = from; position < end; position++) {
      if (this.#tos[position & this.#mask] !== 0) return true
    }
    return false
  }

  #grow(from: number): void {
    let length = (this.#mask + 1) * 2
    while (from - this.#next >= length) length *= 2
    const mask = length - 1
    const results = new Array<T | undefined>(length).fill(undefined)
    const tos = new Float64Array(length)
    for (let position = this.#next; position <= this.#next + this.#mask; position++) {
      results[position & mask] = this.#results[position & this.#mask]
      tos[position & mask] = this.#tos[position & this.#mask]!
    }
    this.#results = results
    this.#tos = tos
    this.#mask = mask
  }

  #misfit(from: number, to: number): SequenceError {
    if (!(to > from)) return new SequenceError(`a result must end after it begins, got ${from} to ${to}`)
    if (!(from >= this.#next)) {
      return new SequenceError(`result ${from} to ${to} is late: everything before ${this.#next} was taken`)
    }
    return new SequenceError(`result ${from} to ${to} covers one that already waits; ${this.#next} is to come next`)
  }
}
