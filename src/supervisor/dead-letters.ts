/**
 * Items that were given up. The first ones wait for somebody to look; beyond that they are counted, and stay unheard.
 */
import type { Failure } from '../stage/plan.ts'

/** An item that was given up, with the reason; `at` is the time by the wall, in ms. */
export type DeadLetter = Failure & { readonly at: number }

const mostKept = 1_000

export class DeadLetters {
  count = 0
  /** Those that nobody has been told of: the first of `unheard`. */
  kept: DeadLetter[] = []
  unheard = 0
  /** The one that came last. */
  last: DeadLetter | undefined

  /** Notes one that somebody, or nobody, is told of. */
  add(letter: DeadLetter, isHeard: boolean): void {
    this.count++
    this.last = letter
    if (isHeard) return
    this.unheard++
    if (this.kept.length < mostKept) this.kept.push(letter)
  }

  /** Somebody has come who is told of all that were kept. */
  hand(): readonly DeadLetter[] {
    const { kept } = this
    this.kept = []
    this.unheard -= kept.length
    return kept
  }
}
