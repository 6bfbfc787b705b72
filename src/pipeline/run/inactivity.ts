/**
 * Notices that nothing moves although items are under way.
 *
 *     moves    ×  ×××  ×                            looks at the clock when the last move is as old as the limit
 *     looks                     ✓         ✗         and it was not the reader whom all wait for
 *                      └── limit ──┘
 *
 * An idle source is no inactivity: nothing is under way then. Nor is a slow reader: results wait for it.
 */
import type { Clock } from '../../clock.ts'

export interface InactivityHost {
  /** Grows with whatever happens. */
  readonly moves: number
  /** The same of stages that are pipelines. There may be many: asked only when it is time to look. */
  readonly movesInside: number
  /** Results wait for the reader: it may be that everything does. */
  readonly isUnread: boolean
  /** Who has an item in hand, by name. */
  holders(): string[]
  inactive(holders: string[]): void
}

export class Inactivity {
  readonly #clock: Clock
  readonly #limit: number
  readonly #host: InactivityHost
  #timer: unknown
  #moves = -1
  #movesInside = 0
  #movedAt = 0

  /** `limit`: ms. */
  constructor(clock: Clock, limit: number, host: InactivityHost) {
    this.#clock = clock
    this.#limit = limit
    this.#host = host
  }

  start(): void {
    this.note()
    this.#timer = this.#clock.setTimeout(() => this.#look(), this.#movedAt + this.#limit - this.#clock.now())
  }

  /** Something may have happened. */
  note(): void {
    const { moves } = this.#host
    if (moves === this.#moves) return
    this.#moves = moves
    this.#movedAt = this.#clock.now()
  }

  #look(): void {
    this.note()
    const now = this.#clock.now()
    const { movesInside } = this.#host
    const holders = this.#host.holders()
    if (movesInside !== this.#movesInside) this.#movedAt = now
    this.#movesInside = movesInside
    if (holders.length === 0 || this.#host.isUnread) this.#movedAt = now
    if (now - this.#movedAt < this.#limit) return this.start()
    this.clear()
    this.#host.inactive(holders)
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
