/** The property of the codec: what arrives is what structured clone would have brought, item by item. */
import * as fc from 'fast-check'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import { difference } from './difference.ts'
import { trip } from './trip.ts'
import { items } from './values.ts'

// They have seen the frames of all cases before: what an encoder has learned must never show.
const encoder = new FrameEncoder()
const decoder = new FrameDecoder()

export const carries = fc.property(
  items,
  fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 200, max: 20_000 })),
  fc.nat(7),
  fc.boolean(),
  (sent, limit, offset, isFresh) => {
    const expected = cloned(sent)
    fc.pre(expected !== undefined)
    const arrived = trip(sent, isFresh ? { limit, offset } : { limit, offset, encoder, decoder })
    if (arrived.length !== sent.length) throw new Error(`${arrived.length} items of ${sent.length}`)
    for (let i = 0; i < sent.length; i++) {
      const found = difference(arrived[i], expected[i])
      if (found) throw new Error(`item ${i}: ${found}`)
    }
  },
)

/** Undefined where structured clone cannot: on Node 20, of an error that is in its own cause. */
function cloned(sent: readonly unknown[]): unknown[] | undefined {
  try {
    return sent.map(item => structuredClone(item))
  } catch {
    return undefined
  }
}
