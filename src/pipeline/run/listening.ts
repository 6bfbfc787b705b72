/**
 * Listeners that throw.
 *
 * They are told of things in the middle of a stage's work, where nothing may fail: so what they throw is kept, and looked
 * at when that disturbs nobody.
 */
import type { BroadcastHost } from '../broadcast.ts'
import { reportUncaught } from '../results.ts'
import type { Outcome } from './outcome.ts'

export interface ListeningHost {
  readonly outcome: Outcome
  /** Have the run look, soon. */
  wake(): void
}

export class Listening {
  readonly #host: ListeningHost
  #thrown: { readonly place: string; readonly error: unknown } | undefined

  constructor(host: ListeningHost) {
    this.#host = host
  }

  /** For those who listen at `place`: `events`, `deadLetters`, `channel(stage)`. */
  host(place: string): BroadcastHost {
    const { outcome, wake } = this.#host
    return {
      errorHeard: () => outcome.heard(),
      subscriberThrew: error => {
        if (outcome.isSettled) return reportUncaught(error)
        if (this.#thrown) outcome.suppressed.push(error)
        else this.#thrown = { place, error }
        wake()
      },
    }
  }

  /** What was thrown since the last look. */
  take(): { readonly place: string; readonly error: unknown } | undefined {
    const thrown = this.#thrown
    this.#thrown = undefined
    return thrown
  }
}
