/** The first module of a worker's thread. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ToWorker } from '../runtime/remote/protocol.ts'
import type { ThreadOrder } from '../runtime/threads/thread.ts'
import { work } from './work.ts'

const port = parentPort!
const { order, begun } = workerData as ThreadOrder

await work(order, {
  tell: message => port.postMessage(message),
  hear: heard => void port.on('message', (message: ToWorker) => heard(message)),
  begins: call => void Atomics.store(begun, 0, call | 0),
  // What else the actor has begun has no say in when it ends.
  end: code => process.exit(code),
})
