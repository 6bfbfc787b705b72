/**
 * The life of a worker where it lives: it finds what it is to run, sets it up, and handles what it is sent, or claims.
 *
 *     load the module ─▶ its definition of that name ─▶ setup ─▶ ready ─▶ mailbox … stop
 *        └ as soon as it has loaded, or got to a `run()`, whichever comes first
 */
import { pack } from '../../runtime/remote/packed-error.ts'
import type { FromWorker, Order, ToWorker } from '../../runtime/remote/protocol.ts'
import type { Body } from '../plan.ts'
import { Mailbox } from './mailbox.ts'

/** The way to the stage and back. */
export interface Home {
  /** Throws where something in it cannot be carried; then nothing was sent. */
  tell(message: FromWorker): void
  hear(heard: (message: ToWorker) => void): void
  /** This call is begun now: said before it is. */
  begins(call: number): void
  end(code: number): void
}

/** What lives there. */
export interface Resident {
  setUp(): Promise<void>
  receive(message: ToWorker): void
  /** `stop` was asked for, and has ended. */
  readonly stopped: Promise<void>
}

/** `find`: what it is to run; `settle`: the worker that it then is, which waits for what it is sent unless told otherwise. */
export async function live(
  order: Order,
  home: Home,
  find: () => Body | Promise<Body>,
  settle: (body: Body) => Resident = body => new Mailbox(order, body, home),
): Promise<void> {
  const tell = (message: FromWorker) => home.tell(message)
  try {
    const resident = settle(await find())
    await resident.setUp()
    home.hear(message => resident.receive(message))
    tell({ type: 'ready' })
    await resident.stopped
    home.end(0)
  } catch (error) {
    tell({ type: 'failed', error: pack(error) })
    home.end(1)
  }
}
