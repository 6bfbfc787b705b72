/**
 * A worker that claims its items by itself, as its stage knows it: it is heard of only when something is wrong, or over.
 *
 *     stage ──verdict, dismiss, stop──▶ worker
 *     stage ◀──item failed, over────── worker
 */
import type { WorkerDied } from '../../errors.ts'
import type { Spilled } from '../../ring/spills.ts'
import { Lifeline } from './lifeline.ts'
import type { OpenLine } from './line.ts'
import { type ErrorClass, pack } from './packed-error.ts'
import type { FromWorker, Order, SeatVerdict } from './protocol.ts'

export interface SeatLinkHost {
  /** An item failed: the worker waits for its verdict. `isRefused`: it is not to be tried again. */
  failed(sequence: number, item: unknown, error: unknown, isRefused: boolean): void
  /** There is nothing more to claim. */
  over(): void
  /** It has spilled: all have to know who may read that. */
  spilled(spilled: Spilled): void
  /** What cannot be bytes of a frame that it is about to commit. */
  attached(number: number, list: readonly unknown[], frame: number): void
  /** It needs what was attached under that number. */
  fetch(number: number): void
  /** It has ended, and all that it has said was heard. `isUnasked`: by itself, after it had been set up. */
  gone(died: WorkerDied, isKilled: boolean, isUnasked: boolean): void
}

export class SeatLink {
  readonly #lifeline: Lifeline
  readonly #host: SeatLinkHost
  isReady = false

  constructor(open: OpenLine, order: Order, errorClass: (name: string) => ErrorClass | undefined, host: SeatLinkHost) {
    this.#host = host
    this.#lifeline = new Lifeline(open, order, {
      errorClass,
      ready: () => {
        this.isReady = true
      },
      heard: message => this.#heard(message),
      ended: (died, _end, isUnasked) => host.gone(died, this.#lifeline.isKilled, isUnasked),
    })
  }

  /** It has been set up. */
  get ready(): Promise<void> {
    return this.#lifeline.ready
  }

  /* ── saying ────────────────────────────────────────────────────────────── */

  /** It may claim. */
  begin(): void {
    this.#lifeline.send({ type: 'begin' })
  }

  /** Somebody has spilled. */
  spilled(spilled: Spilled): void {
    if (this.isReady) this.#lifeline.send({ type: 'spilled', spilled })
  }

  /** Throws where it cannot be carried any more: somebody else has it. */
  attached(number: number, list: readonly unknown[]): void {
    this.#lifeline.send({ type: 'attached', number, list })
  }

  decide(sequence: number, verdict: SeatVerdict, attempt: number): void {
    this.#lifeline.send({ type: 'verdict', sequence, verdict, attempt })
  }

  /** What it has in hand is to end. */
  dismiss(reason: unknown): void {
    this.#lifeline.send({ type: 'dismiss', reason: pack(reason) })
  }

  /** Runs `stop`, and ends; rejects with what that threw. */
  stop(): Promise<void> {
    return this.#lifeline.stop()
  }

  /** Ends it whatever it does. */
  kill(): void {
    this.#lifeline.kill()
  }

  /** Whether it keeps this process from ending. */
  hold(isHeld: boolean): void {
    this.#lifeline.hold(isHeld)
  }

  /* ── hearing ───────────────────────────────────────────────────────────── */

  #heard(message: FromWorker): void {
    switch (message.type) {
      case 'item failed':
        return this.#host.failed(
          message.sequence,
          message.item,
          this.#lifeline.unpack(message.error),
          message.isRefused,
        )
      case 'over':
        return this.#host.over()
      case 'spilled':
        return this.#host.spilled(message.spilled)
      case 'attach':
        return this.#host.attached(message.number, message.list, message.frame)
      case 'fetch':
        return this.#host.fetch(message.number)
    }
  }
}
