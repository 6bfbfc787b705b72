/** Bare threads, each with one job at a time: what the machine does without a framework. */
import { Worker } from 'node:worker_threads'

/** One writer, one reader: positions in items, a line of the cache each; `parked` is 1 while the reader sleeps on the tail. */
export interface Ring {
  readonly positions: Int32Array
  readonly records: Int32Array
  readonly slots: number
  readonly words: number
}
export const HEAD = 0
export const TAIL = 32
export const PARKED = 64

export function ringOf(slots: number, words: number): Ring {
  return {
    positions: new Int32Array(new SharedArrayBuffer(512)),
    records: new Int32Array(new SharedArrayBuffer(slots * words * 4)),
    slots,
    words,
  }
}

export type Job =
  | { readonly does: 'spin'; readonly counts: readonly number[] }
  | { readonly does: 'write'; readonly ring: Ring; readonly items: number; readonly batch: number }
  | { readonly does: 'read'; readonly ring: Ring; readonly items: number }
  | { readonly does: 'send stamps'; readonly ring: Ring; readonly items: number; readonly silence: number }
  | { readonly does: 'take stamps'; readonly ring: Ring; readonly items: number }
  | { readonly does: 'look'; readonly buffer: ArrayBuffer }

/** What a job came to. */
export interface Done {
  /** Of all that it computed or read. */
  readonly sum: number
  /** Microseconds, by a clock that all threads share. */
  readonly startedAt: number
  readonly endedAt: number
  /** Of each item that was stamped. */
  readonly micros: readonly number[]
  readonly buffer?: ArrayBuffer
}

/** Does its jobs one after the other, and says so of each. */
export class BareThread {
  readonly #worker = new Worker(new URL('./bare-thread.js', import.meta.url))
  readonly #waiting: { resolve: (done: Done) => void; reject: (error: unknown) => void }[] = []

  constructor() {
    this.#worker.on('message', (done: Done) => this.#waiting.shift()!.resolve(done))
    this.#worker.on('error', error => {
      for (const { reject } of this.#waiting) reject(error)
    })
  }

  do(job: Job, transfer: ArrayBuffer[] = []): Promise<Done> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.postMessage(job, transfer)
    })
  }

  close(): Promise<unknown> {
    return this.#worker.terminate()
  }
}
