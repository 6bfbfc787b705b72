/**
 * The works of a stage: those that are not committed yet, and those that wait to be used again.
 *
 * The open ones are a set that costs two stores to enter and to leave, and keeps no order.
 */
import { Work, type WorkHost } from './work.ts'

const mostPooled = 64

export class Works {
  /** Every open work knows its place: `open[work.place] === work`. */
  readonly #open: Work[] = []
  readonly #pool: Work[] = []
  readonly #host: WorkHost
  /** Works whose handler runs. */
  running = 0
  /** The stage has ended, or was torn down: nothing is handed on any more. */
  isOver = false

  constructor(host: WorkHost) {
    this.#host = host
  }

  /** How many are open. */
  get size(): number {
    return this.#open.length
  }

  /** A work that is not open yet. */
  make(): Work {
    return this.#pool.pop() ?? new Work(this.#host)
  }

  open(work: Work): void {
    work.place = this.#open.length
    this.#open.push(work)
  }

  close(work: Work): void {
    const { place } = work
    if (this.#open[place] !== work) return
    const last = this.#open.pop()!
    if (last === work) return
    this.#open[place] = last
    last.place = place
  }

  /** It is committed, and nobody knows it any more: it may be used for another item. */
  recycle(work: Work): void {
    this.close(work)
    if (work.over) return
    work.clear()
    if (this.#pool.length < mostPooled) this.#pool.push(work)
  }

  /** The same for one that came by the lane, and left nothing behind but these. */
  reuse(work: Work): void {
    this.close(work)
    work.item = undefined
    work.timedAt = -1
    work.controller = undefined
    if (this.#pool.length < mostPooled) this.#pool.push(work)
  }

  /** The open ones as they are at this moment, in no order. */
  all(): Work[] {
    return [...this.#open]
  }
}
