/**
 * A worker on a thread: messages are bytes whose memory is handed over, with what cannot be bytes beside them.
 *
 * All messages of a thread have been heard when its `exit` is told (its `error` may overtake some), so that is the moment at
 * which it is known which calls will never be answered. Before the worker begins a call it stores its number in `begun`.
 */
import { type TransferListItem, Worker } from 'node:worker_threads'
import { execArgvOf } from '../remote/exec-argv.ts'
import type { Line, LineEnd } from '../remote/line.ts'
import type { FromWorker, Order } from '../remote/protocol.ts'
import { type Attachments, type Message, MessageReader, MessageWriter } from '../remote/wire.ts'

/** What a thread is given at its start. */
export interface ThreadOrder {
  readonly order: Parcel
  /** Number of the last call that was begun: written by the worker alone. */
  readonly begun: Int32Array
}

/** A message between threads. */
export interface Parcel {
  readonly bytes: Uint8Array
  readonly attachments?: Attachments
}

/** The first message. */
export interface OrderMessage {
  readonly type: 'order'
  readonly order: Order
}

interface Receiver {
  postMessage(message: Parcel, moved: readonly TransferListItem[]): void
}

/** Both ends of a line between two threads. */
export class Parcels {
  readonly #writer = new MessageWriter({ attach: true })
  readonly #reader = new MessageReader()

  /** Throws `NotCloneable`; then nothing was sent. */
  send(message: Message, to: Receiver): void {
    const [parcel, moved] = this.pack(message)
    to.postMessage(parcel, moved)
  }

  pack(message: Message): [Parcel, TransferListItem[]] {
    const { bytes, attachments, moved } = this.#writer.write(message)
    return [
      { bytes, ...(attachments && { attachments }) },
      [bytes.buffer as ArrayBuffer, ...(moved as TransferListItem[])],
    ]
  }

  open({ bytes, attachments }: Parcel): any {
    return this.#reader.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), attachments)
  }
}

const entry = new URL('../../far/bundle/main.js', import.meta.url)

export function openThread(order: Order, name: string, end: LineEnd): Line {
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const parcels = new Parcels()
  const [parcel, transferList] = parcels.pack({ type: 'order', order } as OrderMessage)
  const workerData: ThreadOrder = { order: parcel, begun }
  let isKilled = false
  const execArgv = execArgvOf(process.execArgv)
  // A module that is a whole program reads the same arguments there as here.
  const argv = process.argv.slice(2)
  const worker = new Worker(entry, { workerData, transferList, argv, execArgv, name })
  // What it has said is lost, and nobody knows what that was.
  const lost = (error: unknown) => {
    end.failed(error)
    void worker.terminate()
  }
  worker.on('message', (parcel: Parcel) => {
    let message: FromWorker
    try {
      message = parcels.open(parcel)
    } catch (error) {
      return lost(error)
    }
    end.heard(message)
  })
  worker.on('messageerror', lost)
  worker.on('error', error => end.failed(error))
  worker.on('exit', code => {
    const last = Atomics.load(begun, 0)
    end.ended({
      exitCode: isKilled ? undefined : code,
      signal: undefined,
      // Numbers are compared as they are stored: they wrap round.
      wasBegun: call => ((last - call) | 0) >= 0,
    })
  })
  return {
    send: message => parcels.send(message, worker),
    hold: isHeld => (isHeld ? worker.ref() : worker.unref()),
    kill: () => {
      isKilled = true
      void worker.terminate()
    },
  }
}
