/** workerpool: a task for each item, by the name of a method that its worker has registered. One task a worker is all it does. */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Pool } from './pool.ts'

export function workerPool(script: URL, handler: string, threads: number): Pool {
  const pool = workerpool.pool(fileURLToPath(script), {
    minWorkers: threads,
    maxWorkers: threads,
    workerType: 'thread',
  })
  return {
    run: item => pool.exec(handler, [item]) as unknown as PromiseLike<unknown>,
    close: async () => void (await pool.terminate(true)),
  }
}
