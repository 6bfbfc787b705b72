/** What can be a source, told by shape; and which of them can be read only once. */
import { type Call, calledAt, SourceUsed } from '../../errors.ts'

export type Kind = 'function' | 'observable' | 'stream' | 'async iterable' | 'iterable' | 'promise' | 'array-like'

interface Shape {
  subscribe?: unknown
  '@@observable'?: unknown
  then?: unknown
  next?: unknown
  read?: unknown
  getReader?: unknown
  length?: unknown
  [Symbol.asyncIterator]?: unknown
  [Symbol.iterator]?: unknown
}

/** The kinds of things that can be a source; `undefined` for what cannot. A text is none: nobody means its characters. */
export function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'function') return 'function'
  if (typeof value !== 'object' || value === null) return undefined
  const shape = value as Shape
  if (isObservable(shape)) return 'observable'
  if (typeof shape.getReader === 'function') return 'stream'
  if (typeof shape[Symbol.asyncIterator] === 'function') return 'async iterable'
  if (typeof shape[Symbol.iterator] === 'function') return 'iterable'
  if (typeof shape.then === 'function') return 'promise'
  if (typeof shape.length === 'number') return 'array-like'
  return undefined
}

function isObservable(shape: Shape): boolean {
  return typeof shape.subscribe === 'function' || typeof shape['@@observable'] === 'function'
}

/** What a source is called that can be read only once; `undefined` for one that begins anew at each run. */
function oneShot(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const shape = value as Shape
  if (isObservable(shape)) return undefined
  if (typeof shape.getReader === 'function') return 'web stream'
  const isAsync = typeof shape[Symbol.asyncIterator] === 'function'
  if (typeof shape.read === 'function' && isAsync) return 'Node stream'
  if (typeof shape.next !== 'function') return undefined
  return isAsync ? 'async generator' : 'generator'
}

/** Sources that can be read only once and are, or were, read by a run. */
const used = new WeakSet<object>()

/** Takes a source for the run that `call` asks for. @throws {SourceUsed} if it can be read once, and an earlier run has it. */
export function claim(value: unknown, pipeline: string, call?: Call): void {
  const kind = oneShot(value)
  if (kind === undefined) return
  if (used.has(value as object)) throw calledAt(new SourceUsed(pipeline, kind), call)
  used.add(value as object)
}
