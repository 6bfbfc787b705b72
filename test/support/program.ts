/**
 * A program in a process of its own: for what ends a process, or is told to one alone (an unhandled rejection).
 *
 * `pipeline` and `turn` are in reach; what the program prints is what it has found out.
 */
import { execFile } from 'node:child_process'
import { patiently } from './within.ts'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const index = new URL('../../src/index.js', import.meta.url).href

export function program(text: string): Promise<Ended> {
  const prelude = `
    import { pipeline } from ${JSON.stringify(index)}
    import { setImmediate as turn } from 'node:timers/promises'
    const found = { rejections: 0, exceptions: 0 }
    process.on('unhandledRejection', () => { found.rejections++ })
    process.on('uncaughtException', () => { found.exceptions++ })
    process.on('exit', () => console.log(JSON.stringify(found)))
  `
  return new Promise(resolve => {
    const args = ['--input-type=module', '--eval', prelude + text]
    execFile(process.execPath, args, { timeout: patiently(20_000) }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}
