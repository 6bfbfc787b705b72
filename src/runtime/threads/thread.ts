/**
 * A worker on a thread: messages are bytes whose memory is handed over, with what cannot be bytes beside them.
 *
 * All messages of a thread have been heard when its `exit` is told (its `error` may overtake some), so that is the moment at
 * which it is known which calls will never be answered. Before the worker begins a call it stores its number in `begun`.
 */
import { type TransferListItem, Worker } from 'node:worker_threads'
import { leavePool, poolForThreads } from '../../memory/here.ts'
import { Sharing } from '../../memory/link.ts'
import type { Place, Pool, SharedPool } from '../../memory/pool.ts'
import type { Line, LineEnd } from '../remote/line.ts'
import { outputGoesToStderr } from '../remote/output.ts'
import type { FromWorker, Order } from '../remote/protocol.ts'
import { environmentOf, flagsOf } from '../remote/resources.ts'
import { type Attachments, type Message, MessageReader, MessageWriter } from '../remote/wire.ts'

/** What a thread is given at its start. */
export interface ThreadOrder {
  readonly order: Parcel
  /** Number of the last call that was begun: written by the worker alone. */
  readonly begun: Int32Array
  /** Absent where there is none, or no place in it. */
  readonly memory: ThreadMemory | undefined
}

/** The memory that large values lie in, and the thread's place there. */
export interface ThreadMemory {
  readonly shared: SharedPool
  readonly place: Place
}

/** A message between threads. */
export interface Parcel {
  readonly bytes: Uint8Array
  readonly attachments?: Attachments
  /** Segments that are held until it was read. */
  readonly kept?: readonly number[]
}

/** The first message. */
export interface OrderMessage {
  readonly type: 'order'
  readonly order: Order
}

interface Receiver {
  postMessage(message: Parcel, moved: readonly TransferListItem[]): void
}

/** One end of a line between two threads. */
export class Parcels {
  readonly #writer: MessageWriter
  readonly #reader: MessageReader
  readonly #out: Sharing | undefined
  readonly #in: Sharing | undefined

  /** The columns are those of what is on its way: from here, and to here. */
  constructor(memory?: { pool: Pool; out: number; in: number }) {
    this.#out = memory && new Sharing(memory.pool, memory.out)
    this.#in = memory && new Sharing(memory.pool, memory.in)
    this.#writer = new MessageWriter({ attach: true, shared: this.#out })
    this.#reader = new MessageReader(memory?.pool)
  }

  /** Of a message about items, in bytes. */
  set limit(limit: number) {
    this.#writer.limit = limit
  }

  /** Throws `NotCloneable` and `ItemTooLarge`; then nothing was sent. */
  send(message: Message, to: Receiver): void {
    const [parcel, moved] = this.pack(message)
    try {
      to.postMessage(parcel, moved)
    } catch (error) {
      for (const segment of parcel.kept ?? []) this.#out!.drop(segment)
      throw error
    }
  }

  pack(message: Message): [Parcel, TransferListItem[]] {
    const { bytes, attachments, moved, kept } = this.#writer.write(message)
    return [
      { bytes, ...(attachments && { attachments }), ...(kept.length > 0 && { kept }) },
      [bytes.buffer as ArrayBuffer, ...(moved as TransferListItem[])],
    ]
  }

  open({ bytes, attachments, kept }: Parcel): any {
    try {
      return this.#reader.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), attachments)
    } finally {
      // What was read has leases of its own.
      for (const segment of kept ?? []) this.#in!.drop(segment)
    }
  }
}

const entry = new URL('../../far/bundle/main.js', import.meta.url)

export function openThread(order: Order, name: string, end: LineEnd): Line {
  const begun = new Int32Array(new SharedArrayBuffer(4))
  const pool = poolForThreads()
  const place = pool?.enter()
  const memory = pool && place && { pool, place }
  const parcels = new Parcels(memory && { pool: memory.pool, out: memory.place.inward, in: memory.place.outward })
  let isKilled = false
  const { resources } = order
  parcels.limit = resources.maxMessageBytes
  const isRedirected = outputGoesToStderr()
  const start = (): Worker => {
    const [parcel, transferList] = parcels.pack({ type: 'order', order } as OrderMessage)
    const workerData: ThreadOrder = {
      order: parcel,
      begun,
      memory: memory && { shared: memory.pool.shared, place: memory.place },
    }
    return new Worker(entry, {
      ...{ workerData, transferList, name, execArgv: flagsOf(resources), env: environmentOf(resources) },
      // A module that is a whole program reads the same arguments there as here.
      argv: process.argv.slice(2),
      resourceLimits: resources.heapMB === undefined ? {} : { maxOldGenerationSizeMb: resources.heapMB },
      stdout: isRedirected,
    })
  }
  const leave = () => memory && leavePool(memory.pool, memory.place)
  let worker: Worker
  try {
    worker = start()
  } catch (error) {
    leave()
    throw error
  }
  if (isRedirected) worker.stdout.on('data', (text: Buffer) => void process.stderr.write(text))
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
    leave()
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
