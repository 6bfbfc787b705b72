/** Writes objects of the language and of Node: those whose data are not in their properties. */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { type Kind, nameOf } from './built-ins.ts'
import { errorPart, errorTypes, tag, viewTypes } from './format.ts'
import { Refusal } from './refusal.ts'
import type { ValueWriter } from './value-writer.ts'

export function writeBuiltIn(out: ValueWriter, value: object, kind: Kind): void {
  switch (kind) {
    case 'view':
      return Buffer.isBuffer(value) ? writeBuffer(out, value) : writeView(out, value as DataView)
    case 'arrayBuffer':
      return writeArrayBuffer(out, value as ArrayBuffer)
    case 'date':
      out.tag(tag.date)
      return out.double(Date.prototype.getTime.call(value))
    case 'map':
      return writeMap(out, value as Map<unknown, unknown>)
    case 'set':
      return writeSet(out, value as Set<unknown>)
    case 'error':
      return writeError(out, value as Error)
    case 'regexp':
      out.tag(tag.regexp)
      out.string(String(source.call(value)))
      return out.string(String(flags.call(value)))
    case 'boxed':
      if (types.isSymbolObject(value)) throw new Refusal(value, 'a symbol', 'send a string')
      out.tag(tag.boxed)
      return out.value(value.valueOf())
    case 'exception': {
      const { message, name, stack } = value as DOMException & { stack?: unknown }
      out.tag(tag.exception)
      out.string(message)
      out.string(name)
      return out.value(typeof stack === 'string' ? stack : undefined)
    }
    case 'sharedArrayBuffer':
      return out.sharedMemory(value as SharedArrayBuffer)
    case 'cloned':
    case 'moved':
      return out.attach(value, nameOf(value), kind === 'moved')
    default:
      throw refused(value)
  }
}

const accessor = (prototype: object, name: PropertyKey) => Object.getOwnPropertyDescriptor(prototype, name)!.get!
const source = accessor(RegExp.prototype, 'source')
const flags = accessor(RegExp.prototype, 'flags')
const typeName = accessor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
const isShared = types.isSharedArrayBuffer

/** A copy of what it holds now: a getter may change it while it is written. */
function writeMap(out: ValueWriter, value: Map<unknown, unknown>): void {
  const entries: unknown[] = []
  Map.prototype.forEach.call(value, (entry, key) => entries.push(key, entry))
  out.tag(tag.map)
  out.varint(entries.length / 2)
  for (const each of entries) out.value(each)
}

function writeSet(out: ValueWriter, value: Set<unknown>): void {
  const members: unknown[] = []
  Set.prototype.forEach.call(value, member => members.push(member))
  out.tag(tag.set)
  out.varint(members.length)
  for (const each of members) out.value(each)
}

/** What structured clone keeps: the prototype that belongs to its name, message, stack and cause. */
function writeError(out: ValueWriter, value: Error): void {
  const name = String(value.name)
  const type = errorTypes.findIndex(each => each.name === name)
  const message = Object.getOwnPropertyDescriptor(value, 'message')
  const hasMessage = message !== undefined && 'value' in message
  const cause = Object.getOwnPropertyDescriptor(value, 'cause')
  const hasCause = cause !== undefined && 'value' in cause
  const text = hasMessage ? String(message.value) : ''
  const stack: unknown = value.stack
  const hasStack = typeof stack === 'string'
  out.tag(tag.error)
  out.tag(Math.max(type, 0))
  out.tag((hasMessage ? errorPart.message : 0) | (hasStack ? errorPart.stack : 0) | (hasCause ? errorPart.cause : 0))
  if (hasMessage) out.string(text)
  if (hasStack) out.string(stack)
  if (hasCause) out.value(cause.value)
}

/**
 * A Buffer of Node is the bytes in it, and stays a Buffer: most are cut from a pool, which holds what belongs to others.
 * Structured clone makes it a plain array, and sends the pool with it.
 */
function writeBuffer(out: ValueWriter, value: Buffer): void {
  const { buffer } = value
  if (value.length === 0) refuseDetached(value, buffer)
  if (isShared(buffer) && staysShared(out, value, buffer)) {
    out.refer(buffer, value.length)
    out.tag(tag.sharedBuffer)
    out.varint(value.byteOffset)
    out.varint(value.length)
    return out.object(buffer)
  }
  if (out.keep(value, tag.largeBuffer)) return
  out.tag(tag.buffer)
  out.varint(value.length)
  out.raw(value)
}

