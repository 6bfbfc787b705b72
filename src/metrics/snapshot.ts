/** One moment of a run, as plain data. */

/** Milliseconds. */
export interface Spread {
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface StageSnapshot {
  readonly stage: string
  readonly workers: number
  readonly received: number
  readonly emitted: number
  readonly queued: number
  readonly restarts: number
  readonly deadLetters: number
  readonly dropped: number
  /** How long an item is handled. */
  readonly service: Spread
  /** How long an item waits in the channel before the stage. */
  readonly waiting: Spread
  /** Share of the time that its workers were busy, 0 to 1. */
  readonly occupancy: number
}

export interface Snapshot {
  readonly pipeline: string
  /** When, by the wall: ms since 1970. */
  readonly at: number
  /** From the source's hand to the last stage's output. */
  readonly latency: Spread
  readonly stages: readonly StageSnapshot[]
}
