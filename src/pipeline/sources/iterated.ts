/**
 * An iterable, asked for items when the first stage has nothing to do: nothing is read ahead.
 *
 * As many items are asked for as the stage can take at once, but no more than the channel may hold.
 */
import type { Channel } from '../../channel/channel.ts'
import { weigh } from '../../channel/weigh.ts'
import { UndefinedItem } from '../../errors.ts'
import type { Entrance } from './entrance.ts'
import type { Inlet, Source, SourceHost } from './source.ts'

export class IteratedSource implements Source {
  received = 0
  readonly #items: Iterable<unknown>
  readonly #channel: Channel
  readonly #entrance: Entrance
  readonly #host: SourceHost
  #iterator: Iterator<unknown> | undefined
  #isOver = false
  /** The iterator is at work: it cannot be told to end before it has given what it was asked for. */
  #isAsking = false

  constructor(items: Iterable<unknown>, { channel, entrance, host }: Inlet) {
    this.#items = items
    this.#channel = channel
    this.#entrance = entrance
    this.#host = host
  }

  start(): void {
    const channel = this.#channel
    channel.refill = most => {
      if (this.#isOver) return
      channel.isRefilling = true
      this.#ask(Math.min(most, Math.max(1, channel.capacity.items)))
      channel.isRefilling = false
      if (this.#isOver) channel.end('done')
    }
    channel.onItems()
  }

  /** Makes up to `most` items, or as many as the channel may weigh. */
  #ask(most: number): void {
    this.#isAsking = true
    try {
      this.#iterator ??= this.#items[Symbol.iterator]()
      if (this.#channel.tagged) this.#refillTagged(this.#iterator, most)
      else this.#refill(this.#iterator, most)
      this.#isAsking = false
      // It was asked to end while it gave the last of these.
      if (this.#isOver) this.#leave()
    } catch (error) {
      this.#isAsking = false
      if (error instanceof UndefinedItem) this.#leave()
      if (this.#isOver) return
      this.#isOver = true
      this.#host.sourceFailed(error, this.received)
    }
  }

  #refillTagged(iterator: Iterator<unknown>, most: number): void {
    for (let left = most; left > 0 && !this.#isOver && !this.#channel.full() && this.#entrance.isOpen; left--) {
      const { done, value } = iterator.next()
      if (done) return this.#done()
      if (value === undefined) throw new UndefinedItem('the source', this.received)
      this.#put(value)
    }
  }

  #put(value: unknown): void {
    this.received++
    const now = this.#host.time
    this.#channel.put(value, this.#entrance.admit(), now, now)
  }

  /** Without tags the items are stored in one go. */
  #refill(iterator: Iterator<unknown>, most: number): void {
    const channel = this.#channel
    channel.reserve(most)
    const { items, weights, mask, arrived, weighing } = channel
    const limit = channel.capacity.bytes - channel.bytes
    let count = 0
    let bytes = 0
    try {
      while (count < most && bytes < limit && !this.#isOver) {
        const { done, value } = iterator.next()
        if (done) return this.#done()
        if (value === undefined) throw new UndefinedItem('the source', this.received + count)
        const slot = (arrived + count) & mask
        items[slot] = value
        if (weighing && typeof value !== 'number') {
          weights[slot] = weigh(value)
          bytes += weights[slot]!
        }
        count++
      }
    } finally {
      this.received += count
      const now = this.#host.time
      if (count > 0) channel.pushed(count, bytes, now, now)
    }
  }

  /** It has no more: it needs not be told to end. */
  #done(): void {
    this.#isOver = true
    this.#iterator = undefined
  }

  #leave(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    try {
      iterator?.return?.()
    } catch {
      // It was asked to end, and it has: what its `finally` throws changes nothing any more.
    }
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#isAsking) this.#leave()
    this.#channel.end('done')
  }

  kill(): void {
    this.end()
  }

  resume(): void {
    this.#channel.onItems()
  }
}
