/**
 * How many dead letters a pipeline bears before it stops.
 *
 *     { deadLetters: 2 }        ended   · ✗ · ✗ · · ✗                        the third is one too many, whenever it comes
 *     { share: 0.25, of: 4 }    ended   ✗ ✗ · · · ✗ · ✗                      of the last 4 items more than 1
 *                                         └─────┘ not judged before 4 ended  (here already the first 4)
 *
 * A few bad items are to be expected; many mean that the pipeline itself is broken, and that going on would only turn a
 * whole input into dead letters. What was once too much stays too much.
 */
export type TolerancePolicy = { readonly deadLetters: number } | { readonly share: number; readonly of: number }

export class Tolerance {
  /** Dead letters in the window. */
  #dead = 0
  readonly #most: number
  readonly #share: number
  /** Length of the window; 0 when it is all that ever ended. */
  readonly #of: number
  /** Ring of the last `#of` items, a bit each: 1 is a dead letter. */
  readonly #bits: Uint32Array
  /** Where in the ring the next item goes. */
  #at = 0
  /** Whether `#of` items have ended, so that the window is full. */
  #full = false
  #exceeded = false

  /** Without a policy, every number of dead letters is tolerated. `share`: from 0 to 1. `of`: a whole number from 1. */
  constructor(policy: TolerancePolicy = { deadLetters: Infinity }) {
    this.#most = 'deadLetters' in policy ? policy.deadLetters : Infinity
    this.#share = 'of' in policy ? policy.share : 1
    this.#of = 'of' in policy ? policy.of : 0
    this.#bits = new Uint32Array(Math.ceil(this.#of / 32))
  }

  /** Counts an item that ended, as a dead letter or not. False once there are more dead letters than are tolerated. */
  ended(dead: boolean): boolean {
    if (dead) this.#dead++
    if (this.#of > 0) this.#slide(dead)
    if (this.#dead > this.#most) this.#exceeded = true
    // Divided, not multiplied: 29 / 100 is 0.29, but 0.29 · 100 is less than 29.
    if (this.#full && this.#dead / this.#of > this.#share) this.#exceeded = true
    return !this.#exceeded
  }

  /** Puts the item in the place of the oldest, which leaves the window. */
  #slide(dead: boolean): void {
    const word = this.#at >>> 5
    const bit = 1 << (this.#at & 31)
    if (this.#bits[word]! & bit) this.#dead--
    if (dead) this.#bits[word]! |= bit
    else this.#bits[word]! &= ~bit
    if (++this.#at === this.#of) {
      this.#at = 0
      this.#full = true
    }
  }
}
