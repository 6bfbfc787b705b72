/** piscina: a task for each item, with the settings at which trivial tasks went fastest (tasks shared by a worker: twice as fast). */
import { Piscina } from 'piscina'
import type { Pool } from './pool.ts'

export function piscina(module: URL, handler: string, threads: number, concurrentTasksPerWorker: number): Pool {
  const pool = new Piscina({
    filename: module.href,
    name: handler,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker,
    recordTiming: false,
  })
  return { run: item => pool.run(item), close: () => pool.destroy() }
}
