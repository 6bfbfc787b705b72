/**
 * The short way for asynchronous items of which nothing special is asked: claim, call, wait, hand on.
 *
 *     input ─▶ fill ─▶ handler ─ … ─▶ completed ─┐ stores the result, and no more
 *               ▲                                ▼
 *               └──────────── advance ◀── the last of a run of completions, or the pump
 *                                │
 *                              flush ─▶ output     all that are next in order, in one go
 *
 * An item costs a promise anyway; everything around it has to be small beside that. Completions come in runs, one microtask
 * behind the other: each stores its result in its work, and whoever comes last lets go of all of them, and claims.
 *
 * Whatever turns out odd (a rejection, a generator, several outputs) has all works leave the lane: each goes on the long
 * way, as the work that it is. The lane is open again at once: what it claims from then on waits for them at the exit.
 */
import { given, Many } from '../actor/behaviour.ts'
import type { Channel } from '../channel/channel.ts'
import { isPromise } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Meter } from './meter.ts'
import { costMs, type Member, type Pump } from './pump.ts'
import type { Work } from './work.ts'
import { WorkRing } from './work-ring.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

/** So many that are done are worth being let go of. */
const handful = 32

/** What became of an item that was begun: its promise is waited for; it was answered at once; it goes on the long way. */
type Begun = 'waits' | 'answered' | 'left'

export interface Counted extends Member {
  /** Items taken, and items done with. */
  received: number
  settles: number
}

export interface LaneHost {
  /** The stage. */
  readonly stage: Counted
  /** Whether somebody wants to hear of every item that ended. */
  readonly isCounting: boolean
  ended(items: number): void
  /** The stage has something to do as soon as the pump comes round. */
  wake(): void
  /** Its handler answers at once: frames are the better way. */
  goBackToFrames(): void
  /** A work has left the lane, and: its handler gave something else than a promise of one item, or threw. */
  accept(work: Work, result: unknown): void
  resolved(work: Work, value: unknown): void
  threw(work: Work, error: unknown): void
}

export interface LaneParts {
  /** Whether what a handler gives may be many outputs; else all but a promise is one. */
  readonly expands: boolean
  readonly input: Channel
  readonly output: Channel
  readonly crew: Crew
  readonly exit: Exit
  readonly works: Works
  readonly meter: Meter
  readonly pump: Pump
}

export class Lane {
  readonly #expands: boolean
  readonly #call: (item: any, context: unknown) => unknown
  readonly #input: Channel
  readonly #output: Channel
  readonly #crew: Crew
  readonly #exit: Exit
  readonly #works: Works
  readonly #meter: Meter
  readonly #pump: Pump
  readonly #host: LaneHost
  readonly #stage: Counted
  readonly #ring: WorkRing
  readonly #slots: number
  /** The worker, where there is but one. */
  readonly #only: InlineWorker | undefined
  /** An item of which it is known when what it descends from came in. */
  #born: Work | undefined
  #bornAt = 0
  /** It claims, or lets go: whoever comes meanwhile has to wait. */
  #isBusy = false

