/**
 * The first difference between two values, as somebody who has only one of them could find it; undefined if there is none.
 *
 * It tells apart what `deepStrictEqual` does not on every Node, or not at all: -0 and 0, holes and undefined, the order of
 * properties, prototypes, attributes, which objects are one and the same, what buffers views share, where two invalid dates
 * are alike.
 */
import { types } from 'node:util'

export function difference(actual: unknown, expected: unknown): string | undefined {
  return compare(actual, expected, 'it', new Map(), new Map())
}

type Pairs = Map<unknown, unknown>

function compare(a: any, b: any, at: string, there: Pairs, back: Pairs): string | undefined {
  const isObject = (value: unknown) => (typeof value === 'object' && value !== null) || typeof value === 'function'
  if (!isObject(a) || !isObject(b)) return Object.is(a, b) ? undefined : `${at}: ${show(a)}, not ${show(b)}`
  if (there.has(a) || back.has(b)) {
    return there.get(a) === b && back.get(b) === a ? undefined : `${at}: another object than elsewhere`
  }
  there.set(a, b)
  back.set(b, a)
  const inside = (x: unknown, y: unknown, where: string) => compare(x, y, `${at}${where}`, there, back)
  if (brand(a) !== brand(b)) return `${at}: ${brand(a)}, not ${brand(b)}`
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${at}: another prototype`
  return content(a, b, inside) ?? properties(a, b, inside, at)
}

function brand(value: object): string {
  const found = Object.entries(types).find(
    ([name, is]) => name.startsWith('is') && !/View|Any/.test(name) && (is as any)(value),
  )
  return found ? found[0].slice(2) : Array.isArray(value) ? 'Array' : 'Object'
}

type Inside = (a: unknown, b: unknown, where: string) => string | undefined

function content(a: any, b: any, inside: Inside): string | undefined {
  const all = (x: unknown[], y: unknown[], where: string) => {
    if (x.length !== y.length) return inside(x.length, y.length, `${where}.size`)
    return first(x.map((each, i) => () => inside(each, y[i], `${where}[${i}]`)))
  }
  if (types.isMap(a)) {
    return all([...a.keys()], [...b.keys()], '.keys') ?? all([...a.values()], [...b.values()], '.values')
  }
  if (types.isSet(a)) return all([...a], [...b], '.members')
  if (types.isDate(a)) return inside(a.getTime(), b.getTime(), '.getTime()')
  if (types.isRegExp(a)) {
    return first(['source', 'flags', 'lastIndex'].map(name => () => inside((a as any)[name], b[name], `.${name}`)))
  }
  if (types.isBoxedPrimitive(a)) return inside(a.valueOf(), b.valueOf(), '.valueOf()')
  if (types.isNativeError(a)) return inside(a.stack, b.stack, '.stack')
  if (types.isArrayBuffer(a)) {
    return (
      inside((a as any).resizable, b.resizable, '.resizable') ??
      inside((a as any).maxByteLength, b.maxByteLength, '.maxByteLength') ??
      all([...new Uint8Array(a)], [...new Uint8Array(b)], '.bytes')
    )
  }
  if (Buffer.isBuffer(a)) return all([...a], [...b], '.bytes') // where they lie is the business of Node
  if (ArrayBuffer.isView(a)) {
    return first([
      () => inside(a.byteOffset, b.byteOffset, '.byteOffset'),
      () => inside(a.byteLength, b.byteLength, '.byteLength'),
      () => inside(a.buffer, b.buffer, '.buffer'),
    ])
  }
  return undefined
}

function properties(a: any, b: any, inside: Inside, at: string): string | undefined {
  const isHidden = (key: PropertyKey) =>
    (types.isTypedArray(a) && /^\d+$/.test(String(key))) || (types.isNativeError(a) && key === 'stack')
  const keys = (value: object) => Reflect.ownKeys(value).filter(key => !isHidden(key))
  const [x, y] = [keys(a), keys(b)]
  if (x.length !== y.length || x.some((key, i) => key !== y[i])) {
    return `${at}: properties ${x.map(String)}, not ${y.map(String)}`
  }
  return first(
    x.map(key => () => {
      const { value: one, get: _, set: __, ...attributes } = Object.getOwnPropertyDescriptor(a, key)!
      const { value: other, get: ___, set: ____, ...others } = Object.getOwnPropertyDescriptor(b, key)!
      const differs = JSON.stringify(attributes) !== JSON.stringify(others)
      return differs ? `${at}.${String(key)}: other attributes` : inside(one, other, `.${String(key)}`)
    }),
  )
}

/** One after the other, up to the first that says something. */
function first(each: readonly (() => string | undefined)[]): string | undefined {
  for (const one of each) {
    const found = one()
    if (found !== undefined) return found
  }
  return undefined
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? 'an object' : String(value)
}
