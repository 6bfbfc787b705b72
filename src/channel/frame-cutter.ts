/**
 * Natural batching: decides how many items the next frame takes.
 *
 *     service time   1 µs                                    60 µs   1 µs
 *     frame holds    1  2  4  8 … 256  512  1000  1000  1000  1  1  1  1  2  4  8  16  32  41  47  53 … 1000
 *                    └─ at most double ──┘  └ about 1 ms ─┘   heavy     └─ double ──┘  └ slowly forgets ┘
 *
 * A frame is never waited for: it takes what has arrived, up to the size that is right by now. It starts at one item,
 * because nothing is known about the first; it grows to about `budgetNs` of work, because a frame costs the same for one
 * item as for a thousand; it is one item while items are heavy, because then the frame costs nothing beside them and any
 * longer one would keep work from a worker that is idle.
 *
 * The estimate of the service time is an exponential average with two speeds. A slower frame replaces it at once: a frame
 * cut too long holds up everybody. A faster one moves it by an eighth: a frame cut too short costs a microsecond.
 */

/** Share of the difference by which one faster frame moves the estimate. */
const forgetting = 1 / 8

export class FrameCutter {
  readonly #budgetNs: number
  readonly #heavyNs: number
  readonly #most: number
  /** Items the next frame may take: from 1 to `#most`. */
  #size = 1
  /** Estimated service time of an item; 0 before the first frame was measured. */
  #serviceNs = 0

  /**
   * `single`: one item a frame, always. `budgetNs`: what a frame may cost, 1 ms by default. `heavyNs`: the service time
   * from which on items travel alone, 50 µs by default. `most`: items a frame may hold, 1024 by default.
   */
  constructor(options: { single?: boolean; budgetNs?: number; heavyNs?: number; most?: number } = {}) {
    this.#budgetNs = options.budgetNs ?? 1_000_000
    this.#heavyNs = options.heavyNs ?? 50_000
    this.#most = options.single ? 1 : (options.most ?? 1024)
  }

  /** How many items the next frame takes, of `available`; 0 only when nothing is available. */
  cut(available: number): number {
    return Math.min(available, this.#size)
  }

  /** What the last frame cost. */
  measured(items: number, elapsedMs: number): void {
    // A clock that was set back says nothing about the items.
    if (!(items > 0 && elapsedMs >= 0)) return
    const sampleNs = (elapsedMs * 1e6) / items
    const serviceNs = this.#serviceNs
    this.#serviceNs = sampleNs > serviceNs ? sampleNs : serviceNs + (sampleNs - serviceNs) * forgetting
    this.#size = this.#grown(items)
  }

  #grown(items: number): number {
    if (this.#serviceNs > this.#heavyNs) return 1
    // Infinite when the clock is too coarse to see a frame pass; then the other two limits decide.
    const affordable = Math.floor(this.#budgetNs / this.#serviceNs)
    // Twice what was measured, not only twice the size: a trickle of single items proves nothing about long frames.
    const proven = Math.min(2 * this.#size, Math.max(this.#size, 2 * items))
    return Math.max(1, Math.min(affordable, proven, this.#most))
  }
}
