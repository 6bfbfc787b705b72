/** The stages of this bench: functions of `kinds.ts` as actors, and those that only a pipeline has. */
import { defineActor } from '../../src/index.ts'
import { bufferOf, numberOf, perSeed, perSum } from './blocks.ts'
import { buffers, busy, flatRecords, type KindName, numbers, records, strings } from './kinds.ts'
import type { Message } from './messages.ts'
import { microseconds } from './time.ts'

/* ── through workers ── */
export const through = {
  numbers: defineActor('numbers', import.meta, numbers),
  buffers: defineActor('buffers', import.meta, buffers),
  strings: defineActor('strings', import.meta, strings),
  flatRecords: defineActor('flatRecords', import.meta, flatRecords),
  records: defineActor('records', import.meta, records),
} satisfies Record<KindName, unknown>
export const spin = defineActor('spin', import.meta, busy)

/* ── between two stages ── */
export const makeNumbers = defineActor('makeNumbers', import.meta, function* (seed: number) {
  for (let i = seed * perSeed, end = i + perSeed; i < end; i++) yield numberOf(i)
})
export const makeBuffers = defineActor('makeBuffers', import.meta, function* (seed: number) {
  for (let i = seed * perSeed, end = i + perSeed; i < end; i++) yield bufferOf(i)
})
/** It answers once for many, so that what leaves it is no work. A state would make it no plain stage. */
let seen = 0
let sum = 0
function add(value: number): number | undefined {
  sum = (sum + value * ((seen % perSum) + 1)) | 0
  if (++seen % perSum !== 0) return undefined
  const answer = sum
  sum = 0
  return answer
}
export const sumNumbers = defineActor('sumNumbers', import.meta, (item: number) => add(item))
export const sumBuffers = defineActor('sumBuffers', import.meta, (item: Uint8Array) =>
  add(item[0]! | (item[1]! << 8) | item[99]!),
)

/* ── one item alone ── */
export const stamp = defineActor('stamp', import.meta, (_: number) => microseconds())
export const sinceStamp = defineActor('sinceStamp', import.meta, (stamped: number) => microseconds() - stamped)

/* ── messages, and large buffers ── */
export const work = defineActor('work', import.meta, ({ message_type, message_value }: Message) => ({
  message_type,
  message_value: message_value + 1,
  processed: true,
}))
/** Looks at a word of each page, and writes one. */
export const look = defineActor('look', import.meta, (bytes: Uint8Array) => lookedAt(bytes))
export function lookedAt(bytes: Uint8Array): Uint8Array {
  let found = 0
  for (let at = 4_096; at < bytes.length; at += 4_096) found |= bytes[at]!
  bytes[1] = (bytes[0]! + 1 + found) & 255
  return bytes
}
