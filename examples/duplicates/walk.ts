/**
 * Every regular file below a folder, as it is met.
 *
 * A name on disk is a row of bytes, and need not be text. So names stay bytes all the way to the report: that is the only
 * form in which no two of them are the same by mistake, and in which every one of them can be opened again.
 */
import { directory } from 'millrace/actors'

/** Where a file is; or where something is that cannot be read, such as a folder that does not open, and why. */
export interface Found {
  readonly path: Buffer
  readonly problem?: unknown
}

/**
 * Goes through `root` and all folders below it, and follows no link.
 *
 * Sizes are for the next stage to ask for, many at a time.
 */
export async function* walk(root: string): AsyncGenerator<Found> {
  const entries = directory(root, { encoding: 'buffer', stat: false })
  for await (const { path, error } of entries()) yield { path, problem: error }
}
