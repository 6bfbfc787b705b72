/**
 * An array, read by index when the first stage has nothing to do: no iterator, no result of one for each item.
 *
 * As many items are read as the stage can take at once, but no more than the channel may hold.
 */
import type { Channel } from '../../channel/channel.ts'
import { weigh } from '../../channel/weigh.ts'
import { UndefinedItem } from '../../errors.ts'
import type { Entrance } from './entrance.ts'
import type { Inlet, Source, SourceHost } from './source.ts'

export class ArraySource implements Source {
  received = 0
  readonly #array: readonly unknown[]
  readonly #channel: Channel
  readonly #entrance: Entrance
  readonly #host: SourceHost
  #isOver = false

  constructor(array: readonly unknown[], { channel, entrance, host }: Inlet) {
    this.#array = array
    this.#channel = channel
    this.#entrance = entrance
    this.#host = host
  }

  /** Whether it is iterated as arrays are. */
  static reads(value: unknown): value is readonly unknown[] {
    return Array.isArray(value) && value[Symbol.iterator] === Array.prototype[Symbol.iterator]
  }

  start(): void {
    const channel = this.#channel
    channel.refill = (most, ahead = 0) => {
      if (this.#isOver) return
      channel.isRefilling = true
      try {
        if (channel.tagged) this.#refillTagged(most)
        else this.#refill(Math.min(Math.max(most, ahead), Math.max(1, channel.capacity.items)))
        if (this.received >= this.#array.length) this.end()
      } catch (error) {
        this.#isOver = true
        this.#host.sourceFailed(error, this.received)
      }
      channel.isRefilling = false
    }
    channel.onItems()
  }

  /** Without tags the items are stored in one go. */
  #refill(most: number): void {
    const array = this.#array
    const channel = this.#channel
    const first = this.received
    const end = first + most
    const to = end < array.length ? end : array.length
    channel.reserve(to - first)
    const { items, weights, mask, arrived, weighing } = channel
    const limit = channel.capacity.bytes - channel.bytes
    let index = first
    let bytes = 0
    try {
      while (index < to && bytes < limit) {
        const value = array[index]
        if (value === undefined) throw new UndefinedItem('the source', index)
        const slot = (arrived + index - first) & mask
        items[slot] = value
        if (weighing && typeof value !== 'number') bytes += weights[slot] = weigh(value)
        index++
      }
    } finally {
      this.received = index
      const now = this.#host.time
      if (index > first) channel.pushed(index - first, bytes, now, now)
    }
  }

  #refillTagged(most: number): void {
    const array = this.#array
    for (let left = most; left > 0 && !this.#channel.full() && this.#entrance.isOpen; left--) {
      if (this.received >= array.length) return
      const value = array[this.received]
      if (value === undefined) throw new UndefinedItem('the source', this.received)
      this.received++
      const now = this.#host.time
      this.#channel.put(value, this.#entrance.admit(), now, now)
    }
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#channel.end('done')
  }

  kill(): void {
    this.end()
  }

  resume(): void {
    this.#channel.onItems()
  }
}
