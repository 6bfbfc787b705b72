/**
 * The first module of a worker's process.
 *
 * It ends when nobody is left to work for: its socket closes, or, should a handler never let it hear of that, its parent is
 * another, which a thread of its own looks after.
 */
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { ChildOrder } from '../runtime/processes/child.ts'
import { MessageReader, MessageWriter } from '../runtime/processes/wire.ts'
import type { ToWorker } from '../runtime/remote/protocol.ts'
import { work } from './work.ts'

process.title = `millrace ${process.argv[2] ?? ''}`
const socket = new Socket({ fd: 3 })
const writer = new MessageWriter()
let heard: ((message: ToWorker) => void) | undefined
const early: ToWorker[] = []

const reader = new MessageReader((message: ToWorker | ChildOrder) => {
  if (message.type === 'order') void begin(message)
  else if (heard) heard(message)
  else early.push(message)
})
socket.on('data', (chunk: Buffer) => reader.push(chunk))
socket.on('error', () => process.exit(1))
socket.on('close', () => process.exit(1))

function begin({ order }: ChildOrder): Promise<void> {
  watch()
  return work(order, {
    tell: message => void socket.write(writer.write(message)),
    hear: listener => {
      heard = listener
      for (const message of early.splice(0)) listener(message)
    },
    begins() {},
    // What was said last is on its way first.
    end: code => void socket.end(() => process.exit(code)),
  })
}

function watch(): void {
  const watchdog = new Worker(new URL('./watchdog.js', import.meta.url), { workerData: process.ppid, stdout: true })
  watchdog.unref()
  watchdog.on('error', () => {})
}
