/** The other side of `bare.ts`. */
import { parentPort } from 'node:worker_threads'
import { type Done, HEAD, type Job, PARKED, type Ring, TAIL } from './bare.ts'
import { busy } from './kinds.ts'
import { microseconds } from './time.ts'

/** Longer than it takes to wake a sleeper (some 8 µs), or who has slept once would sleep each time. */
const spins = 20_000
const nobody = new Int32Array(new SharedArrayBuffer(4))

parentPort!.on('message', (job: Job) => {
  const startedAt = microseconds()
  const micros: number[] = []
  if (job.does === 'look') {
    const bytes = new Uint8Array(job.buffer)
    let found = 0
    for (let at = 4_096; at < bytes.length; at += 4_096) found |= bytes[at]!
    bytes[1] = (bytes[0]! + 1 + found) & 255
    const done: Done = { sum: 0, startedAt, endedAt: microseconds(), micros, buffer: job.buffer }
    return parentPort!.postMessage(done, [job.buffer])
  }
  const sum = does(job, micros)
  const done: Done = { sum, startedAt, endedAt: microseconds(), micros }
  parentPort!.postMessage(done)
})

function does(job: Exclude<Job, { does: 'look' }>, micros: number[]): number {
  switch (job.does) {
    case 'spin': {
      let sum = 0
      for (const count of job.counts) sum = (sum + busy(count)) | 0
      return sum
    }
    case 'write':
      return write(job.ring, job.items, job.batch)
    case 'read':
      return read(job.ring, job.items)
    case 'send stamps':
      return sendStamps(job.ring, job.items, job.silence)
    case 'take stamps':
      return takeStamps(job.ring, job.items, micros)
  }
}

/** Every word of a record is the number of its item. */
function write({ positions, records, slots, words }: Ring, items: number, batch: number): number {
  let tail = positions[TAIL]!
  for (let made = 0; made < items; ) {
    const count = Math.min(batch, items - made)
    while (((tail + count - Atomics.load(positions, HEAD)) | 0) > slots);
    for (const end = made + count; made < end; made++, tail = (tail + 1) | 0) {
      const at = (tail & (slots - 1)) * words
      for (let i = 0; i < words; i++) records[at + i] = made
    }
    Atomics.store(positions, TAIL, tail)
  }
  return 0
}

function read({ positions, records, slots, words }: Ring, items: number): number {
  let head = positions[HEAD]!
  let sum = 0
  for (let got = 0; got < items; ) {
    const tail = Atomics.load(positions, TAIL)
    for (; head !== tail; head = (head + 1) | 0, got++) {
      const at = (head & (slots - 1)) * words
      let same = 0
      for (let i = 0; i < words; i++) same |= records[at + i]! ^ records[at]!
      sum = (sum + (records[at]! | same)) | 0
    }
    Atomics.store(positions, HEAD, head)
  }
  return sum
}

/** A stamp, and the next when it has been taken: at once, or after a silence. */
function sendStamps({ positions, records }: Ring, items: number, silence: number): number {
  const stamps = new Float64Array(records.buffer)
  for (let made = 0; made < items; made++) {
    const tail = positions[TAIL]!
    if (silence > 0) Atomics.wait(nobody, 0, 0, silence)
    stamps[0] = microseconds()
    Atomics.store(positions, TAIL, (tail + 1) | 0)
    if (Atomics.load(positions, PARKED) === 1) Atomics.notify(positions, TAIL)
    while (Atomics.load(positions, HEAD) === tail);
  }
  return 0
}

/** Spins a while, then sleeps. */
function takeStamps({ positions, records }: Ring, items: number, micros: number[]): number {
  const stamps = new Float64Array(records.buffer)
  for (let got = 0; got < items; got++) {
    const head = positions[HEAD]!
    for (let spin = 0; spin < spins && Atomics.load(positions, TAIL) === head; spin++);
    while (Atomics.load(positions, TAIL) === head) {
      Atomics.store(positions, PARKED, 1)
      Atomics.wait(positions, TAIL, head)
      Atomics.store(positions, PARKED, 0)
    }
    micros.push(microseconds() - stamps[0]!)
    Atomics.store(positions, HEAD, (head + 1) | 0)
  }
  return items
}
