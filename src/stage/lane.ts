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
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Meter } from './meter.ts'
import type { Member, Pump } from './pump.ts'
import type { Work } from './work.ts'
import { WorkRing } from './work-ring.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

/** What an item is taken to cost of the event loop's time, in ms, where nobody looks at a clock. */
export const costMs = 0.0005
/** So many that are done are worth being let go of. */
const handful = 32
/** One item of so many, and one, is timed. */
export const sampling = 63

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
  ready(): void
  /** Its handler answers at once: frames are the better way. */
  frames(): void
  /** A work has left the lane, and: its handler gave something else than a promise of one item, or threw. */
  accept(work: Work, result: unknown): void
  resolved(work: Work, value: unknown): void
  threw(work: Work, error: unknown): void
}

export interface LaneParts {
  readonly input: Channel
  readonly output: Channel
  readonly crew: Crew
  readonly exit: Exit
  readonly works: Works
  readonly meter: Meter
  readonly pump: Pump
}

export class Lane {
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
  /** Of the items in the lane, one is timed, and of one it is known when what it descends from came in. */
  #timed: Work | undefined
  #timedAt = 0
  #sampled = 0
  #born: Work | undefined
  #bornAt = 0
  /** Handlers are being called: one of them may hand in an item itself. */
  #isFilling = false

  constructor(call: (item: any, context: unknown) => unknown, parts: LaneParts, host: LaneHost) {
    this.#call = call
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
      work.isLean = true
      return work
    })
    parts.works.lane = this.#ring
  }

  /** Whether an item that comes may be claimed there and then, without the pump. */
  get isOpen(): boolean {
    return this.#works.running === 0 && !this.#isFilling
  }

  /** Claims what it may. False when handlers answer at once: frames are the better way. */
  advance(): boolean {
    if (this.#isFilling) return true
    this.#isFilling = true
    const isAsync = this.#fill()
    this.#isFilling = false
    if (isAsync) return true
    this.flush()
    return this.#works.running > 0
  }

  /* ── in ────────────────────────────────────────────────────────────────── */

  /** Claims items, and has them handled; false if one was answered at once. */
  #fill(): boolean {
    const input = this.#input
    const output = this.#output
    const ring = this.#ring
    const works = this.#works
    const only = this.#only
    if (works.isOver || works.isFailing) return true
    // How many items more may be under way, or wait for their turn.
    const { capacity } = output
    const slots = this.#slots
    const most = capacity.items > slots ? capacity.items : slots
    const held = works.size + this.#exit.surplus
    const window = this.#exit.mayWeighMore() ? most - held - (output.arrived - output.taken) : 0
    if (window <= 0) output.blocked = true
    let left = slots - works.running
    if (window < left) left = window
    let isAsync = true
    for (; left > 0; left--) {
      const worker = only ?? this.#crew.idle()
      if (!worker || worker.restarting) break
      if (input.arrived === input.taken) {
        input.refill?.(left)
        if (input.arrived === input.taken) break
      }
      const { sequence } = input
      if (ring.head === ring.tail) ring.head = sequence
      else if (sequence - ring.head > ring.mask) ring.grow()
      ring.tail = sequence + 1
      const slot = sequence & ring.mask
      const work = ring.slots[slot] ?? ring.fill(slot)
      work.worker = worker
      work.context.sequence = sequence
      worker.inHand++
      works.running++
      this.#stage.received++
      if (input.probe !== 0) this.#probe(work)
      if ((this.#sampled++ & sampling) === 0) this.#time(work)
      if (this.#begin(work)) continue
      isAsync = false
      if (!work.isLean) break
    }
    return isAsync
  }

  /** Calls the handler with the next item; false if that gave no promise. */
  #begin(work: Work): boolean {
    const item = (work.item = this.#input.take())
    let result: unknown
    try {
      result = this.#call(item, work.context)
      if (result instanceof Promise) {
        result.then(work.onValue, work.onError)
        return true
      }
      if (typeof result !== 'object' || result === null || given(result) === 'value') {
        this.#settle(work, result)
        return false
      }
    } catch (error) {
      this.leave()
      this.#host.threw(work, error)
      return false
    }
    this.leave()
    this.#host.accept(work, result)
    return false
  }

  /** The item that is about to be taken may be one that says how long items wait. */
  #probe(work: Work): void {
    const bornAt = this.#meter.taken(1, this.#pump.time)
    if (bornAt < 0 || this.#born) return
    this.#born = work
    this.#bornAt = bornAt
  }

  #time(work: Work): void {
    if (this.#timed) return
    this.#timed = work
    this.#timedAt = this.#pump.clock.now()
  }

  /* ── done ──────────────────────────────────────────────────────────────── */

  #settle(work: Work, value: unknown): void {
    const { worker } = work
    if (work === this.#timed) this.#measure()
    work.settled = true
    work.one = value
    if (typeof value !== 'number' && value !== undefined) this.#exit.holdOne(work)
    this.#stage.settles++
    worker.inHand--
    this.#works.running--
    if (worker.restarting) this.#crew.emptied(worker)
  }

  #measure(): void {
    this.#timed = undefined
    this.#meter.measured(this.#pump.clock.now() - this.#timedAt, sampling + 1)
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
    if (this.#works.running === 0 && this.#pump.mayGoOn) {
      if (this.#ring.size >= handful) return this.#handOn()
      this.#goOn()
    }
    if (!this.#stage.isReady) this.#host.ready()
  }

  /** Claims as many as it may; what is done waits for more to be done. */
  #goOn(): void {
    const input = this.#input
    if (this.#isFilling || (input.arrived === input.taken && input.refill === undefined)) return
    this.#isFilling = true
    const isAsync = this.#fill()
    this.#isFilling = false
    if (!isAsync && this.#works.running === 0) this.#host.frames()
  }

  /** Lets go of what is done, there and then, and claims as many as it may. */
  #handOn(): void {
    const wasHeld = this.#pump.hold()
    this.flush()
    if (!this.advance()) this.#host.frames()
    if (this.#works.running === 0 && this.#input.ending !== 'open') this.#host.ready()
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
  flush(): void {
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
      work.isLean = false
      work.bornAt = work === this.#born ? this.#bornAt : -1
      work.timedAt = work === this.#timed ? this.#timedAt : -1
      work.timedFor = sampling + 1
      this.#works.open(work)
    }
    this.#born = undefined
    this.#timed = undefined
    for (const work of works) {
      // One of them may be what ends the stage.
      if (this.#works.isOver) return
      if (work.settled) this.#exit.settled(work)
    }
  }
}
