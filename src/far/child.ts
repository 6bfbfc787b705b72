/**
 * A worker in a process of its own, from within.
 *
 * It ends when nobody is left to work for: its socket closes, or, should a handler never let it hear of that, its parent is
 * another, which a thread of its own looks after.
 */
import { Worker } from 'node:worker_threads'
import type { ChildOrder } from '../runtime/processes/child.ts'
import { StreamReader, StreamWriter } from '../runtime/processes/stream.ts'
import { pack } from '../runtime/remote/packed-error.ts'
import type { FromWorker, ToWorker } from '../runtime/remote/protocol.ts'
import { live } from '../stage/mailbox/life.ts'
import { bodyOf } from './body.ts'

export function beChild(): void {
  // What follows are the arguments of the program.
  const [name = ''] = process.argv.splice(2, 1)
  process.title = `millrace ${name}`
  // Not imported: threads load this module, too, and the network would make their start longer.
  const { Socket } = process.getBuiltinModule('node:net')
  const socket = new Socket({ fd: 3 })
  const writer = new StreamWriter()
  let heard: ((message: ToWorker) => void) | undefined
  const early: ToWorker[] = []

  const begin = ({ order }: ChildOrder): Promise<void> => {
    watch()
    writer.limit = order.resources.maxMessageBytes
    const tell = (message: FromWorker) => void socket.write(writer.write(message))
    const home = {
      tell,
      hear: (listener: (message: ToWorker) => void) => {
        heard = listener
        for (const message of early.splice(0)) listener(message)
      },
      begins() {},
      // What was printed, and what was said last, is on its way first.
      end: (code: number) => printed(() => socket.end(() => process.exit(code))),
    }
    return live(order, home, () => bodyOf(order, tell))
  }

  const reader = new StreamReader((message: ToWorker | ChildOrder) => {
    if (message.type === 'order') void begin(message)
    else if (heard) heard(message)
    else early.push(message)
  })
  socket.on('data', (chunk: Buffer) => reader.push(chunk))
  socket.on('error', () => process.exit(1))
  socket.on('close', () => process.exit(1))

  /** What ends the process is told before it does: on a thread, Node does that. */
  process.on('uncaughtException', error => {
    const failed: FromWorker = { type: 'failed', error: pack(error) }
    socket.end(writer.write(failed), () => process.exit(1))
  })
}

/** A pipe takes as much as its reader does: the rest waits in this process, and would go with it. */
function printed(done: () => void): void {
  process.stdout.once('error', done)
  process.stdout.write('', () => process.stderr.write('', done))
}

function watch(): void {
  const watchdog = new Worker(new URL('./watchdog.js', import.meta.url), { workerData: process.ppid, stdout: true })
  watchdog.unref()
  watchdog.on('error', () => {})
}
