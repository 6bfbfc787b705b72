/**
 * Values of 40 MB, source ─▶ a stage on a thread ─▶ sink: by `transfer`, by copying, and by reference to shared memory.
 *
 * Each source copies a template into the memory that its way asks for, and marks both ends; the stage compares the marks and
 * hands the value on; so does the sink. `transfer` leaves the sender without the value: nobody could try it again.
 */
import { Worker } from 'node:worker_threads'
import { allocate, defineActor, pipeline } from '../../src/index.ts'
import { compare } from '../harness/bench.ts'
import type { Contender, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import { tally } from '../harness/tally.ts'

const bytes = 40_000_000
const template = Buffer.alloc(bytes, 1)

export const look = defineActor('look', import.meta, (value: Uint8Array) => {
  if (value[0] !== value[value.length - 1]) throw new Error('the value is torn')
  return value
})

const mark = <T extends Uint8Array>(value: T, n: number): T => {
  value[0] = value[bytes - 1] = n % 256
  return value
}

/** A thread that looks at what comes and sends it back. */
const program = `
  const { parentPort } = require('node:worker_threads')
  parentPort.on('message', ({ value, moves }) => {
    if (value[0] !== value[value.length - 1]) throw new Error('the value is torn')
    parentPort.postMessage(value, moves ? [value.buffer] : [])
  })`

type Sink = (value: Uint8Array) => void

/** As many on their way as a stage is handed: two. */
async function post(count: number, sink: Sink, moves: boolean, make: () => Uint8Array, done: (v: Uint8Array) => void) {
  const worker = new Worker(program, { eval: true })
  let sent = 0
  let seen = 0
  const send = () => {
    if (sent === count) return
    const value = mark(make(), sent++)
    worker.postMessage({ value, moves }, moves ? [value.buffer as ArrayBuffer] : [])
  }
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (value: Uint8Array) => {
      sink(value)
      done(value)
      send()
      if (++seen === count) resolve()
    })
    send()
    send()
  })
  await worker.terminate()
}

const millrace = (name: string, make: () => Uint8Array): Contender<number, Uint8Array> => ({
  name,
  async run(count, sink) {
    function* source() {
      for (let n = 0; n < count; n++) yield mark(make(), n)
    }
    for await (const value of pipeline('large').from(source).stage('look', look, { on: 'threads' }).run()) sink(value)
  },
})

const allocated = () => {
  const value = allocate(bytes)
  value.set(template)
  return value
}

const contenders: readonly Contender<number, Uint8Array>[] = [
  {
    name: 'transfer, fresh memory',
    run: (count, sink) =>
      post(
        count,
        sink,
        true,
        () => new Uint8Array(template),
        () => {},
      ),
  },
  {
    name: 'transfer, memory used again',
    run: (count, sink) => {
      const free: Uint8Array[] = []
      const make = () => {
        const value = free.pop() ?? new Uint8Array(bytes)
        value.set(template)
        return value
      }
      return post(count, sink, true, make, value => free.push(value))
    },
  },
  {
    name: 'structured clone',
    run: (count, sink) =>
      post(
        count,
        sink,
        false,
        () => template,
        () => {},
      ),
  },
  millrace('millrace, from allocate', allocated),
  millrace('millrace, a fresh Buffer each', () => Buffer.from(template)),
]

export async function run(settings: Settings): Promise<Outcome> {
  const compared = await compare(
    {
      name: 'large',
      title: 'values of 40 MB, source → a stage on a thread → sink',
      items: 100,
      quickItems: 30,
      input: count => count,
      model: count => Array.from({ length: count }, (_, n) => n % 256),
      tally: tally((value: Uint8Array) => value[0]!),
      baseline: 'transfer, fresh memory',
      contenders,
    },
    settings,
  )
  return { text: renderCompared(compared), data: compared }
}
