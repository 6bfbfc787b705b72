/** A thread of the litmus test: checks every item that it claims, and writes one of its own for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { Plane } from '../../src/ring/plane.ts'
import { OVER } from '../../src/ring/seat.ts'
import { type Place, segmentsOf } from './litmus.ts'
import { check, hashed, mostWords, write } from './records.ts'

const { shared, row, seat: place, spins, spills } = workerData as Place
const plane = new Plane(shared)
const seat = plane.seat(row, place)
seat.nap = Infinity // a lost wake-up is to show
const writer = shared.shape.tables.slice(0, row).reduce((sum, { seats }) => sum + seats, place)
const segments = segmentsOf(plane, spills, writer)

let turns = place
const complain = (what: string): never => {
  parentPort!.postMessage(what)
  throw new Error(what)
}

for (;;) {
  const random = hashed(++turns)
  if (seat.take(1 + (random & 127), spins) === OVER) break
  let index = 0
  let made = 0
  const { sequence, handled, pieceEnd } = seat
  // Not shorter: a frame that spills uses a segment for each chunk, and they come round (see `Spills`).
  const longest = 32 + ((random >>> 8) & 31)
  let words = segments[0]!
  let from = 0
  let at = 0
  seat.read((segment, offset, _, items) => {
    const input = segments[segment]!
    for (let place = offset >> 2; items > 0; items--, index++) {
      const length = check(input, place, (sequence + index) | 0)
      if (length < 0) complain(`row ${row}: item ${sequence + index} is torn or out of order`)
      place += length
      if (index < handled || index >= pieceEnd) continue
      seat.hold(index)
      if (made === 0) {
        seat.reserveWaiting(longest * mostWords * 4)
        words = segments[seat.segment]!
        at = from = seat.offset >> 2
      }
      at += write(words, at, (sequence + index) | 0, row)
      if (++made === longest) {
        seat.put((at - from) * 4, made)
        made = 0
      }
    }
  })
  if (made > 0) seat.put((at - from) * 4, made)
  if (!seat.commit()) complain('a commit was fenced whose worker lives')
}
