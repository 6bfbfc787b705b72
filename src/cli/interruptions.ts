/**
 * What a signal asks for, by how many there were.
 *
 *     first    drain    no more input, what is in hand is finished
 *     second   stop     what is in hand is given up; handlers are told by their signal
 *     third    kill     now
 */
export type Interruption = 'drain' | 'stop' | 'kill'

export class Interruptions {
  #count = 0
  #lastAt = -Infinity
  #first: 'SIGINT' | 'SIGTERM' | undefined
  readonly #echoMs: number

  /** `echoMs`: one signal that comes so soon after another is the same: npm passes on what the terminal has sent already. */
  constructor(echoMs: number) {
    this.#echoMs = echoMs
  }

  /** The signal that began the end. */
  get first(): 'SIGINT' | 'SIGTERM' | undefined {
    return this.#first
  }

  /** As a shell would have it: 128 and the number of the signal. */
  get exitCode(): number {
    return this.#first === 'SIGTERM' ? 143 : 130
  }

  /** `now` in ms. Undefined: an echo of the one before. */
  next(signal: 'SIGINT' | 'SIGTERM', now: number): Interruption | undefined {
    if (now - this.#lastAt < this.#echoMs) return undefined
    this.#lastAt = now
    this.#first ??= signal
    this.#count++
    return this.#count === 1 ? 'drain' : this.#count === 2 ? 'stop' : 'kill'
  }
}