  constructor(call: (item: any, context: unknown) => unknown, parts: LaneParts, host: LaneHost) {
    this.#call = call
    this.#expands = parts.expands
    this.#input = parts.input
    this.#output = parts.output
    this.#crew = parts.crew
    this.#exit = parts.exit
    this.#works = parts.works
    this.#meter = parts.meter
    this.#pump = parts.pump
    this.#host = host
    this.#stage = host.stage
    this.#slots = parts.crew.slots
    this.#only = parts.crew.workers.length === 1 ? parts.crew.workers[0] : undefined
    this.#ring = new WorkRing(() => {
      const work = parts.works.make()
      work.lane = this
      return work
    })
    parts.works.lane = this.#ring
  }

  /**
   * How many works are in it. As long as there are some nobody may claim by another way: works of both ways would wait for
   * each other at the exit.
   */
  get size(): number {
    return this.#ring.size
  }

  /** Whether an item that comes may be claimed there and then, without the pump. */
  get isOpen(): boolean {
    return this.#works.running === 0 && !this.#isBusy
  }

  /** Lets go of what may leave, and claims what it may. */
  advance(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#flush()
    const isAnswered = this.#fill()
    if (isAnswered) this.#flush()
    this.#isBusy = false
    if (isAnswered && this.#ring.size === 0) this.#host.goBackToFrames()
  }

  /* ── in ────────────────────────────────────────────────────────────────── */

  /** Claims items, and has them handled. True if the last of them had not to be waited for. */
  #fill(): boolean {
    const input = this.#input
    const ring = this.#ring
    const works = this.#works
    const pump = this.#pump
    const slots = this.#slots
    const only = this.#only
    if (works.isOver || works.isFailing) return false
    let window = this.#exit.windowLeft(slots)
    let begun: Begun = 'waits'
    for (; window > 0 && works.running < slots; window--) {
      const worker = only ?? this.#crew.idle()
      if (!worker || worker.restarting) break
      if (input.arrived === input.taken) {
        const free = slots - works.running
        input.refill?.(free < window ? free : window)
        if (input.arrived === input.taken) break
      }
      const { sequence } = input
      const work = ring.push(sequence)
      work.worker = worker
      work.context.sequence = sequence
      worker.inHand++
      works.running++
      this.#stage.received++
      if (input.probe !== 0) this.#probe(work)
      this.#meter.begun(work)
      const { timedAt } = work
      begun = this.#begin(work)
      if (timedAt >= 0) pump.spend((pump.clock.now() - timedAt) * work.timedFor)
      if (begun === 'waits') continue
      pump.spend(costMs)
      if (begun === 'left') break
      if (!pump.mayGoOn) {
        this.#host.wake()
        break
      }
    }
    return begun !== 'waits'
  }

  /** Calls the handler with the next item. */
  #begin(work: Work): Begun {
    const item = (work.item = this.#input.take())
    let result: unknown
    try {
      result = this.#call(item, work.context)
      if (result instanceof Promise) {
        // One with a `then` of its own may call back at once, or twice.
        const promise = result.constructor === Promise ? result : Promise.resolve(result)
        promise.then(work.onValue, work.onError)
        return 'waits'
      }
      if (typeof result !== 'object' || result === null || !this.#isMore(result)) {
        this.#settle(work, result)
        return 'answered'
      }
    } catch (error) {
      this.leave()
      this.#host.threw(work, error)
      return 'left'
    }
    this.leave()
    this.#host.accept(work, result)
    return 'left'
  }

  #isMore(result: object): boolean {
    return this.#expands ? given(result) !== 'value' : isPromise(result)
  }

  /** The item that is about to be taken may be one that says how long items wait. */
  #probe(work: Work): void {
    const bornAt = this.#meter.taken(1, this.#pump.time)
    if (bornAt < 0 || this.#born) return
    this.#born = work
    this.#bornAt = bornAt
  }

  /* ── done ──────────────────────────────────────────────────────────────── */

  #settle(work: Work, value: unknown): void {
    const { worker } = work
    if (work.timedAt >= 0) this.#meter.ended(work)
    work.settled = true
    work.one = value
    if (typeof value !== 'number' && value !== undefined) this.#exit.holdOne(work)
    this.#stage.settles++
    worker.inHand--
    this.#works.running--
    if (worker.restarting) this.#crew.emptied(worker)
  }

  /** A promise came true. */
  completed(work: Work, value: unknown): void {
    if (typeof value === 'object' && value instanceof Many) {
      this.leave()
      return this.#host.resolved(work, value)
    }
    this.#settle(work, value)
    this.#pump.enliven()
    // Where others are in hand they may be about to come true as well: then all of their places are filled in one go.
    if (this.#works.running === 0 && !this.#isBusy && this.#pump.mayGoOn) {
      if (this.#ring.size >= handful) return this.#handOn()
      this.#goOn()
    }
    if (!this.#stage.isReady) this.#host.wake()
  }

  /** Claims as many as it may; what is done waits for more to be done. */
  #goOn(): void {
    const input = this.#input
    if (input.arrived === input.taken && input.refill === undefined) return
    this.#isBusy = true
    this.#fill()
    this.#isBusy = false
  }

  /** Lets go of what is done, there and then, and claims as many as it may. */
  #handOn(): void {
    const wasHeld = this.#pump.hold()
    this.advance()
    if (this.#works.running === 0 && this.#input.ending !== 'open') this.#host.wake()
    this.#pump.letGo(wasHeld)
  }

  /** A promise came to nothing. */
  failed(work: Work, error: unknown): void {
    this.leave()
    const wasHeld = this.#pump.hold()
    this.#host.threw(work, error)
    this.#pump.letGo(wasHeld)
  }

  /* ── out ───────────────────────────────────────────────────────────────── */

  /** Lets go of all that are next in order, as far as there is room. */
  #flush(): void {
    const ring = this.#ring
    const from = ring.head
    if (from === ring.tail || !ring.slots[from & ring.mask]!.settled || !this.#works.isInOrder) return
    const output = this.#output
    const room = output.room()
    output.reserve(ring.tail - from)
    const { items, weights, mask, arrived } = output
    const limit = output.capacity.bytes - output.bytes
    let count = 0
    let bytes = 0
    let head = from
    for (; head < ring.tail; head++) {
      const work = ring.slots[head & ring.mask]!
      if (!work.settled) break
      const value = work.one
      if (value !== undefined) {
        if (count === room || bytes >= limit) {
          output.blocked = true
          break
        }
        const slot = (arrived + count++) & mask
        items[slot] = value
        if (work.bytes > 0) {
          bytes += weights[slot] = work.bytes
          work.bytes = work.heldBytes = 0
        }
        work.one = undefined
      }
      work.item = undefined
      work.settled = false
      if (work.controller !== undefined) work.controller = undefined
    }
    if (head === from) return
    ring.head = head
    this.#exit.heldBytes -= bytes
    this.#pump.spend((head - from) * costMs)
    this.#exit.passed(from, head, count, bytes, this.#bornIn(from, head), this.#pump.time)
    if (this.#host.isCounting) this.#host.ended(head - from)
  }

  /** When the source item came in of which one of these is, where that is known; else -1. */
  #bornIn(from: number, to: number): number {
    if (!this.#born) return -1
    const { sequence } = this.#born.context
    if (sequence < from || sequence >= to) return -1
    this.#born = undefined
    return this.#bornAt
  }

  /** All works go on the long way. */
  leave(): void {
    const works = this.#ring.disband()
    for (const work of works) {
      work.lane = undefined
      work.bornAt = work === this.#born ? this.#bornAt : -1
      this.#works.open(work)
    }
    this.#born = undefined
    for (const work of works) {
      // One of them may be what ends the stage.
      if (this.#works.isOver) return
      if (work.settled) this.#exit.settled(work)
    }
  }
}
