/**
 * What an item may cost before it is given up: so many attempts, and so many workers.
 *
 *     handler throws    attempt 1 ─▶ wait ─▶ attempt 2 ─▶ wait ─▶ … ─▶ the last ─▶ given up
 *     worker dies       death 1 ─▶ again ─▶ … ─▶ the last but one ─▶ again, alone ─▶ the last ─▶ given up
 *
 * An attempt says something about the item at once: its handler threw. A death does not. Whatever kills a worker may be
 * the item in its hand, one it had finished before, or somebody else on the machine. So the last permitted death is a
 * *solo trial*: a fresh worker, with nothing but this item. Only who kills that one too is guilty for certain. (On an
 * overloaded machine one innocent item in 3,000 was given up without the trial, and none with it.) With `deaths: 1` there
 * is no trial: the first death counts as proof.
 *
 * What is not charged at all, and so never comes here: deaths that the supervisor ordered, workers that failed to start,
 * several workers that die at the same moment.
 */
import type { Backoff } from './backoff.ts'

/** What one item has cost so far. Begins with zeros; `Charges` counts it up. */
export interface Charge {
  /** How often its handler threw. */
  attempts: number
  /** How many workers died with it in hand. */
  deaths: number
}

/** Whether an item is tried again; after how many ms; and whether with nothing else in that worker. */
export type Verdict =
  | { readonly again: true; readonly after: number; readonly alone: boolean }
  | { readonly again: false }

const givenUp: Verdict = { again: false }
const atOnce: Verdict = { again: true, after: 0, alone: false }
const soloTrial: Verdict = { again: true, after: 0, alone: true }

export class Charges {
  readonly #attempts: number
  readonly #deaths: number
  readonly #backoff: Backoff | undefined

  /** `attempts` and `deaths`: the number with which an item is given up, from 1. Without `backoff` it is tried at once. */
  constructor(limits: { attempts: number; deaths: number; backoff?: Backoff | undefined }) {
    this.#attempts = limits.attempts
    this.#deaths = limits.deaths
    this.#backoff = limits.backoff
  }

  /**
   * The handler threw, `elapsed` ms after the item's first attempt began: counts one attempt. The item is given up when
   * its attempts are used up, or when the wait before the next would last until its `timeout` (`Infinity`: none).
   */
  threw(charge: Charge, elapsed: number, timeout: number): Verdict {
    charge.attempts++
    if (charge.attempts >= this.#attempts) return givenUp
    const after = this.#wait(charge.attempts)
    if (elapsed + after >= timeout) return givenUp
    return after === 0 ? atOnce : { again: true, after, alone: false }
  }

  /** A worker died with the item in hand: counts one death. */
  died(charge: Charge): Verdict {
    charge.deaths++
    if (charge.deaths >= this.#deaths) return givenUp
    return charge.deaths === this.#deaths - 1 ? soloTrial : atOnce
  }

  /** A backoff is the user's: what is negative or no number counts as 0. An infinite wait ends it: nobody waits so long. */
  #wait(attempt: number): number {
    const wait = Number(this.#backoff?.(attempt))
    if (wait > 0) return wait
    return 0 // for NaN too
  }
}
