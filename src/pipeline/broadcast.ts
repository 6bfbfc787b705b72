/** A hot Observable of what happens: whoever listens is told, nothing waits for anybody. */
import { type Listener, Results, type ResultsHost } from './results.ts'

export class Broadcast<T> {
  readonly observable: Results<T>
  readonly #listeners = new Set<Listener<T>>()
  #isOver = false

  constructor(host: Pick<ResultsHost<T>, 'subscriberThrew' | 'errorHeard'>, attached: () => void = () => {}) {
    this.observable = new Results<T>({
      ...host,
      attach: listener => {
        this.#listeners.add(listener)
        attached()
        if (this.#isOver) listener.complete()
        return () => this.#listeners.delete(listener)
      },
    })
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  next(value: T): void {
    for (const listener of this.#listeners) listener.next(value)
  }

  complete(): void {
    this.#isOver = true
    for (const listener of [...this.#listeners]) listener.complete()
    this.#listeners.clear()
  }
}
