/** A pool of threads that takes one task at a time, and a promise for each. */
export interface Pool {
  run(item: unknown): PromiseLike<unknown>
  close(): Promise<void>
}

/** Hands all items to `run`, so many in flight, and the results to `sink` in order. */
export async function inOrder(
  items: readonly unknown[],
  count: number,
  inFlight: number,
  run: (item: unknown) => PromiseLike<unknown>,
  sink: (result: unknown) => void,
): Promise<void> {
  const flying: PromiseLike<unknown>[] = []
  for (let place = 0; place < count + inFlight; place++) {
    if (place >= inFlight) {
      const result = flying[place % inFlight]
      if (place - inFlight < count) sink(await result)
    }
    if (place < count) flying[place % inFlight] = run(items[place % items.length])
  }
}
