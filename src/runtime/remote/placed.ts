/** Whoever writes a message does not know what it is about: whoever sent it does. */
import { ItemTooLarge } from '../../errors.ts'

/** The error, with the item that it is about and its stage. `isResult`: it was on its way back. */
export function placed(
  error: unknown,
  { pipeline, stage }: { readonly pipeline: string; readonly stage: string },
  sequence: number,
  isResult: boolean,
): unknown {
  if (!(error instanceof ItemTooLarge) || error.sequence !== undefined) return error
  return new ItemTooLarge(error.bytes, error.limit, { sequence, stage: `${pipeline}/${stage}`, isResult })
}
