/** Items through frames and out again, as between two threads: the memory is written over as soon as a frame was read. */
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'

export interface Trip {
  readonly encoder?: FrameEncoder
  readonly decoder?: FrameDecoder
  /** Bytes that a frame may take. */
  readonly limit?: number
  readonly offset?: number
}

const memory = Buffer.from(new SharedArrayBuffer(1 << 20))

export function trip(items: readonly unknown[], how: Trip = {}): unknown[] {
  const { encoder = new FrameEncoder({ attach: true }), decoder = new FrameDecoder() } = how
  const { limit = 1 << 19, offset = 0 } = how
  const out: unknown[] = []
  for (let at = 0; at < items.length; ) {
    const { taken, bytes, spilled, attachments, needed } = encoder.encode(
      items,
      at,
      items.length,
      memory,
      offset,
      limit,
    )
    if (taken > 0) {
      if (bytes > limit) throw new Error(`a frame of ${bytes} bytes, where ${limit} were allowed`)
      const read = decoder.decode(memory, offset, bytes, out, attachments)
      if (read !== taken) throw new Error(`${read} items of ${taken} arrived`)
      memory.fill(0xff, offset, offset + bytes)
      at += taken
    } else {
      if (spilled === undefined || needed < spilled.length) throw new Error('nothing was taken, and nothing said')
      decoder.decode(spilled, 0, spilled.length, out, attachments)
      spilled.fill(0xff)
      at++
    }
  }
  return out
}

/** One value, in a frame of its own. */
export function one(value: unknown, how?: Trip): any {
  return trip([value], how)[0]
}
