/**
 * How a frame lies in memory. Little-endian, packed: nothing is aligned, since a DataView is as fast without.
 *
 *     frame     segment segment …                            as many as its bytes hold; no header, no state from frame to frame
 *
 *     numbers   1 · count u32 · float64 × count
 *     strings   2 · count u32 · text at u32 · length u32 × count · text
 *     buffers   3 · count u32 · length u32 × count · bytes, one after the other
 *     records   4 · count u32 · text at u32 · shape · row × count · text
 *     values    5 · count u32 · value × count
 *
 *     shape     bytes u32 · keys u8 · (length u16 · ASCII, or UTF-16 if the length has `wideKey`) × keys · kind u8 × keys
 *     row       the fields of fixed size, one after the other · the values of kind `any`
 *     text      encoding u8 · bytes u32 · bytes              all strings of a segment in one: cut by their lengths, in UTF-16 units
 *     value     a tag, and what it says
 *
 * A decoder depends on nothing but the frame, and what was attached to it: writers may come, die and restart.
 */
import type { Buffer } from 'node:buffer'

export const segment = { numbers: 1, strings: 2, buffers: 3, records: 4, values: 5 } as const

/** Kind and count. */
export const headBytes = 5
/** Encoding and length. */
export const textHeadBytes = 5
/** A segment ends once its text is this long (UTF-16 units): whoever keeps one string of it keeps all of it. */
export const textUnits = 4_096

/** A string longer than this is written by itself: nobody should have to keep it for a short one beside it. */
export const longText = 2_048

export const encoding = { ascii: 0, utf8: 1, utf16: 2 } as const

/** The kinds of the fields of a record. */
export const field = { number: 0, boolean: 1, string: 2, any: 3 } as const
export const fieldBytes = [8, 1, 4, 0] as const

/** What a value begins with. From 64 on, short strings and small numbers are in the tag. */
export const tag = {
  absent: 0, // a hole, or a property that went while its object was read
  undefined: 1,
  null: 2,
  true: 3,
  false: 4,
  integer: 5, // zigzag
  double: 6,
  bigint: 7, // sign u8 · bytes · little-endian
  string: 8, // encoding u8 · bytes · …
  reference: 9, // to an object of the same item, by the order in which they are met
  array: 10, // length · values
  numbers: 11, // length · numbers u32 · float64 × numbers · values of the rest
  sparse: 12, // length · entries · (key, value) × entries
  record: 13, // shape of this frame · values
  newRecord: 14, // shape · values: it is the next shape of this frame
  object: 15, // entries · (key, value) × entries
  map: 16,
  set: 17,
  date: 18,
  regexp: 19,
  boxed: 20,
  arrayBuffer: 21,
  resizable: 22, // bytes · most · …
  view: 23, // type u8 · tracking u8 · offset · length · buffer
  bytes: 24, // a Uint8Array that is all of its buffer
  buffer: 25, // Node's
  error: 26, // prototype u8 · parts u8 · message? · stack? · cause?
  exception: 27, // a DOMException: message · name · stack
  attachment: 28, // index
  large: 29, // an ArrayBuffer whose bytes are in shared memory: segment · bytes
  largeBuffer: 30, // a Buffer that lies there: segment · bytes
  reduced: 31, // name · value
  segment: 32, // shared memory that a segment of it stands for: segment
  sharedBuffer: 33, // a Buffer over shared memory: offset · length · memory
  shortString: 64, // + length: ASCII
  smallInteger: 128, // + number
} as const

/** How deep values may be nested: about as deep as structured clone gets on the stack of a main thread. */
export const depthLimit = 1_000

/** What resizable buffers of one frame may grow to, together: to reserve it takes no memory, but addresses. */
export const reserveLimit = 2 ** 32

/** Keys that a shape may have, and a key characters: beyond, an object is written by its entries. */
export const shapeKeys = 64
export const keyUnits = 256
export const wideKey = 0x8000

export const errorTypes = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const
export const errorPart = { message: 1, stack: 2, cause: 4 } as const

export const viewTypes = [
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const

/** What Buffers have beside what is declared, in every version of Node: `write` and `toString` without a name to look up. */
export interface Bytes extends Buffer {
  utf8Write(text: string, at: number, most?: number): number
  ucs2Write(text: string, at: number, most?: number): number
  latin1Slice(from: number, to: number): string
  utf8Slice(from: number, to: number): string
  ucs2Slice(from: number, to: number): string
}

/** Whether objects are what they seem: else `for … in` and reading a hole show what lies in their prototypes. */
export function isPolluted(): boolean {
  for (const _ in Object.prototype) return true
  return false
}
