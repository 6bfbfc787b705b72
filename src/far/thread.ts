/** A worker on a thread, from within. */
import { parentPort, workerData } from 'node:worker_threads'
import { joinPool } from '../memory/here.ts'
import type { FromWorker, ToWorker } from '../runtime/remote/protocol.ts'
import { type OrderMessage, type Parcel, Parcels, type ThreadOrder } from '../runtime/threads/thread.ts'
import { live } from '../stage/mailbox/life.ts'
import type { Body } from '../stage/plan.ts'
import { SeatWorker } from '../stage/section/seat-worker.ts'
import { bodyOf } from './body.ts'

export function beThread(): void {
  const port = parentPort!
  const { order: parcel, begun, memory } = workerData as ThreadOrder
  const parcels = new Parcels(
    memory && { pool: joinPool(memory.shared, memory.place), out: memory.place.outward, in: memory.place.inward },
  )
  const { order } = parcels.open(parcel) as OrderMessage
  parcels.limit = order.resources.maxMessageBytes
  const tell = (message: FromWorker) => parcels.send(message, port)

  const home = {
    tell,
    hear: (heard: (message: ToWorker) => void) => void port.on('message', (each: Parcel) => heard(parcels.open(each))),
    begins: (call: number) => void Atomics.store(begun, 0, call | 0),
    // What else the actor has begun has no say in when it ends.
    end: (code: number) => process.exit(code),
  }
  const { seat } = order
  const settle = seat && ((body: Body) => new SeatWorker(order, seat, body, home))
  void live(order, home, () => bodyOf(order, tell), settle)
}
