/**
 * A worker on a thread: messages are cloned by the engine.
 *
 * All messages of a thread have been heard when its `exit` is told (its `error` may overtake some), so that is the moment at
 * which it is known which calls will never be answered. Before the worker begins a call it stores its number in `begun`.
 */
import { Worker } from 'node:worker_threads'
import type { Line, LineEnd } from '../remote/line.ts'
import type { FromWorker, Order } from '../remote/protocol.ts'
import { execArgvOf } from './exec-argv.ts'

/** What a thread is given at its start. */
export interface ThreadOrder {
  readonly order: Order
  /** Number of the last call that was begun: written by the worker alone. */
  readonly begun: Int32Array
}

const entry = new URL('../../far/thread.js', import.meta.url)

export function openThread(order: Order, name: string, end: LineEnd): Line {
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const workerData: ThreadOrder = { order, begun }
  let isKilled = false
  const worker = new Worker(entry, { workerData, execArgv: execArgvOf(process.execArgv), name })
  worker.on('message', (message: FromWorker) => end.heard(message))
  worker.on('messageerror', error => end.failed(error))
  worker.on('error', error => end.failed(error))
  worker.on('exit', code => {
    const last = Atomics.load(begun, 0)
    end.ended({
      exitCode: isKilled ? undefined : code,
      signal: undefined,
      // Numbers are compared as they are stored: they wrap round.
      wasBegun: call => ((last - call) | 0) >= 0,
    })
  })
  return {
    send: message => worker.postMessage(message),
    hold: isHeld => (isHeld ? worker.ref() : worker.unref()),
    kill: () => {
      isKilled = true
      void worker.terminate()
    },
  }
}
