/** How large a file is, and when it was last written: two files of different size need not be read to be told apart. */
import { lstat } from 'node:fs/promises'
import { defineActor } from 'millrace'
import type { Found } from './walk.ts'

export interface Measured {
  readonly path: Buffer
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Emits nothing for an empty file, nor for what has become something else than a file since it was found. */
export const measure = defineActor(
  'measure',
  import.meta,
  async ({ path, problem }: Found): Promise<Measured | undefined> => {
    if (problem !== undefined) throw problem
    const entry = await lstat(path)
    if (entry.isFile() && entry.size > 0) return { path, bytes: entry.size, modified: entry.mtimeMs }
  },
)
