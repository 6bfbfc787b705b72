/**
 * What objects are whose prototype is not that of plain objects and arrays.
 *
 * Structured clone looks at what V8 calls an object inside; a program sees prototypes, and some tests for one kind each,
 * which are too slow to try one after the other. So the prototype says what an object should be, learned once; the test says
 * whether it is. `Object.create(Map.prototype)` is no map, and a plain object to structured clone.
 */
import { types } from 'node:util'

export type Kind =
  | 'map'
  | 'set'
  | 'date'
  | 'regexp'
  | 'boxed'
  | 'arrayBuffer'
  | 'sharedArrayBuffer'
  | 'view'
  | 'error'
  | 'exception'
  /** Goes by a port, as a copy. */
  | 'cloned'
  /** Goes by a port, and is gone here. */
  | 'moved'
  | 'refused'
  /** Everything else: an instance of a class of the program. */
  | 'instance'

interface Known {
  readonly kind: Kind
  readonly is: (value: any) => boolean
  /** Its class, for messages. */
  readonly name: string
}

const always = () => true
const instance: Known = { kind: 'instance', is: always, name: 'Object' }

/** What `value`, whose prototype is `prototype`, is. */
export function kindOf(value: object, prototype: object): Kind {
  const known = byPrototype.get(prototype) ?? learned(value, prototype)
  if (known.is(value)) return known.kind
  return types.isProxy(value) ? 'refused' : 'instance'
}

/** The class that says what an object of this prototype is. */
export function nameOf(value: object): string {
  if (types.isProxy(value)) return 'Proxy'
  return byPrototype.get(Object.getPrototypeOf(value))?.name ?? 'object'
}

const byPrototype = new WeakMap<object, Known>()

const tests: readonly [Kind, (value: unknown) => boolean][] = [
  ['map', types.isMap],
  ['set', types.isSet],
  ['date', types.isDate],
  ['regexp', types.isRegExp],
  ['boxed', types.isBoxedPrimitive],
  ['arrayBuffer', types.isArrayBuffer],
  ['sharedArrayBuffer', types.isSharedArrayBuffer],
  ['view', ArrayBuffer.isView],
  ['error', types.isNativeError],
  ['refused', types.isPromise],
  ['refused', types.isWeakMap],
  ['refused', types.isWeakSet],
  ['refused', types.isGeneratorObject],
  ['refused', types.isMapIterator],
  ['refused', types.isSetIterator],
  ['refused', types.isExternal],
]

/** Classes that Node, or the language, has by these names. Those without a test of their own are known by their prototype. */
const classes: readonly [Kind, string, (() => unknown)?][] = [
  ['exception', 'DOMException'],
  ['cloned', 'Blob'],
  ['cloned', 'File'],
  ['cloned', 'CryptoKey'],
  ['cloned', 'KeyObject', () => process.getBuiltinModule('node:crypto').KeyObject],
  ['cloned', 'X509Certificate', () => process.getBuiltinModule('node:crypto').X509Certificate],
  ['cloned', 'BlockList', () => process.getBuiltinModule('node:net').BlockList],
  ['cloned', 'SocketAddress', () => process.getBuiltinModule('node:net').SocketAddress],
  ['cloned', 'Module', () => (globalThis as any).WebAssembly.Module],
  ['moved', 'MessagePort'],
  ...[
    ...['WeakRef', 'FinalizationRegistry', 'Iterator', 'URL', 'URLSearchParams', 'Headers', 'Request', 'Response'],
    ...['FormData', 'ReadableStream', 'WritableStream', 'TransformStream'],
  ].map(name => ['refused', name] as [Kind, string]),
  ...['Memory', 'Instance', 'Table', 'Global'].map(
    name => ['refused', name, () => (globalThis as any).WebAssembly[name]] as [Kind, string, () => unknown],
  ),
  ...['NumberFormat', 'DateTimeFormat', 'Collator', 'PluralRules', 'ListFormat', 'RelativeTimeFormat', 'Segmenter'].map(
    name => ['refused', name, () => (Intl as any)[name]] as [Kind, string, () => unknown],
  ),
  ...['Instant', 'PlainDate', 'PlainTime', 'PlainDateTime', 'ZonedDateTime', 'Duration'].map(
    name => ['refused', name, () => (globalThis as any).Temporal?.[name]] as [Kind, string, () => unknown],
  ),
]

const iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))

function learned(value: object, prototype: object): Known {
  const test = tests.find(([, is]) => is(value))
  let known: Known = test ? { kind: test[0], is: test[1], name: className(prototype) } : instance
  // From Node 22 on a DOMException is an error as well.
  const isOpen = () => known === instance || known.kind === 'error'
  for (let at: object | null = prototype; isOpen() && at !== null; at = Object.getPrototypeOf(at)) {
    if (at === iterator) known = { kind: 'refused', is: always, name: 'Iterator' }
    const name = className(at)
    for (const [kind, named, find] of classes) {
      if (named !== name) continue
      const found = find ? find() : (globalThis as any)[name]
      if (typeof found === 'function' && found.prototype === at) known = { kind, is: always, name }
    }
    // Not one itself, but its next may be: the test decides for each.
    const expected = intrinsics.get(at)
    if (expected && known === instance) known = { ...expected, name }
  }
  byPrototype.set(prototype, known)
  return known
}

const intrinsics = new Map<object, Pick<Known, 'kind' | 'is'>>(
  (
    [
      [Map.prototype, 'map', types.isMap],
      [Set.prototype, 'set', types.isSet],
      [Date.prototype, 'date', types.isDate],
      [RegExp.prototype, 'regexp', types.isRegExp],
      [Number.prototype, 'boxed', types.isBoxedPrimitive],
      [String.prototype, 'boxed', types.isBoxedPrimitive],
      [Boolean.prototype, 'boxed', types.isBoxedPrimitive],
      [BigInt.prototype, 'boxed', types.isBoxedPrimitive],
      [Symbol.prototype, 'boxed', types.isBoxedPrimitive],
      [ArrayBuffer.prototype, 'arrayBuffer', types.isArrayBuffer],
      [SharedArrayBuffer.prototype, 'sharedArrayBuffer', types.isSharedArrayBuffer],
      [DataView.prototype, 'view', ArrayBuffer.isView],
      [Object.getPrototypeOf(Uint8Array.prototype), 'view', ArrayBuffer.isView],
      [Error.prototype, 'error', types.isNativeError],
      [Promise.prototype, 'refused', types.isPromise],
      [WeakMap.prototype, 'refused', types.isWeakMap],
      [WeakSet.prototype, 'refused', types.isWeakSet],
    ] as [object, Kind, (value: unknown) => boolean][]
  ).map(([prototype, kind, is]) => [prototype, { kind, is }]),
)

function className(prototype: object): string {
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof made === 'function' ? String(made.name) : 'object'
}
