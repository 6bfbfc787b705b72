/**
 * A running digest of outputs: enough to notice that a retry yields something else than has left already.
 *
 * FNV-1a over the text that `inspect` gives of a value, all of it; functions and class instances count by what they show.
 */
import { inspect } from 'node:util'

export function digestOf(value: unknown, before: number): number {
  const text =
    typeof value === 'object' && value !== null
      ? inspect(value, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, breakLength: Infinity })
      : `${typeof value}:${String(value)}`
  let hash = before ^ 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash | 0
}
