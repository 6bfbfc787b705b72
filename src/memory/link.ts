/**
 * One way from a thread to another, as the codec sees it: what is sent is held for `column` until it was read.
 *
 * Whoever carries a frame drops what it keeps (`Encoded.kept`), once: when its reader is done, or when it was not sent after all.
 */
import { largeFrom, type Pool } from './pool.ts'

export class Sharing {
  readonly threshold = largeFrom
  readonly #pool: Pool
  readonly #column: number

  constructor(pool: Pool, column: number) {
    this.#pool = pool
    this.#column = column
  }

  put(bytes: Uint8Array): number | undefined {
    return this.#pool.put(bytes, this.#column)
  }

  segmentOf(memory: SharedArrayBuffer): number | undefined {
    return this.#pool.segmentOf(memory)
  }

  hold(segment: number): void {
    this.#pool.hold(segment, this.#column)
  }

  drop(segment: number): void {
    this.#pool.drop(segment, this.#column)
  }
}
