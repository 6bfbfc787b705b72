/** The way to a worker that lives elsewhere and back: what differs between a thread and a process. */
import type { FromWorker, Order, ToWorker } from './protocol.ts'

export interface Line {
  /** Throws where something in it cannot be carried; then nothing was sent. */
  send(message: ToWorker): void
  /** Whether it keeps this process from ending. */
  hold(isHeld: boolean): void
  /** Ends the worker, whatever it does. */
  kill(): void
}

/** What comes over it. */
export interface LineEnd {
  heard(message: FromWorker): void
  /** Something went wrong there: most likely it ends. */
  failed(error: unknown): void
  /** It is gone, and everything that it has said was heard. */
  ended(end: End): void
}

export interface End {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** Whether a call that was not answered may have been begun. */
  wasBegun(call: number): boolean
}

/** `name`: of the worker, e.g. `orders/charge#3`. */
export type OpenLine = (order: Order, name: string, end: LineEnd) => Line
