/** Why a value cannot leave, and where in the item it is. */
import { types } from 'node:util'

/** What a writer throws; the encoder makes `NotCloneable` of it, since only it knows the item. */
export class Refusal {
  readonly culprit: unknown
  /** What it is, as in "`path` is …". */
  readonly what: string
  /** What to do. */
  readonly fix: string

  constructor(culprit: unknown, what: string, fix: string) {
    this.culprit = culprit
    this.what = what
    this.fix = fix
  }
}

/**
 * The way from an item to something in it, as one would write it: `items[3].user.callback`; `''` for the item itself,
 * undefined where it is not found: then a getter has made it.
 *
 * It is looked for after the fact, so that the writing of values that can leave pays nothing for it.
 */
export function pathTo(culprit: unknown, item: unknown): string | undefined {
  const seen = new Set<unknown>()
  const open: { value: unknown; path: string }[] = [{ value: item, path: '' }]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { value, path } = next
    if (value === culprit) return path
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    open.push(...inside(value, path))
  }
  return undefined
}

function inside(value: object, path: string): { value: unknown; path: string }[] {
  const found: { value: unknown; path: string }[] = []
  try {
    if (ArrayBuffer.isView(value)) return [{ value: value.buffer, path: `${path}.buffer` }]
    if (types.isMap(value)) {
      for (const [key, entry] of value) {
        found.push({ value: key, path: joined(path, `keys()[${found.length / 2}]`) })
        const isPlain = typeof key === 'string' || typeof key === 'number'
        found.push({
          value: entry,
          path: joined(path, isPlain ? `get(${JSON.stringify(key)})` : `values()[${(found.length - 1) / 2}]`),
        })
      }
    } else if (types.isSet(value)) {
      for (const member of value) found.push({ value: member, path: joined(path, `values()[${found.length}]`) })
    } else {
      const keys: string[] = Object.keys(value)
      if (types.isNativeError(value) && !keys.includes('cause')) keys.push('cause')
      for (const key of keys) {
        const property = Object.getOwnPropertyDescriptor(value, key) // a getter has been read once
        if (property !== undefined && 'value' in property) {
          found.push({ value: property.value, path: step(path, key, Array.isArray(value)) })
        }
      }
    }
  } catch {
    // A proxy that says no.
  }
  return found
}

function step(path: string, key: string, isElement: boolean): string {
  if (isElement && /^\d+$/.test(key)) return `${path}[${key}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? joined(path, key) : `${path}[${JSON.stringify(key)}]`
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
