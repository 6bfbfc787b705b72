/** tinypool: a task for each item. Tasks shared by a worker need its port: its atomics look at one task at a time. */
import { Tinypool } from 'tinypool'
import type { Pool } from './pool.ts'

export function tinypool(module: URL, handler: string, threads: number, concurrentTasksPerWorker: number): Pool {
  const pool = new Tinypool({
    filename: module.href,
    name: handler,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker,
    isolateWorkers: false,
  })
  return { run: item => pool.run(item), close: () => pool.destroy() }
}
