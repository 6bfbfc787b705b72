/**
 * Every regular file below a folder, as it is met.
 *
 * A name on disk is a row of bytes, and need not be text. So names stay bytes all the way to the report: that is the only
 * form in which no two of them are the same by mistake, and in which every one of them can be opened again.
 */
import { readdir } from 'node:fs/promises'

/** Where a file is; or where a folder is that would not open, and why. */
export interface Found {
  readonly path: Buffer
  readonly problem?: unknown
}

/**
 * Goes through `root` and all folders below it, and follows no link.
 *
 * A folder that cannot be listed is handed on with its problem: thrown from a source, it would end the run.
 */
export async function* walk(root: string): AsyncGenerator<Found> {
  const folders: Buffer[] = [Buffer.from(root)]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    try {
      for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
        const path = join(folder, entry.name)
        if (entry.isDirectory()) folders.push(path)
        else if (entry.isFile()) yield { path }
      }
    } catch (problem) {
      yield { path: folder, problem }
    }
  }
}

const slash = Buffer.from('/')

/** What `find` prints: the folder as it was written, one slash, the name. */
function join(folder: Buffer, name: Buffer): Buffer {
  return folder.at(-1) === slash[0] ? Buffer.concat([folder, name]) : Buffer.concat([folder, slash, name])
}
