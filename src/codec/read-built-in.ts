/** Makes objects of the language and of Node again. */
import { Buffer } from 'node:buffer'
import { Corrupt } from './corrupt.ts'
import { errorPart, errorTypes, tag, viewTypes } from './format.ts'
import type { ValueReader } from './value-reader.ts'

export function readBuiltIn(source: ValueReader, what: number): unknown {
  switch (what) {
    case tag.buffer: {
      const place = source.reserve()
      // `copyBytesFrom` and `from` take from the pool; that is what Buffers are.
      return source.fill(place, Buffer.from(source.raw(source.count())))
    }
    case tag.bytes: {
      const place = source.reserve()
      const bytes = new Uint8Array(source.raw(source.count()))
      source.fill(place, bytes)
      source.meet(bytes.buffer)
      return bytes
    }
    case tag.date: {
      const place = source.reserve()
      return source.fill(place, new Date(source.double()))
    }
    case tag.map: {
      const map = source.meet(new Map())
      for (let left = source.count(); left > 0; left--) map.set(source.value(), source.value())
      return map
    }
    case tag.set: {
      const set = source.meet(new Set())
      for (let left = source.count(); left > 0; left--) set.add(source.value())
      return set
    }
    case tag.arrayBuffer: {
      const place = source.reserve()
      return source.fill(place, new Uint8Array(source.raw(source.count())).buffer)
    }
    case tag.view:
      return readView(source)
    case tag.error:
      return readError(source)
    case tag.regexp: {
      const place = source.reserve()
      const pattern = source.string()
      return source.fill(
        place,
        made(() => new RegExp(pattern, source.string()), 'a regular expression'),
      )
    }
    case tag.boxed: {
      const place = source.reserve()
      const value = source.value()
      if (!boxed.includes(typeof value)) throw new Corrupt('a boxed primitive is none')
      return source.fill(place, Object(value))
    }
    case tag.resizable:
      return readResizable(source)
    case tag.exception: {
      const place = source.reserve()
      const exception = new DOMException(source.string(), source.string())
      const value = source.value()
      Object.defineProperty(exception, 'stack', { value, writable: true, enumerable: false, configurable: true })
      return source.fill(place, exception)
    }
    case tag.attachment: {
      const place = source.reserve()
      const index = source.varint()
      if (index >= source.attachments.length) throw new Corrupt('something was attached that did not come')
      return source.fill(place, source.attachments[index])
    }
    case tag.large:
    case tag.largeBuffer: {
      const place = source.reserve()
      const segment = source.varint()
      const length = source.varint()
      const { at, bytes, shared } = extentOf(source, segment)
      if (length > bytes) throw new Corrupt('a large buffer is longer than where it lies')
      if (what === tag.large) return source.fill(place, new Uint8Array(shared.bytes.subarray(at, at + length)).buffer)
      return source.fill(place, Buffer.from(shared.lease(segment) as unknown as ArrayBuffer, at, length))
    }
    case tag.segment: {
      const place = source.reserve()
      const segment = source.varint()
      return source.fill(place, extentOf(source, segment).shared.lease(segment))
    }
    case tag.sharedBuffer: {
      const place = source.reserve()
      const offset = source.varint()
      const length = source.varint()
      const memory = source.value()
      if (!(memory instanceof SharedArrayBuffer)) throw new Corrupt('a Buffer is of no shared memory')
      const buffer = made(() => Buffer.from(memory as unknown as ArrayBuffer, offset, length), 'a Buffer')
      return source.fill(place, buffer)
    }
    case tag.reduced: {
      const place = source.reserve()
      const { revive } = source.options
      if (revive === undefined) throw new Corrupt('it has objects of classes that nobody knows')
      const name = source.string()
      return source.fill(place, revive(name, source.value()))
    }
    default:
      throw new Corrupt(`${what} is the tag of nothing`)
  }
}

function extentOf(source: ValueReader, segment: number) {
  const { shared } = source.options
  if (shared === undefined) throw new Corrupt('it has large buffers elsewhere, and nobody knows where')
  const extent = shared.extent(segment)
  if (extent === undefined) throw new Corrupt('a large buffer lies nowhere')
  return { ...extent, shared }
}

const boxed: readonly string[] = ['number', 'string', 'boolean', 'bigint']

type View = new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView

function readView(source: ValueReader): ArrayBufferView {
  const place = source.reserve()
  const name = viewTypes[source.byte()]
  const type = name && ((globalThis as unknown as Record<string, unknown>)[name] as View | undefined)
  if (type === undefined) throw new Corrupt('a view is of no type known here')
  const isTracking = source.byte() === 1
  const offset = source.varint()
  const length = source.varint()
  const buffer = source.value()
  if (!(buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer))
    throw new Corrupt('a view is of no buffer')
  const view = made(() => (isTracking ? tracking(type, buffer, offset) : new type(buffer, offset, length)), 'a view')
  return source.fill(place, view)
}

/** A view that follows its buffer. Where no whole number of elements fits, Node 20 makes none: so it is made of less. */
function tracking(
  type: View & { BYTES_PER_ELEMENT?: number },
  buffer: ArrayBufferLike,
  offset: number,
): ArrayBufferView {
  const { byteLength } = buffer
  const rest = (byteLength - offset) % (type.BYTES_PER_ELEMENT ?? 1)
  if (!(rest > 0)) return new type(buffer, offset)
  const resizable = buffer as ArrayBuffer & { resize(bytes: number): void }
  const tail = new Uint8Array(buffer.slice(byteLength - rest))
  resizable.resize(byteLength - rest)
  const view = new type(buffer, offset)
  resizable.resize(byteLength)
  new Uint8Array(buffer).set(tail, byteLength - rest)
  return view
}

function readResizable(source: ValueReader): ArrayBuffer {
  const place = source.reserve()
  const length = source.varint()
  const maxByteLength = source.varint()
  const bytes = source.raw(length)
  source.reserveBytes(maxByteLength)
  type Resizable = new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer
  const buffer = made(() => new (ArrayBuffer as unknown as Resizable)(length, { maxByteLength }), 'a buffer')
  new Uint8Array(buffer).set(bytes)
  return source.fill(place, buffer)
}

/** An error without a stack of its own: where it is read says nothing. */
function readError(source: ValueReader): Error {
  const type = errorTypes[source.byte()]
  const parts = source.byte()
  if (type === undefined || parts > 7) throw new Corrupt('an error is of no type')
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error = source.meet(new type())
  Error.stackTraceLimit = stackTraceLimit
  const hidden = { writable: true, enumerable: false, configurable: true }
  const message = parts & errorPart.message ? source.string() : undefined
  error.stack = (parts & errorPart.stack ? source.string() : undefined) as string
  if (message !== undefined) Object.defineProperty(error, 'message', { ...hidden, value: message })
  if (parts & errorPart.cause) Object.defineProperty(error, 'cause', { ...hidden, value: source.value() })
  return error
}

/** What bytes ask for, and V8 may refuse. */
function made<T>(make: () => T, what: string): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof Corrupt) throw error
    throw new Corrupt(`${what} cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  }
}
