/** A worker on a thread, from within. */
import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, ToWorker } from '../runtime/remote/protocol.ts'
import { type OrderMessage, type Parcel, Parcels, type ThreadOrder } from '../runtime/threads/thread.ts'
import { live } from '../stage/mailbox/life.ts'
import { bodyOf } from './body.ts'

export function beThread(): void {
  const port = parentPort!
  const { order: parcel, begun } = workerData as ThreadOrder
  const parcels = new Parcels()
  const { order } = parcels.open(parcel) as OrderMessage
  const tell = (message: FromWorker) => parcels.send(message, port)

  const home = {
    tell,
    hear: (heard: (message: ToWorker) => void) => void port.on('message', (each: Parcel) => heard(parcels.open(each))),
    begins: (call: number) => void Atomics.store(begun, 0, call | 0),
    // What else the actor has begun has no say in when it ends.
    end: (code: number) => process.exit(code),
  }
  void live(order, home, () => bodyOf(order, tell))
}
