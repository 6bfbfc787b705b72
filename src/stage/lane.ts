/**
 * The short way for asynchronous items of which nothing special is asked: claim, call, wait, hand on.
 *
 * An item costs a promise anyway; everything around it has to be small beside that. Items are claimed in a loop, and a
 * result goes straight into the next channel when it is the next in order and there is room. Whatever turns out odd (a
 * rejection, a generator, a result that has to wait) goes on the long way, as the work that it is.
 *
 * Completions come in runs, one microtask behind the other: each stores its result, and the last in hand pumps.
 */
import { Many } from '../actor/behaviour.ts'
import type { Channel } from '../channel/channel.ts'
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Pump } from './pump.ts'
import type { Work } from './work.ts'
import type { Works } from './works.ts'

export interface LaneHost {
  /** How many items more may be under way, or wait for their turn. */
  window(): number
  /** The next item is about to be taken: its bookkeeping, but for what the lane does. */
  taking(work: Work): void
  /** An item is no longer in hand. */
  timed(work: Work): void
  /** The stage has something to do. */
  ready(): void
  /** Its handler answers at once: frames are the better way. */
  frames(): void
  /** All that an item led to has left. */
  committed(): void
  /** The handler gave something else than a promise, or threw: the long way knows what to do. */
  accept(work: Work, result: unknown): void
  threw(work: Work, error: unknown): void
  /** The promise of a work that left the lane, or came true after the end. */
  resolved(work: Work, value: unknown): void
}

export class Lane {
  /** Items whose promise came true, ever. */
  settles = 0
  readonly #call: (item: any, context: unknown) => unknown
  readonly #input: Channel
  readonly #output: Channel
  readonly #crew: Crew
  readonly #exit: Exit
  readonly #works: Works
  readonly #pump: Pump
  readonly #host: LaneHost
  /** Handlers are being called: one of them may hand in an item itself. */
  #isFilling = false

  constructor(
    call: (item: any, context: unknown) => unknown,
    parts: { input: Channel; output: Channel; crew: Crew; exit: Exit; works: Works; pump: Pump },
    host: LaneHost,
  ) {
    this.#call = call
    this.#input = parts.input
    this.#output = parts.output
    this.#crew = parts.crew
    this.#exit = parts.exit
    this.#works = parts.works
    this.#pump = parts.pump
    this.#host = host
  }

  /** Whether an item that comes may be claimed there and then, without the pump. */
  get isOpen(): boolean {
    return this.#works.running === 0 && !this.#isFilling
  }

  /** Claims what it may. False when a handler answered at once: then frames may be the better way. */
  fill(): boolean {
    this.#isFilling = true
    const isAsync = this.#fill()
    this.#isFilling = false
    return isAsync
  }

  #fill(): boolean {
    const input = this.#input
    for (let window = this.#host.window(); window > 0; window--) {
      const worker = this.#crew.idle()
      if (!worker) return true
      if (input.arrived === input.taken) input.refill?.(Math.min(window, this.#crew.slots - this.#works.running))
      if (input.arrived === input.taken) return true
      const work = this.#works.make()
      work.worker = worker
      if (!this.#begin(work)) return false
    }
    return true
  }

  /** Calls the handler with the next item; false if that gave no promise. */
  #begin(work: Work): boolean {
    const input = this.#input
    const { sequence } = input
    work.sequence = sequence
    work.context.sequence = sequence
    work.isLean = true
    work.isRunning = true
    work.worker.inHand++
    this.#works.running++
    this.#works.open(work)
    this.#host.taking(work)
    const item = input.take()
    work.item = item
    let result: unknown
    try {
      result = this.#call(item, work.context)
      if (result instanceof Promise) {
        result.then(work.onValue, work.onError)
        return true
      }
    } catch (error) {
      work.isLean = false
      this.#host.threw(work, error)
      return false
    }
    work.isLean = false
    this.#host.accept(work, result)
    return work.isRunning
  }

  /** A promise came true. */
  resolved(work: Work, value: unknown): void {
    work.isLean = false
    if (this.#works.isOver || value instanceof Many) return this.#host.resolved(work, value)
    const wasHeld = this.#pump.hold()
    this.settles++
    const { sequence, worker } = work
    const works = this.#works
    if (work.timedAt >= 0) this.#host.timed(work)
    worker.inHand--
    works.running--
    work.isRunning = false
    if (this.#exit.isClear(sequence) && (value === undefined || this.#output.room() > 0)) {
      this.#exit.passOne(sequence, value, work.bornAt)
      works.reuse(work)
      this.#host.committed()
    } else {
      work.settled = true
      work.one = value
      this.#exit.settled(work)
    }
    if (worker.restarting) this.#crew.emptied(worker)
    if (works.running > 0 || this.#pump.spend(0.0005)) {
      // Others are about to come true as well: the pump goes on with all of them.
      this.#host.ready()
      return this.#pump.letGoSoon(wasHeld)
    }
    // The last of a run goes on by itself, without the pump.
    if (!this.fill()) this.#host.frames()
    if (works.running === 0 && this.#input.ending !== 'open') this.#host.ready()
    this.#pump.letGo(wasHeld)
  }
}
