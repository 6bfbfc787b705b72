/**
 * A thread of the litmus test: checks every item that it claims, and writes one of its own for it. Every other one blocks
 * while it waits, the rest park with a live event loop.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Plane } from '../../src/ring/plane.ts'
import { OVER } from '../../src/ring/seat.ts'
import type { Spilled } from '../../src/ring/spills.ts'
import { Waiter } from '../../src/ring/waiter.ts'
import { type Place, wordsOf } from './litmus.ts'
import { check, hashed, mostWords, write } from './records.ts'

const { shared, row, seat: place, spins, spilled, told } = workerData as Place
const plane = new Plane(shared)
const seat = plane.seat(row, place)
seat.nap = Infinity // a lost wake-up is to show
const waiter = place % 2 === 1 ? new Waiter(plane.words, seat.table.bell, { nap: Infinity }) : undefined
plane.post = spilled => parentPort!.postMessage(spilled)
for (const each of spilled) plane.adopt(each)
const words = wordsOf(plane)
if (waiter) {
  told.on('message', (spilled: Spilled) => {
    plane.adopt(spilled)
    waiter.again()
  })
}

/** Spins, then waits until `look` finds something, with what it is told of meanwhile. */
async function seen<T>(look: () => T | undefined): Promise<T> {
  const hear = () => {
    for (let message = receiveMessageOnPort(told); message; message = receiveMessageOnPort(told)) {
      plane.adopt(message.message)
    }
  }
  for (let spin = 0; spin <= spins; spin++) {
    const found = look()
    if (found !== undefined) return found
  }
  if (waiter) return waiter.seen(look)
  for (;;) {
    const heard = seat.table.bell.listen()
    hear()
    const found = look()
    if (found !== undefined) return found
    seat.table.bell.wait(heard, seat.nap)
  }
}

let turns = place
const complain = (what: string): never => {
  parentPort!.postMessage(what)
  throw new Error(what)
}

for (;;) {
  const random = hashed(++turns)
  const claimed = await seen(() => seat.claim(1 + (random & 127)) || undefined)
  if (claimed === OVER) break
  if (seat.missing >= 0) await seen(() => seat.missing < 0 || undefined)
  let index = 0
  let made = 0
  const { sequence, handled, pieceEnd } = seat
  const longest = 1 + ((random >>> 8) & 63)
  let output = words(0)
  let from = 0
  let at = 0
  seat.read((segment, offset, _, items) => {
    const input = words(segment)
    for (let place = offset >> 2; items > 0; items--, index++) {
      const length = check(input, place, (sequence + index) | 0)
      if (length < 0) complain(`row ${row}: item ${sequence + index} is torn or out of order`)
      place += length
      if (index < handled || index >= pieceEnd) continue
      seat.hold(index)
      if (made === 0) {
        seat.reserveWaiting(longest * mostWords * 4)
        output = words(seat.segment)
        at = from = seat.offset >> 2
      }
      at += write(output, at, (sequence + index) | 0, row)
      if (++made === longest) {
        seat.put((at - from) * 4, made)
        made = 0
      }
    }
  })
  if (made > 0) seat.put((at - from) * 4, made)
  if (!seat.commit()) complain('a commit was fenced whose worker lives')
}
waiter?.close()
told.close()
