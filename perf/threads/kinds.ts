/**
 * What flows, and what is done to it: as trivial as can be, so that what is measured is the way there and back.
 *
 * Pools load this module in their workers, so it imports nothing of millrace. The actors made of it are in `actors.ts`.
 */
export interface Kind<T = any> {
  readonly make: (i: number) => T
  readonly handle: (item: T) => T
  /** The whole number by which a result is known. */
  readonly value: (result: T) => number
}

export interface FlatRecord {
  readonly a: number
  readonly b: number
  readonly c: number
}
export interface Order {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly tags: readonly string[]
  readonly prices: readonly number[]
}

const text = (i: number, length: number) =>
  Buffer.from(`${i} `.padEnd(length, 'the quick brown fox ')).toString('latin1', 0, length)

/** With memory of its own: a port clones all of what a buffer is a part of. */
function bytes(i: number): Buffer {
  const buffer = Buffer.alloc(100, i)
  buffer.writeUInt32LE(i)
  return buffer
}

export function numbers(item: number): number {
  return item + 1
}
export function buffers(item: Uint8Array): Uint8Array {
  item[4] = item[4]! ^ 1
  return item
}
export function strings(item: string): string {
  return item
}
export function flatRecords({ a, b, c }: FlatRecord): FlatRecord {
  return { a: a + 1, b, c }
}
export function records({ id, name, email, tags, prices }: Order): Order {
  return { id: id + 1, name, email, tags, prices }
}

export const kinds = {
  numbers: { make: i => i * 1.5, handle: numbers, value: n => n * 2 } satisfies Kind<number>,
  buffers: {
    make: bytes,
    handle: buffers,
    value: b => (b[0]! | (b[1]! << 8)) + b[4]! + b[99]! + b.length,
  } satisfies Kind<Uint8Array>,
  strings: {
    make: i => text(i, 100),
    handle: strings,
    value: s => s.charCodeAt(0) + 31 * s.charCodeAt(1) + 961 * s.charCodeAt(2) + s.length,
  } satisfies Kind<string>,
  flatRecords: {
    make: i => ({ a: i, b: i * 1.5, c: -i }),
    handle: flatRecords,
    value: r => r.a - 2 * r.c + r.b * 2,
  } satisfies Kind<FlatRecord>,
  records: {
    make: i => ({
      id: i,
      name: text(i, 12),
      email: text(i, 24),
      tags: ['red', 'green', text(i, 8)],
      prices: [i, i * 1.5, 3],
    }),
    handle: records,
    value: r => r.id + r.email.length + r.tags[2]!.charCodeAt(0) + r.prices[1]! * 2,
  } satisfies Kind<Order>,
}
export type KindName = keyof typeof kinds

/** Items go round in as many as these, so that none is made while the clock runs. */
export const lap = 4_096

/** The answer to each, and whether a result is that, place by place. */
export interface Answers {
  readonly items: readonly unknown[]
  readonly values: readonly number[]
  readonly value: (result: any) => number
}

export function answersOf(name: KindName): Answers {
  const kind: Kind = kinds[name]
  const items = Array.from({ length: lap }, (_, i) => kind.make(i))
  const values = items.map(item => kind.value(kind.handle(structuredClone(item))))
  return { items, values, value: kind.value }
}

/** Some CPU, the same for the same count on the same machine: it asks no clock. */
export function busy(count: number): number {
  let state = count | 1
  for (let i = 0; i < count; i++) state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
  return state
}
