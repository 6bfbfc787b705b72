/**
 * What this thread's code may still look at: for each value that it was handed an object over the shared memory that is its own.
 *
 *     memory ═══════════[ segment 7 ]════════     one, for as long as there is a pool
 *        ├─ object A ◀── Buffer ◀── subarray       a lease of segment 7
 *        └─ object B ◀── Float64Array              another
 *
 * All views that can be made of a value have its object as their `buffer`. So the lease is over when that was collected, which
 * nobody has to say, and which nothing can contradict. V8 does not know how much hangs on such an object, and is in no hurry:
 * when memory runs short `collect` makes it look.
 */
import { collector } from './collector.ts'

interface Lease {
  readonly segment: number
  readonly object: WeakRef<SharedArrayBuffer>
  isOver: boolean
}

/** What is copied, instead, in the time of a collection: bytes in a millisecond, at the least. It has to be worth its time. */
const copied = 4 * 1024 * 1024

export class Leases {
  readonly #memory: SharedArrayBuffer
  readonly #over: (segment: number) => void
  readonly #live = new Set<Lease>()
  readonly #segments = new WeakMap<SharedArrayBuffer, number>()
  readonly #registry = new FinalizationRegistry<Lease>(lease => this.#end(lease))
  /** Bytes that were leased since the last collection, and the ms that it took. */
  #since = 0
  #took = 0

  /** `over`: nobody looks at this lease of a segment any more. */
  constructor(memory: SharedArrayBuffer, over: (segment: number) => void) {
    this.#memory = memory
    this.#over = over
  }

  get size(): number {
    return this.#live.size
  }

  /** The memory, as an object of its own, for a segment of so many bytes. */
  of(segment: number, bytes: number): SharedArrayBuffer {
    this.#since += bytes
    const object = structuredClone(this.#memory)
    const lease = { segment, object: new WeakRef(object), isOver: false }
    this.#live.add(lease)
    this.#segments.set(object, segment)
    this.#registry.register(object, lease)
    return object
  }

  /** The segment that a lease is of. */
  segmentOf(object: SharedArrayBuffer): number | undefined {
    return this.#segments.get(object)
  }

  /** Has garbage collected, unless there can be too little of it for what that takes. */
  collect(): void {
    if (this.#since === 0 || this.#since < copied * this.#took) return
    const collect = collector()
    if (!collect) return
    const start = performance.now()
    collect()
    for (const lease of this.#live) if (lease.object.deref() === undefined) this.#end(lease)
    this.#took = performance.now() - start
    this.#since = 0
  }

  #end(lease: Lease): void {
    if (lease.isOver) return
    lease.isOver = true
    this.#live.delete(lease)
    this.#over(lease.segment)
  }
}