/** A few bytes of a large segment are copied: they would keep all of it from others. */
function staysShared(out: ValueWriter, value: Buffer, memory: SharedArrayBuffer): boolean {
  return out.segmentOf(memory) === undefined ? out.mayShare(memory) : value.length >= out.largeFrom
}

function writeArrayBuffer(
  out: ValueWriter,
  value: ArrayBuffer & { resizable?: boolean; maxByteLength?: number },
): void {
  const { byteLength, resizable = false, maxByteLength = byteLength } = value
  if (byteLength === 0) refuseDetached(value, value)
  const bytes = new Uint8Array(value)
  if (!resizable && out.keep(bytes, tag.large)) return
  out.tag(resizable ? tag.resizable : tag.arrayBuffer)
  out.varint(byteLength)
  if (resizable) out.varint(maxByteLength)
  out.raw(bytes)
}

function writeView(out: ValueWriter, value: DataView | Uint8Array): void {
  const name = (typeName.call(value) as string | undefined) ?? 'DataView'
  const type = viewTypes.indexOf(name as (typeof viewTypes)[number])
  if (type < 0) throw new Refusal(value, `a ${name}`, 'send a typed array of another type')
  const { buffer } = value as { buffer: ArrayBuffer & { resizable?: boolean; growable?: boolean } }
  const size = sizeOf(value)
  if (size === 0) refuseDetached(value, buffer)
  const { byteOffset } = value
  const mayTrack = buffer.resizable === true && byteOffset + value.byteLength > buffer.byteLength - 8
  // What grows under other eyes cannot be tried out: the view itself goes by the port.
  if (buffer.growable === true) return out.attach(value, name, false)
  if (
    name === 'Uint8Array' &&
    size === buffer.byteLength &&
    !buffer.resizable &&
    !isShared(buffer) &&
    !out.hasSeen(buffer)
  ) {
    const bytes = value as Uint8Array
    if (size < out.largeFrom) {
      out.tag(tag.bytes)
      out.varint(size)
      out.raw(bytes)
      return out.meet(buffer)
    }
  }
  out.refer(buffer, value.byteLength)
  out.tag(tag.view)
  out.tag(type)
  out.tag(mayTrack && isTracking(value) ? 1 : 0)
  out.varint(byteOffset)
  out.varint(size)
  out.object(buffer)
}

/** Elements, or the bytes of a DataView. */
function sizeOf(value: DataView | Uint8Array): number {
  try {
    return 'length' in value ? value.length : value.byteLength
  } catch {
    throw outOfBounds(value)
  }
}

function refuseDetached(value: ArrayBufferView | ArrayBuffer, buffer: ArrayBufferLike): void {
  try {
    new Uint8Array(buffer)
  } catch {
    throw new Refusal(
      value,
      'a buffer whose memory was handed over to somebody else (detached)',
      'send it before it is transferred, or a copy',
    )
  }
  try {
    if (types.isTypedArray(value)) Uint8Array.prototype.values.call(value as Uint8Array)
  } catch {
    throw outOfBounds(value)
  }
}

function outOfBounds(value: unknown): Refusal {
  return new Refusal(value, 'a view that reaches beyond its resized buffer', 'make a new view of the buffer')
}

/** Whether a view follows the length of its buffer, which nothing says: a copy of it is tried out. */
function isTracking(value: DataView | Uint8Array): boolean {
  type Resizable = ArrayBuffer & { maxByteLength: number; resize(bytes: number): void }
  const copy = structuredClone(value)
  const { byteOffset, byteLength } = copy
  const buffer = copy.buffer as Resizable
  const size = 'BYTES_PER_ELEMENT' in copy ? copy.BYTES_PER_ELEMENT : 1
  if (buffer.byteLength + size <= buffer.maxByteLength) {
    buffer.resize(buffer.byteLength + size)
    return copy.byteLength !== byteLength
  }
  if (byteLength < 2 * size) return false // it can neither grow nor be cut to something
  buffer.resize(byteOffset + size)
  try {
    return copy.byteLength === size
  } catch {
    return false
  }
}

function refused(value: object): Refusal {
  const name = nameOf(value)
  const what = name === 'Proxy' ? 'a Proxy of something else than data' : `a ${name}`
  if (name === 'Promise') return new Refusal(value, what, 'await it, and send what it gives')
  if (name === 'Proxy') return new Refusal(value, what, 'send the object behind it, or a copy')
  if (name === 'URL' || name === 'URLSearchParams') return new Refusal(value, what, 'send it as a string')
  return new Refusal(value, what, 'send the data in it, as plain values')
}
