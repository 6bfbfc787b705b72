/**
 * An async iterator, read ahead: one `next` at a time, while the channel has room.
 *
 * Asked to end, it may have an item under way that was asked for before: that is waited for a moment, so that it is not
 * lost, but no longer than `patience`, as there are sources that have nothing to give for hours.
 */
import { fullness, offer } from '../../channel/overflow.ts'
import { ChannelFull, InvalidSource, UndefinedItem } from '../../errors.ts'
import type { Inlet, Source } from './source.ts'

export class PulledSource implements Source {
  received = 0
  readonly #begin: () => AsyncIterator<unknown>
  readonly #inlet: Inlet
  #iterator: AsyncIterator<unknown> | undefined
  #isPulling = false
  #isEnding = false
  #isOver = false
  #timer: unknown

  constructor(begin: () => AsyncIterator<unknown>, inlet: Inlet) {
    this.#begin = begin
    this.#inlet = inlet
  }

  start(): void {
    if (this.#isOver) return
    this.#inlet.channel.onRoom = () => this.resume()
    try {
      this.#iterator = this.#begin()
      if (typeof this.#iterator?.next !== 'function') {
        throw new InvalidSource(this.#inlet.host.pipeline, 'must give an iterator', this.#iterator)
      }
    } catch (error) {
      return this.#failed(error)
    }
    this.resume()
  }

  resume(): void {
    if (this.#isPulling || this.#isEnding || this.#isOver || !this.#iterator) return
    const { channel, overflow, entrance } = this.#inlet
    if (overflow === 'wait' && channel.full()) {
      channel.blocked = true
      return
    }
    if (!entrance.isOpen) return
    this.#isPulling = true
    try {
      const next = this.#iterator.next()
      if (next instanceof Promise) next.then(this.#came, this.#failed)
      else Promise.resolve(next).then(this.#came, this.#failed)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #came = (result: IteratorResult<unknown>): void => {
    this.#isPulling = false
    if (this.#isOver) return
    try {
      if (result.done) {
        this.#iterator = undefined
        return this.#finish()
      }
      this.#take(result.value)
    } catch (error) {
      this.#leave()
      return this.#failed(error)
    }
    if (this.#isEnding) return this.#finish()
    this.#inlet.host.pump()
    this.resume()
  }

  #take(value: unknown): void {
    const { channel, overflow, entrance, host } = this.#inlet
    if (value === undefined) throw new UndefinedItem('the source', this.received)
    if (overflow === 'fail' && channel.full()) throw new ChannelFull(host.stage, fullness(channel))
    this.received++
    const now = host.time
    const fate = offer(channel, overflow, host.stage, value, entrance.admit(), now, now)
    if (fate === 'dropped') host.dropped(channel.dropped)
  }

  readonly #failed = (error: unknown): void => {
    this.#isPulling = false
    if (this.#isOver) return
    // Asked to end, it may well fail for having been asked.
    if (this.#isEnding) return this.#finish()
    this.#isOver = true
    this.#inlet.host.sourceFailed(error, this.received)
    this.#inlet.host.pump()
  }

  #finish(): void {
    this.kill()
    this.#inlet.channel.end('done')
    this.#inlet.host.pump()
  }

  end(): void {
    if (this.#isOver || this.#isEnding) return
    const { clock, patience } = this.#inlet.host
    this.#isEnding = true
    this.#leave()
    if (this.#isPulling) this.#timer = clock.setTimeout(() => this.#finish(), patience)
    else this.#finish()
  }

  kill(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#timer !== undefined) this.#inlet.host.clock.clearTimeout(this.#timer)
    if (!this.#isEnding) this.#leave()
  }

  /** Tells the iterator; nobody waits for it, as it may have to wait for its own next item first. */
  #leave(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    try {
      Promise.resolve(iterator?.return?.()).catch(() => {})
    } catch {}
  }
}
