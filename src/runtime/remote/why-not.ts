/** What exactly of a value cannot be sent, where it was part of a message that could not. */
import { FrameEncoder } from '../../codec/frame-encoder.ts'
import { NotCloneable } from '../../errors.ts'

const scratch = Buffer.alloc(1_024)

/** The error that `error`, thrown for a message with this item, should have been. */
export function whyNot(item: unknown, error: unknown): unknown {
  try {
    new FrameEncoder({ attach: true }).encode([item], 0, 1, scratch, 0, scratch.length)
    return error
  } catch (refusal) {
    return refusal instanceof NotCloneable ? refusal : error
  }
}
