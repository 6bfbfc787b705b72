/** Where and on what a figure was measured; without this it means nothing. */
import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

export interface Machine {
  readonly node: string
  readonly v8: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** Load average over the last minute, when the bench began. */
  readonly load: number
  /** Undefined outside a repository; ends with `+` when files differ from the commit. */
  readonly commit: string | undefined
  readonly gcExposed: boolean
  readonly at: string
}

export function machine(): Machine {
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    commit: commit(),
    gcExposed: globalThis.gc !== undefined,
    at: new Date().toISOString(),
  }
}

function commit(): string | undefined {
  try {
    const head = git('rev-parse', '--short=12', 'HEAD')
    return git('status', '--porcelain') === '' ? head : `${head}+`
  } catch {
    return undefined
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
