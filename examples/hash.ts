/** An actor in a module of its own: `import.meta` says where it lives, so that it may travel. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { defineActor } from 'millrace'

export const hash = defineActor('hash', import.meta, async (path: string) => {
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { path, digest }
})
