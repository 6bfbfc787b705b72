/**
 * What asynchronous items led to, in the order of the items: a ring in which a result's slot is that of its sequence.
 *
 *               head                    tail
 *                ▼                       ▼
 *     ┄┄┄┄┄┄┄┄┄┄┄▒▒▒▒▓▓▒▓▓▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓┄┄┄┄┄┄      slot = sequence & mask
 *                ▒ a result   ▓ `undefined`: its item is under way
 *
 * A slot holds `undefined` wherever no result waits, so that claiming an item writes nothing here. Of all values it is the
 * one that V8 compares with at no cost, whatever else may be there.
 */
import type { Channel } from '../channel/channel.ts'
import { weigh } from '../channel/weigh.ts'

const shortest = 16

/** The result of an item that leads to nothing. */
const nothing = Symbol('nothing')

export class ResultRing {
  /** Written by its lane where a result is a number; else see `put`. */
  values: unknown[] = new Array(shortest).fill(undefined)
  mask = shortest - 1
  /** Sequence of the first that is here, and of the next that will be: there is nobody where they are the same. */
  head = 0
  tail = 0
  /** Results that weigh something, or are nothing. */
  odd = 0
  /** What those weighed that were moved last. */
  moved = 0
  #weights = new Float64Array(shortest)

  get size(): number {
    return this.tail - this.head
  }

  /** Whether the first that is here has its result. */
  get isNext(): boolean {
    return this.head !== this.tail && this.values[this.head & this.mask] !== undefined
  }

  /** Precondition: it is empty. */
  begin(sequence: number): number {
    this.head = this.tail = sequence
    return sequence
  }

  /** Makes the ring long enough for so many more. */
  reserve(count: number): void {
    const needed = this.tail - this.head + count
    if (needed > this.mask + 1) this.#grow(needed)
  }

  /** Stores any result, and says what it weighs. */
  put(sequence: number, value: unknown, weighing: boolean): number {
    const slot = sequence & this.mask
    this.values[slot] = value === undefined ? nothing : value
    if (typeof value === 'number') return 0
    this.odd++
    const bytes = weighing && value !== undefined ? weigh(value) : 0
    this.#weights[slot] = bytes
    return bytes
  }

  at(sequence: number): unknown {
    const value = this.values[sequence & this.mask]
    return value === nothing ? undefined : value
  }

  weightOf(sequence: number): number {
    return this.#weights[sequence & this.mask]!
  }

  /** All that was here has gone another way. */
  clear(): void {
    for (; this.head < this.tail; this.head++) this.#empty(this.head & this.mask)
    this.odd = 0
  }

  #empty(slot: number): void {
    this.values[slot] = undefined
    this.#weights[slot] = 0
  }

  /* ── out ───────────────────────────────────────────────────────────────── */

  /**
   * Stores what is next in order behind what has arrived in the channel, as far as there is room, and says how many that
   * are. Precondition: all are numbers, and the channel's ring is long enough.
   */
  moveNumbers(output: Channel): number {
    const { values, mask, head, tail } = this
    const { items, mask: outMask, arrived } = output
    const room = output.room()
    const to = room < tail - head ? head + room : tail
    let next = head
    for (; next < to; next++) {
      const value = values[next & mask]
      if (value === undefined) break
      items[(arrived + next - head) & outMask] = value
      values[next & mask] = undefined
    }
    this.head = next
    this.moved = 0
    if (next === to && this.isNext) output.blocked = true
    return next - head
  }

  /** The same for results of any kind. */
  move(output: Channel): number {
    const { items, weights, mask, arrived } = output
    const room = output.room()
    const limit = output.capacity.bytes - output.bytes
    let count = 0
    let bytes = 0
    for (; this.isNext; this.head++) {
      const from = this.head & this.mask
      const value = this.values[from]
      if (value !== nothing) {
        if (count === room || bytes >= limit) {
          output.blocked = true
          break
        }
        const to = (arrived + count++) & mask
        items[to] = value
        bytes += weights[to] = this.#weights[from]!
      }
      if (typeof value !== 'number') this.odd--
      this.#empty(from)
    }
    this.moved = bytes
    return count
  }

  #grow(needed: number): void {
    let length = (this.mask + 1) * 2
    while (length < needed) length *= 2
    const mask = length - 1
    const values = new Array<unknown>(length).fill(undefined)
    const weights = new Float64Array(length)
    for (let sequence = this.head; sequence < this.tail; sequence++) {
      values[sequence & mask] = this.values[sequence & this.mask]
      weights[sequence & mask] = this.#weights[sequence & this.mask]!
    }
    this.values = values
    this.#weights = weights
    this.mask = mask
  }
}
