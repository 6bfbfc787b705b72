/**
 * Where items come from, as a run sees it: something that fills the first channel.
 *
 *     array, iterable, generator     asked for the next when a stage asks: nothing is read ahead
 *     async iterable, Readable, …    read ahead, one at a time, until the channel is full
 *     Observable                     cannot be asked to wait: a full channel does what `overflow` says
 *     open pipeline                  `send` waits in line for room
 */
import type { Channel } from '../../channel/channel.ts'
import type { Overflow } from '../../channel/overflow.ts'
import type { Clock } from '../../clock.ts'
import type { Entrance } from './entrance.ts'

export interface Source {
  /** Items that it has given, or that were sent. */
  readonly received: number
  /** Begins to read. */
  start(): void
  /** Reads no more; what has come is still handled. */
  end(): void
  /** The run is torn down: reads no more, takes nothing more. */
  kill(): void
  /** Room in the channel, or a slot end to end. */
  resume(): void
}

/** What a source asks of its run. */
export interface SourceHost {
  readonly pipeline: string
  /** The first stage, whose channel it fills. */
  readonly stage: string
  readonly time: number
  readonly clock: Clock
  /** ms that an item which was asked for may take to come, once the source was asked to end. */
  readonly patience: number
  /** The source failed before item `sequence`: nothing more will come. */
  sourceFailed(error: unknown, sequence: number): void
  dropped(count: number): void
  /** Something came: go on. */
  pump(): void
}

/** Where it puts its items. */
export interface Inlet {
  readonly channel: Channel
  readonly overflow: Overflow
  readonly entrance: Entrance
  readonly host: SourceHost
}
