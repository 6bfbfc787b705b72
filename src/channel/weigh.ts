/**
 * What an item weighs, in bytes, for a channel that is bounded by bytes.
 *
 * Counted is what can be large: strings and binary data, in the item itself or one property deep. That is exact for
 * messages, chunks and records that carry a payload; a deep tree of objects weighs less here than on the heap, and is
 * bounded by the number of items.
 */
export function weigh(item: unknown): number {
  if (typeof item === 'string') return item.length
  if (typeof item !== 'object' || item === null) return 8
  if (ArrayBuffer.isView(item)) return item.byteLength
  let bytes = 16
  try {
    if (item instanceof ArrayBuffer || item instanceof SharedArrayBuffer) return item.byteLength
    for (const name in item) {
      const field = (item as Record<string, unknown>)[name]
      if (typeof field === 'string') bytes += field.length
      else if (typeof field === 'object' && field !== null && ArrayBuffer.isView(field)) bytes += field.byteLength
      else bytes += 8
    }
  } catch {
    // A getter that throws, a proxy: nothing for a channel to judge.
  }
  return bytes
}

/** What may be held back of all that one item leads to. */
export const ofOneItem = { outputs: 1_000_000, bytes: 64 * 1024 * 1024 } as const
