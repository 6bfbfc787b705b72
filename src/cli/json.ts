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
    throw new NoJson(index, culprit(result, [], new Set()) ?? oneLine(described(error)))
  }
  if (text === undefined) throw new NoJson(index, `it is ${withArticle(typeof result)}`)
  return text
}

/** The first thing in it that JSON has no form for, and its path. */
function culprit(value: unknown, path: readonly string[], above: ReadonlySet<unknown>): string | undefined {
  const place = path.length > 0 ? `\`${path.join('.')}\`` : 'it'
  if (typeof value === 'bigint') return `${place} is a bigint`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  if (above.has(value)) return `${place} contains itself`
  for (const [key, each] of Object.entries(value)) {
    const found = culprit(each, [...path, key], new Set(above).add(value))
    if (found) return found
  }
  return undefined
}
