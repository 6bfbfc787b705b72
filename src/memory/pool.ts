/**
 * Memory that the threads of a process share, and that is used again: large values lie in it, and go from thread to thread by the
 * number of their segment.
 *
 *     put ─▶ ┌ held by who it is on its way to ─┐          ┌ lease collected ┐
 *            │                                  ├─▶ lease ─┤                 ├─▶ free
 *     allocate ──────────────▶ lease ─▶ refer ──┘          └ thread exited ──┘
 *
 * A segment is used again when no message on its way names it, and no thread has an object over it. Who keeps a value keeps its
 * segment, and never sees another's bytes in it. It is one SharedArrayBuffer, of which only what was used takes memory: all
 * threads have all of it from their start.
 *
 * Invariant: nobody waits for memory. When there is none, values are copied, as they are without a pool.
 */
import { Buffer } from 'node:buffer'
import { Leases } from './leases.ts'
import { Pages } from './pages.ts'

/** What a thread needs to join. */
export interface SharedPool {
  readonly memory: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly pages: number
  readonly columns: number
}

/** Columns of a thread: what it holds, what is on its way to it, and what is on its way from it. */
export interface Place {
  readonly own: number
  readonly inward: number
  readonly outward: number
}

export interface PoolShape {
  readonly bytes: number
  readonly pageBytes: number
  /** Three for each thread, and one for the first. */
  readonly columns: number
}

/** Where copying costs more than a lease does. */
export const largeFrom = 131_072

export class Pool {
  readonly shared: SharedPool
  readonly #pages: Pages
  readonly #pageBytes: number
  readonly #own: number
  readonly #leases: Leases
  /** All of the memory. */
  readonly bytes: Uint8Array
  #seen: number
  /** Nobody has a lease any more. */
  isIdle: () => void = () => {}

  /** Throws where so much cannot be had. */
  static make({ bytes, pageBytes, columns }: PoolShape): Pool {
    const count = Math.floor(bytes / pageBytes)
    const pages = Pages.make(count, columns)
    const memory = new SharedArrayBuffer(count * pageBytes)
    return new Pool({ memory, control: pages.control, pages: count, columns }, pages.enter()!)
  }

  constructor(shared: SharedPool, own: number) {
    this.shared = shared
    this.#pages = new Pages(shared.control, shared.pages, shared.columns)
    this.#pageBytes = shared.memory.byteLength / shared.pages
    this.#own = own
    this.bytes = new Uint8Array(shared.memory)
    this.#seen = this.#pages.wanted
    this.#leases = new Leases(shared.memory, segment => {
      this.#pages.drop(segment, own)
      if (this.#leases.size === 0) this.isIdle()
    })
  }

  /* ── threads ───────────────────────────────────────────────────────────── */

  /** A place for one more thread. Undefined: there are too many. */
  enter(): Place | undefined {
    const enter = () => this.#pages.enter(this.#own)
    const columns = [enter(), enter(), enter()] as const
    const [own, inward, outward] = columns
    if (own !== undefined && inward !== undefined && outward !== undefined) return { own, inward, outward }
    for (const column of columns) if (column !== undefined) this.#pages.leave(column)
    return undefined
  }

  /** A column for what several threads have under way among them. Undefined: all are taken. */
  enterTransit(): number | undefined {
    return this.#pages.enter(this.#own)
  }

  /** Nothing of it is under way any more. */
  leaveTransit(column: number): void {
    this.#pages.leave(column)
  }

  /** The thread has exited, and all that it had said was heard. */
  leave({ own, inward, outward }: Place): void {
    for (const column of [own, inward, outward]) this.#pages.leave(column)
  }

  /** Threads that have not left, this one included; each has three columns, but for the first. */
  get threads(): number {
    return 1 + Math.ceil((this.#pages.taken() - 1) / 3)
  }

  /** Bytes up to the last that was ever used: so much memory it takes. */
  get touched(): number {
    return this.#pages.touched() * this.#pageBytes
  }

  /** Bytes that somebody holds. */
  get held(): number {
    return this.#pages.held() * this.#pageBytes
  }

  /** Objects over it in this thread. */
  get leases(): number {
    return this.#leases.size
  }

  /* ── segments ──────────────────────────────────────────────────────────── */

  /** Memory for this thread. Not zeroed. */
  allocate(bytes: number): Buffer | undefined {
    const segment = this.#claim(bytes, this.#own)
    if (segment === undefined) return undefined
    return Buffer.from(this.#leases.of(segment, bytes) as unknown as ArrayBuffer, segment * this.#pageBytes, bytes)
  }

  /** A copy of the bytes, held for `column`. */
  put(bytes: Uint8Array, column: number): number | undefined {
    const segment = this.#claim(bytes.byteLength, column)
    if (segment !== undefined) this.bytes.set(bytes, segment * this.#pageBytes)
    return segment
  }

  segmentOf(memory: SharedArrayBuffer): number | undefined {
    return this.#leases.segmentOf(memory)
  }

  /** Only for a segment that somebody holds. */
  hold(segment: number, column: number): void {
    this.#pages.hold(segment, column)
  }

  drop(segment: number, column: number): void {
    this.#pages.drop(segment, column)
  }

  /** Where a segment lies. Undefined: it is none. */
  extent(segment: number): { at: number; bytes: number } | undefined {
    const length = this.#pages.length(segment)
    return length === 0 ? undefined : { at: segment * this.#pageBytes, bytes: length * this.#pageBytes }
  }

  /** The memory, for whoever is handed what lies in this segment: it stays for as long as this object does. */
  lease(segment: number): SharedArrayBuffer {
    this.#tend()
    this.#pages.hold(segment, this.#own)
    return this.#leases.of(segment, this.#pages.length(segment) * this.#pageBytes)
  }

  #claim(bytes: number, holder: number): number | undefined {
    const count = Math.max(1, Math.ceil(bytes / this.#pageBytes))
    if (count > this.shared.pages) return undefined
    this.#tend()
    const segment = this.#pages.claim(count, holder, this.#own)
    if (segment !== undefined) return segment
    this.#tend()
    return this.#pages.claim(count, holder, this.#own)
  }

  /** Memory has run short, here or elsewhere: perhaps by what is garbage here. */
  #tend(): void {
    const { wanted } = this.#pages
    if (wanted === this.#seen) return
    this.#seen = wanted
    this.#leases.collect()
  }
}
