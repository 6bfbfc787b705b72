/**
 * One deadline for everything that has to end.
 *
 *     startedAt                                                          + grace
 *       ├───────────────────── drain ─────────────────────┼─ abort ─┼─ terminate ─┼─ kill ─┤ over
 *       0                                               12/15     13/15         14/15     15/15
 *
 *     drain       no more input: what is in hand is finished
 *     abort       handlers are told by their signal; nothing new is claimed
 *     terminate   threads are terminated, children asked to end (SIGTERM), all at once
 *     kill        children are killed (SIGKILL)
 *     over        whatever still lives is abandoned, by name
 *
 * The steps are fractions of one grace period and not periods of their own: then a row of twenty stages ends as soon as
 * one does. Every step is for all that still live at that moment; what has ended by itself never sees it.
 */
export type Phase = 'drain' | 'abort' | 'terminate' | 'kill' | 'over'

const phases: readonly Phase[] = ['drain', 'abort', 'terminate', 'kill', 'over']

export class Teardown {
  /** When each phase but the first begins; never decreasing. */
  readonly #begins: readonly number[]
  readonly #over: number

  /** Both in ms. With a `grace` of 0 it is over at once; with `Infinity` it drains for ever. */
  constructor(startedAt: number, grace: number) {
    this.#begins = [12, 13, 14, 15].map(fifteenths => startedAt + grace * (fifteenths / 15))
    this.#over = this.#begins.at(-1)!
  }

  phase(now: number): Phase {
    // Against the very number that `next` gave: `now - startedAt >= …` may be false when the timer for it has fired.
    return phases[this.#begins.findLastIndex(begin => now >= begin) + 1]!
  }

  /** When a phase begins. */
  at(phase: Exclude<Phase, 'drain'>): number {
    return this.#begins[phases.indexOf(phase) - 1]!
  }

  /** The time at which the phase changes next; undefined once it is over. Phases of no length are passed over. */
  next(now: number): number | undefined {
    return this.#begins.find(begin => begin > now && begin < Infinity)
  }

  /** Milliseconds until it is over, from 0. */
  remaining(now: number): number {
    return Math.max(0, this.#over - now)
  }
}
