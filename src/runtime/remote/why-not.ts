/** What exactly cannot be cloned: an engine says that something in a message cannot, and the codec says where it is. */
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
