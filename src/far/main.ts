/**
 * The first module of a worker's thread: finds what it is to run, sets it up, and handles what it is sent.
 *
 *     load the module ─▶ its definition of that name ─▶ setup ─▶ ready ─▶ mailbox … stop
 *        └ as soon as it has loaded, or got to a `run()`, whichever comes first
 */
import { parentPort, workerData } from 'node:worker_threads'
import { pack } from '../runtime/threads/packed-error.ts'
import type { FromWorker, Order, ToWorker } from '../runtime/threads/protocol.ts'
import { bodyOf } from './body.ts'
import { Mailbox } from './mailbox.ts'

const port = parentPort!
const order = workerData as Order
const tell = (message: FromWorker) => port.postMessage(message)

try {
  const body = await bodyOf(order, tell)
  const mailbox = new Mailbox(order, body, tell)
  await mailbox.setUp()
  port.on('message', (message: ToWorker) => mailbox.receive(message))
  tell({ type: 'ready' })
  const end = await mailbox.stopped.then(
    () => undefined,
    error => ({ error }),
  )
  if (end) tell({ type: 'failed', error: pack(end.error) })
  // What else the actor has begun has no say in when it ends.
  process.exit(0)
} catch (error) {
  tell({ type: 'failed', error: pack(error) })
  process.exit(1)
}
