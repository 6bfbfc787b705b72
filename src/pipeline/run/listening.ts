/**
 * Listeners that throw.
 *
 * They are told of things in the middle of a stage's work, where nothing may fail: so what they throw is kept, and looked
 * at when that disturbs nobody.
 */
import type { BroadcastHost } from '../broadcast.ts'
import { reportUncaught } from '../results.ts'

export interface ListeningHost {
  readonly isSettled: boolean
  readonly suppressed: unknown[]
  /** Have the run look, soon. */
  wake(): void
  errorHeard(): void
}

export class Listening {
  readonly #host: ListeningHost
  #thrown: { readonly place: string; readonly error: unknown } | undefined

  constructor(host: ListeningHost) {
    this.#host = host
  }

  /** For those who listen at `place`: `events`, `deadLetters`, `channel(stage)`. */
  host(place: string): BroadcastHost {
    const host = this.#host
    return {
      errorHeard: () => host.errorHeard(),
      subscriberThrew: error => {
        if (host.isSettled) return reportUncaught(error)
        if (this.#thrown) host.suppressed.push(error)
        else this.#thrown = { place, error }
        host.wake()
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
