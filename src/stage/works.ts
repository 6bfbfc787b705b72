/**
 * The works of a stage: those that are not committed yet, and those that wait to be used again.
 *
 * The open ones are a set that costs two stores to enter and to leave, and keeps no order. Those on a short way are
 * known there.
 */
import { Work, type WorkHost } from './work.ts'

const mostPooled = 64

export class Works {
  /** Every open work knows its place: `open[work.place] === work`. */
  readonly #open: Work[] = []
  readonly #pool: Work[] = []
  readonly #host: WorkHost
  /** Those on a short way, where there is one. */
  lane: { readonly size: number; flying(): readonly Work[] } | undefined
  /** Works whose handler runs. */
  running = 0
  /** An item has failed that stops the pipeline: nothing that comes after it is worth claiming. */
  isFailing = false
  /** The stage has ended, or was torn down: nothing is handed on any more. */
  isOver = false

  constructor(host: WorkHost) {
    this.#host = host
  }

  /** How many are open. */
  get size(): number {
    return this.lane === undefined ? this.#open.length : this.#open.length + this.lane.size
  }

  /** Whether all that are open came by the lane: then the first of those is the next in order. */
  get isInOrder(): boolean {
    return this.#open.length === 0
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

  /** The open ones as they are at this moment, in no order; of those on a short way the ones whose handler runs. */
  all(): Work[] {
    return this.lane === undefined ? [...this.#open] : [...this.#open, ...this.lane.flying()]
  }
}
