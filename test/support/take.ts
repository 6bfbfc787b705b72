/** Readers, in one word. */
import { within } from './within.ts'

/** All results, pulled. */
export async function all<T>(items: AsyncIterable<T>, millis = 5_000): Promise<T[]> {
  const results: T[] = []
  const gather = async () => {
    for await (const item of items) results.push(item)
  }
  await within(millis, gather(), 'reading to the end')
  return results
}

/** The next `count` results of a loop that stays open. */
export async function take<T>(reader: AsyncIterator<T>, count: number, millis = 5_000): Promise<T[]> {
  const results: T[] = []
  while (results.length < count) {
    const { done, value } = await within(millis, reader.next(), `result ${results.length}`)
    if (done) break
    results.push(value)
  }
  return results
}

/** 0, 1, 2 … without end; `pulled` says how many were asked for. */
export function endless(): { source: () => Generator<number>; pulled: number; returned: number } {
  const counted = {
    pulled: 0,
    returned: 0,
    *source() {
      try {
        for (;;) yield counted.pulled++
      } finally {
        counted.returned++
      }
    },
  }
  return counted
}

/** From 0 up to, not including, `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}
