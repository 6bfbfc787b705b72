/**
 * An Observable: it emits when it likes, and cannot be asked to wait.
 *
 * Subscribed to at once: a Subject may emit in the turn in which the run was made.
 */
import { fullness, type Overflow, offer } from '../../channel/overflow.ts'
import { ChannelFull, UndefinedItem } from '../../errors.ts'
import type { Inlet, Source } from './source.ts'

export interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): Subscription
  '@@observable'?: () => Subscribable
}
type Subscription = { unsubscribe?(): void } | (() => void) | undefined

export class PushedSource implements Source {
  received = 0
  readonly #inlet: Inlet
  readonly #overflow: Overflow
  #subscription: Subscription
  #isOver = false
  #hasStarted = false
  /** How it ended before the run had begun. */
  #early: (() => void) | undefined

  constructor(observable: Subscribable, inlet: Inlet) {
    this.#inlet = inlet
    this.#overflow = inlet.overflow === 'wait' ? 'fail' : inlet.overflow
    try {
      const subject = observable['@@observable']?.() ?? observable
      this.#subscription = subject.subscribe({
        next: value => this.#next(value),
        error: error => this.#fail(error),
        complete: () => this.#complete(),
      })
      if (this.#isOver) this.#unsubscribe()
    } catch (error) {
      this.#fail(error)
    }
  }

  start(): void {
    this.#hasStarted = true
    this.#early?.()
  }

  #next(value: unknown): void {
    if (this.#isOver) return
    const { channel, entrance, host } = this.#inlet
    if (value === undefined) return this.#fail(new UndefinedItem('the source', this.received))
    const isFull = !entrance.isOpen || channel.full()
    if (isFull && this.#overflow === 'fail') {
      const how = entrance.isOpen ? fullness(channel) : '`inFlight` items of the source are under way'
      return this.#fail(new ChannelFull(host.stage, how))
    }
    this.received++
    const now = host.time
    const fate = offer(channel, this.#overflow, host.stage, value, entrance.admit(), now, now, isFull)
    if (fate === 'dropped') host.dropped(channel.dropped)
    host.pump()
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unsubscribe()
    this.#once(() => this.#inlet.host.sourceFailed(error, this.received))
  }

  #complete(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#once(() => this.#inlet.channel.end('done'))
  }

  /** The run hears of an end only once it has begun. */
  #once(end: () => void): void {
    if (this.#hasStarted) {
      end()
      this.#inlet.host.pump()
    } else this.#early = end
  }

  end(): void {
    if (this.#isOver) return
    this.kill()
    this.#inlet.channel.end('done')
  }

  kill(): void {
    this.#isOver = true
    this.#early = undefined
    this.#unsubscribe()
  }

  #unsubscribe(): void {
    const subscription = this.#subscription
    this.#subscription = undefined
    try {
      if (typeof subscription === 'function') subscription()
      else subscription?.unsubscribe?.()
    } catch {
      // It was left: what its teardown throws changes nothing any more.
    }
  }

  resume(): void {}
}
