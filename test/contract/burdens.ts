/** Actors that need much, send much, or say nothing any more: for workers that live elsewhere. */
import { appendFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { isMainThread, type MessagePort } from 'node:worker_threads'
import { defineActor } from '../../src/index.ts'

/** What its worker has got. */
export const quarters = defineActor('quarters', import.meta, (name: string) => ({
  heapMB: Math.round(getHeapStatistics().heap_size_limit / 2 ** 20),
  variable: process.env[name],
  path: process.env.PATH,
  flags: process.execArgv,
}))

/** Fills its heap for one item. */
export const greedy = defineActor('greedy', import.meta, (n: number) => {
  const all: object[] = []
  if (n === 1) for (;;) all.push({ n, all: [n] })
  return n
})

/** Gives a text of so many characters. */
export const text = defineActor('text', import.meta, (length: number) => 'x'.repeat(length))

export const texts = defineActor('texts', import.meta, function* (length: number) {
  yield 'first'
  yield 'x'.repeat(length)
})

export const textStream = defineActor('text stream', import.meta, {
  async *stream(lengths: AsyncIterable<number>) {
    for await (const length of lengths) yield 'x'.repeat(length)
  },
})

/** Gives a Buffer of so many bytes. */
export const buffers = defineActor('buffers', import.meta, (length: number) => Buffer.alloc(length))

export const lengths = defineActor('lengths', import.meta, (what: string | Uint8Array) => what.length)

export const lengthStream = defineActor('length stream', import.meta, {
  async *stream(all: AsyncIterable<string>) {
    for await (const each of all) yield each.length
  },
})

/** Throws an error with more on it than may be sent. */
export const burdened = defineActor('burdened', import.meta, (length: number) => {
  throw Object.assign(new RangeError('burdened'), { load: 'x'.repeat(length) })
})

export const neverSetUp = defineActor('never set up', import.meta, {
  setup: () => new Promise<number>(() => setInterval(() => {}, 1_000_000)),
  receive: (n: number) => n,
})

/** Is heard of no more, some time after an item of 1, which it writes down. */
export const frozen = defineActor('frozen', import.meta, {
  setup: (log: string) => log,
  receive: (n: number, _: undefined, { resources: log }) => {
    if (n === 1) {
      setTimeout(() => {
        appendFileSync(log, 'frozen\n')
        if (isMainThread) process.kill(process.pid, 'SIGSTOP')
        for (;;);
      }, 20)
    }
    return n
  },
})

/** Hands its input over to somebody else, and fails the first time. */
export const squandering = defineActor(
  'squandering',
  import.meta,
  (bytes: Uint8Array<ArrayBuffer>, { attempt }: { attempt: number }) => {
    const sum = bytes[0]! + bytes.length
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    if (attempt === 1) throw new Error('once more')
    return sum
  },
)

/** Gives a buffer whose memory is gone. */
export const detaching = defineActor('detaching', import.meta, (n: number) => {
  const bytes = new Uint8Array(8)
  if (n === 1) structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
})

export const counted = defineActor('counted', import.meta, (shared: Int32Array) => {
  Atomics.add(shared, 0, 1)
  return shared
})

/** Says something about what goes by a port, and gives it back. */
export const looked = defineActor('looked', import.meta, async (given: any) => {
  if (given.blob) return [await given.blob.text(), given]
  if (given.key) return [given.key.export().toString('hex'), given]
  given.port.postMessage('hello from there')
  return ['port', {}] satisfies [string, { port?: MessagePort }]
})

export const loud = defineActor('loud', import.meta, (n: number) => {
  process.stdout.write(`${'x'.repeat(99_999)}\n`)
  return n
})
