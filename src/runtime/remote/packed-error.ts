/**
 * Errors that travel: structured clone drops the class, the code and all properties of an error, so they are taken apart
 * here, by whoever throws, and put together again by whoever is told.
 *
 *     pack ─▶ { name, message, stack, properties, cause, errors } ─▶ unpack ─▶ an error of the class that it had
 *
 * Anything can be thrown, and any getter may throw again: what cannot be read, or cloned, is left out, or told as text.
 * Classes are revived without calling their constructors, which may want anything.
 */
import { inspect } from 'node:util'
import { FrameEncoder } from '../../codec/frame-encoder.ts'
import * as ours from '../../errors.ts'

export type PackedError =
  /** A value that is no error, as it is; where it cannot be cloned, as text. */
  | { readonly is: 'value'; readonly value: unknown }
  | {
      readonly is: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      readonly className: string
      readonly properties: ReadonlyMap<string, unknown>
      readonly cause?: PackedError
      readonly errors?: readonly PackedError[]
    }

export type ErrorClass = abstract new (...args: any) => Error

const deepest = 8 // causes of causes
const most = 16 // of the errors of one
const inAll = 64 // of one and all that is in it, which may be itself
const longest = 65_536 // characters of a message or a stack
const scratch = Buffer.alloc(1_024)

/** Never throws. */
export function pack(error: unknown, depth = 0, room = { left: inAll }): PackedError {
  room.left--
  try {
    if (isError(error)) return packError(error, depth, room)
  } catch {}
  return { is: 'value', value: clonable(error) ? error : text(error) }
}

function packError(error: Error, depth: number, room: { left: number }): PackedError {
  const goesOn = () => depth < deepest && room.left > 0
  const read = (name: string): unknown => {
    try {
      return (error as unknown as Record<string, unknown>)[name]
    } catch {
      return undefined
    }
  }
  const properties = new Map<string, unknown>()
  for (const name of Object.keys(error)) {
    if (name === 'cause' || name === 'errors' || name === 'stack' || name === 'message') continue
    const value = read(name)
    if (value === undefined || name === 'name') continue
    if (clonable(value)) properties.set(name, value)
    else if (isError(value)) properties.set(name, text(value))
  }
  // A DOMException keeps its code in a getter.
  const code = read('code')
  if (code !== undefined && !properties.has('code') && clonable(code)) properties.set('code', code)
  const cause = read('cause')
  const errors = read('errors')
  const stack = read('stack')
  const message = read('message')
  return {
    is: 'error',
    name: short(read('name'), 'Error'),
    message: short(message, ''),
    stack: typeof stack === 'string' ? stack.slice(0, longest) : undefined,
    className: classNameOf(error),
    properties,
    ...(cause !== undefined && goesOn() && { cause: pack(cause, depth + 1, room) }),
    ...(Array.isArray(errors) &&
      goesOn() && { errors: errors.slice(0, most).flatMap(each => (goesOn() ? [pack(each, depth + 1, room)] : [])) }),
  }
}

/** `classes`: those that errors of this actor may have, by name. */
export function unpack(packed: PackedError, classes: (name: string) => ErrorClass | undefined): unknown {
  if (packed.is === 'value') return packed.value
  const { name, message, stack, className, properties } = packed
  const known = classes(className) ?? builtIn(className) ?? builtIn(name) ?? Error
  const error = made(known, packed) as Error & Record<string, unknown>
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
  hidden('stack', stack ?? `${name}: ${message}`)
  for (const [key, value] of properties) {
    if (key in error && known === (DOMException as unknown)) continue
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: true })
  }
  if (packed.cause) hidden('cause', unpack(packed.cause, classes))
  if (packed.errors) {
    hidden(
      'errors',
      packed.errors.map(each => unpack(each, classes)),
    )
  }
  return error
}

function made(known: ErrorClass, { name, message }: PackedError & { is: 'error' }): Error {
  // The parts of this one are hidden in it, and its constructor is known.
  if ((known as unknown) === DOMException) return new DOMException(message, name)
  const error = Object.create(known.prototype)
  Object.defineProperty(error, 'message', { value: message, configurable: true, writable: true, enumerable: false })
  if (nameOf(error) !== name) {
    Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true, enumerable: false })
  }
  return error
}

/** A getter may want what only its constructor makes. */
function nameOf(error: Error): unknown {
  try {
    return error.name
  } catch {
    return undefined
  }
}

function builtIn(name: string): ErrorClass | undefined {
  const found = (ours as Record<string, unknown>)[name] ?? (globalThis as Record<string, unknown>)[name]
  return typeof found === 'function' && found.prototype instanceof Error ? (found as ErrorClass) : undefined
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function classNameOf(error: Error): string {
  try {
    return short(error.constructor?.name, 'Error')
  } catch {
    return 'Error'
  }
}

function short(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value.slice(0, longest) : otherwise
}

function clonable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && typeof value !== 'symbol'
  try {
    // The strictest of all that carry errors: then one that arrives from a thread arrives from a process.
    new FrameEncoder().encode([value], 0, 1, scratch, 0, scratch.length)
    return true
  } catch {
    return false
  }
}

function text(value: unknown): string {
  try {
    return inspect(value, { depth: 1 }).slice(0, longest)
  } catch {
    return `a ${typeof value} that cannot be shown`
  }
}
