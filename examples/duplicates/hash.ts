/** The SHA-256 of a file, read piece by piece: a worker holds one piece, however large the file is. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { defineActor } from 'millrace'
import type { FoundFile } from 'millrace/actors'

export interface Hashed {
  readonly path: Buffer
  readonly size: number
  readonly sha256: string
}

/** A file that was written to after it was found: its hash would be that of no file. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged'

  constructor() {
    super('changed while it was being looked at')
  }
}

const pieceBytes = 256 * 1024

// A link or a pipe may have taken the file's place since it was found: follow neither, and wait for neither.
// (Windows has no such flags.)
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

export const hash = defineActor(
  'hash',
  import.meta,
  async ({ path, size, modified }: FoundFile<Buffer>, { signal }): Promise<Hashed> => {
    const file = await open(path, readOnly)
    try {
      const sha256 = createHash('sha256')
      const piece = Buffer.allocUnsafe(Math.min(size, pieceBytes))
      let done = 0
      while (done < size) {
        signal.throwIfAborted()
        const { bytesRead } = await file.read(piece)
        if (bytesRead === 0) break
        sha256.update(piece.subarray(0, bytesRead))
        done += bytesRead
      }
      const now = await file.stat()
      if (done !== size || now.size !== size || now.mtimeMs !== modified) throw new FileChanged()
      return { path, size, sha256: sha256.digest('hex') }
    } finally {
      await file.close()
    }
  },
)
