/** What an outlet knows of those who read from it, and what they may ask of it. */
import type { Channel } from '../../channel/channel.ts'

/** How results end: complete, or with an error. */
export type Ending = { readonly error?: unknown; readonly failed: boolean }

export interface Reader {
  /** Position of the next result that it has not been given. */
  position: number
  /** Everything before this position it is done with. */
  done: number
  /** It has failed: it is given nothing more, and only waits for the end. */
  readonly isOver: boolean
  /** It was given results that it is not done with, and says so by itself. */
  readonly isBusy: boolean
  /** It asks for results, and hears of an error when it does. */
  readonly isPulling: boolean
  /** Takes what has come, as far as it likes. */
  deliver(): void
  end(ending: Ending): void
}

/** What a reader asks of its outlet. */
export interface ReaderHost {
  readonly channel: Channel
  /** Results are being handed out, or the pump runs: what is asked for comes with that. */
  readonly isBusy: boolean
  /** Somebody reads. */
  readonly hasReaders: boolean
  attach(reader: Reader): void
  detach(reader: Reader): void
  /** A reader has taken a result, or is done with one. */
  progress(): void
  /** A reader takes more than before: have results delivered, soon. */
  wantsMore(): void
  /** Nobody is left to read, and the last one left on purpose; resolves when the run is over. */
  leave(): Promise<void>
  /** False if the run is over, and cannot fail any more. */
  readerThrew(error: unknown, position: number | undefined): boolean
  errorHeard(): void
}
