/** `postMessage` by hand: arrays of 256, to so many threads by turns, and back in that order. */
import { Worker } from 'node:worker_threads'

export interface Batches {
  /** Resolves when all results have been handed to `sink`. */
  run(count: number, sink: (result: unknown) => void): Promise<void>
  close(): Promise<unknown>
}

const batch = 256
/** On their way to each thread and back, so that none of them waits. */
const ahead = 4

/** `worker` answers each array with another one. `items` go round. */
export function batches(worker: URL, handler: string, threads: number, items: readonly unknown[]): Batches {
  const workers = Array.from({ length: threads }, () => new Worker(worker, { workerData: { handler } }))
  return {
    run: (count, sink) =>
      new Promise((resolve, reject) => {
        const waiting = workers.map(() => [] as unknown[][])
        let sent = 0
        let sentBatches = 0
        let read = 0
        let readBatches = 0
        const send = () => {
          if (sent === count) return
          const from = sent % items.length
          const array = items.slice(from, Math.min(from + batch, from + count - sent))
          sent += array.length
          workers[sentBatches++ % threads]!.postMessage(array)
        }
        workers.forEach((worker, index) => {
          worker.removeAllListeners()
          worker.once('error', reject)
          worker.on('message', (results: unknown[]) => {
            waiting[index]!.push(results)
            for (;;) {
              const next = waiting[readBatches % threads]!.shift()
              if (!next) break
              try {
                for (const result of next) sink(result)
              } catch (error) {
                return reject(error)
              }
              read += next.length
              readBatches++
              send()
            }
            if (read === count) resolve()
          })
        })
        for (let i = 0; i < threads * ahead; i++) send()
      }),
    close: () => Promise.all(workers.map(worker => worker.terminate())),
  }
}
