/** A worker that awaits in its handler and while it waits: passes on each number that it gets, plus one. */
import { setImmediate as turn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Plane, type SharedPlane } from '../../src/ring/plane.ts'
import { OVER } from '../../src/ring/seat.ts'
import { Waiter } from '../../src/ring/waiter.ts'

const { shared, row } = workerData as { shared: SharedPlane; row: number }
const plane = new Plane(shared)
const seat = plane.seat(row, 0)
const waiter = new Waiter(plane.words, seat.table.bell, { nap: Infinity }) // a lost wake-up is to show
const memory = shared.arenas.map(arena => new Int32Array(arena))

parentPort!.postMessage('here')
while ((await waiter.seen(() => seat.claim(1) || undefined)) !== OVER) {
  let item = 0
  seat.read((segment, offset) => {
    item = memory[segment]![offset >> 2]!
  })
  seat.hold(0)
  await turn()
  seat.reserve(4)
  memory[seat.segment]![seat.offset >> 2] = item + 1
  seat.put(4, 1)
  seat.commit()
}
waiter.close()
