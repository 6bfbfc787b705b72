/** A result as a line of JSON, as `JSON.stringify` writes it; what that cannot write is an error that says where it is. */
import { described, MillraceError } from '../errors.ts'
import { said, withArticle } from '../messages.ts'
import { oneLine } from './refused.ts'

/** A result has no form in JSON. */
export class NoJson extends MillraceError {
  constructor(index: number, why: string) {
    super(...said('ERR_NO_JSON', { index, why }))
  }
}

/** @throws {NoJson} */
export function jsonOf(result: unknown, index: number): string {
  let text: string | undefined
  try {
    text = JSON.stringify(result)
  } catch (error) {
    throw new NoJson(index, found(result) ?? oneLine(described(error)))
  }
  if (text === undefined) throw new NoJson(index, `it is ${withArticle(typeof result)}`)
  return text
}

/** Looking into a value may run into what kept JSON from it: a getter that throws, or no end of depth. */
function found(value: unknown): string | undefined {
  try {
    return culprit(value, [], new Set())
  } catch {
    return undefined
  }
}

const deepest = 1_000

/** The first thing in it that JSON has no form for, and its path. */
function culprit(value: unknown, path: readonly string[], above: Set<unknown>): string | undefined {
  const place = path.length > 0 ? `\`${path.join('.')}\`` : 'it'
  if (path.length > deepest) return 'it is nested too deep'
  if (typeof value === 'bigint') return `${place} is a bigint`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  if (above.has(value)) return `${place} contains itself`
  above.add(value)
  for (const [key, each] of Object.entries(value)) {
    const found = culprit(each, [...path, key], above)
    if (found) return found
  }
  above.delete(value)
  return undefined
}
