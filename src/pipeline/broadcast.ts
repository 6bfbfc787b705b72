/** A hot Observable of what happens: whoever listens is told, nothing waits for anybody. */
import { type Listener, Results, type ResultsHost } from './results.ts'

export interface BroadcastHost extends Pick<ResultsHost<unknown>, 'subscriberThrew' | 'errorHeard'> {
  /** Somebody has come to listen. */
  attached?(): void
  /** Nobody listens any more. */
  deserted?(): void
}

export class Broadcast<T> {
  readonly observable: Results<T>
  readonly #host: BroadcastHost
  readonly #listeners = new Set<Listener<T>>()
  #isOver = false

  constructor(host: BroadcastHost) {
    this.#host = host
    this.observable = new Results<T>({
      subscriberThrew: error => host.subscriberThrew(error),
      errorHeard: () => host.errorHeard(),
      attach: listener => this.#attach(listener),
    })
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  next(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener.next(value)
      } catch (error) {
        this.#host.subscriberThrew(error)
      }
    }
  }

  complete(): void {
    this.#isOver = true
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener.complete()
    if (listeners.length > 0) this.#host.deserted?.()
  }

  #attach(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    this.#host.attached?.()
    if (this.#isOver) {
      this.#listeners.delete(listener)
      listener.complete()
    }
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#host.deserted?.()
    }
  }
}
