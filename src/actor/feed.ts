/**
 * A body that takes items when it likes and emits when it likes: one over the whole stream, or RxJS operators.
 *
 *     stage ──push(item)──▶ feed        one item at a time; the next when the feed said `taken`
 *     stage ◀──took()─────── feed       has that item now
 *     stage ◀──emit(value)── feed       belongs to the item that it has; else to none, and leaves as it comes
 *     stage ◀──taken()────── feed       done with that item
 *     stage ──end()────────▶ feed       the input is over
 *     stage ◀──ended()────── feed       nothing more will come, whether or not the input is over
 */
export interface Feed {
  push(item: unknown): void
  end(): void
  /** The stage is torn down: stop, and say nothing more. */
  cancel(): void
}

export interface FeedPort {
  /** What the body may know: that of its worker's item in hand. */
  readonly context: unknown
  took(): void
  emit(value: unknown): void
  taken(): void
  ended(): void
  failed(error: unknown): void
  /** A promise of the moment at which what was emitted has left, where it has not. */
  room(): Promise<void> | undefined
}

export type OpenFeed = (port: FeedPort) => Feed
