/**
 * A worker in this event loop that is reached by a line, as those are that live elsewhere: for a stage that has both.
 *
 * Nothing is copied. As everywhere in one event loop, nobody can end a handler that does not end.
 */
import type { Line, LineEnd, OpenLine } from '../../runtime/remote/line.ts'
import type { Order, ToWorker } from '../../runtime/remote/protocol.ts'
import type { Body } from '../plan.ts'
import { live } from './life.ts'

export function openHere(body: () => Body): OpenLine {
  return (order: Order, _name: string, end: LineEnd): Line => {
    let heard: (message: ToWorker) => void = () => {}
    let last = 0
    let isEnded = false
    // As over any other line, what is said is heard later.
    const later = (fn: () => void) => queueMicrotask(() => !isEnded && fn())
    const ends = (exitCode: number | undefined) =>
      later(() => {
        isEnded = true
        end.ended({ exitCode, signal: undefined, wasBegun: call => call <= last })
      })
    const home = {
      tell: (message: Parameters<LineEnd['heard']>[0]) => later(() => end.heard(message)),
      hear: (listener: (message: ToWorker) => void) => {
        heard = listener
      },
      begins: (call: number) => {
        last = call
      },
      end: ends,
    }
    void live(order, home, body)
    return { send: message => later(() => heard(message)), hold() {}, kill: () => ends(undefined) }
  }
}
