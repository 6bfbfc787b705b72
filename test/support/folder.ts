/** A folder for one test, gone after it. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace '))
  try {
    await test(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Which files below `folder` this process has open; undefined where the system does not say. */
export function openFiles(folder: string): string[] | undefined {
  try {
    return readdirSync('/proc/self/fd').flatMap(fd => {
      try {
        const path = readlinkSync(`/proc/self/fd/${fd}`)
        return path.startsWith(folder) ? [path] : []
      } catch {
        return []
      }
    })
  } catch {
    return undefined
  }
}
