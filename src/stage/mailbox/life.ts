/**
 * The life of a worker where it lives: it finds what it is to run, sets it up, and handles what it is sent.
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

/** `find`: what it is to run. */
export async function live(order: Order, home: Home, find: () => Body | Promise<Body>): Promise<void> {
  const tell = (message: FromWorker) => home.tell(message)
  try {
    const mailbox = new Mailbox(order, await find(), home)
    await mailbox.setUp()
    home.hear(message => mailbox.receive(message))
    tell({ type: 'ready' })
    await mailbox.stopped
    home.end(0)
  } catch (error) {
    tell({ type: 'failed', error: pack(error) })
    home.end(1)
  }
}
