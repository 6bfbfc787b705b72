/** Why a call has no answer: the worker that had it is gone. What that costs the item is for its stage to say. */
export class Departed extends Error {
  /** What became of the worker. */
  override readonly cause: unknown
  /** The handler had been called, and the worker died by itself: it may have been this item that killed it. */
  readonly isCharged: boolean

  constructor(cause: unknown, isCharged: boolean) {
    super('the worker is gone')
    this.cause = cause
    this.isCharged = isCharged
  }
}
