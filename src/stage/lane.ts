/**
 * The short way for asynchronous items of which nothing special is asked: claim, call, wait, hand on.
 *
 *     input ─▶ claim ─▶ handler ─ … ─▶ completed ─▶ values, by sequence ─▶ flush ─▶ output
 *                ▲                         │
 *                └──── the next, at once ──┘
 *
 * An item costs a promise anyway; everything around it has to be small beside that. Two things make it so:
 *
 * *Grants.* Whether an item may be claimed depends on much: what has come, the window, the time slice, whether it is to be
 * timed. That is looked at once for many: up to position `#until` nothing speaks against claiming. Whatever could speak
 * against it later takes the grant back.
 *
 * *Asking.* Results wait in order until the reader asks for them (it has nothing left), or waits already and a handful is
 * there, or no promise is about to come true any more. So they go in batches however few are in flight.
 *
 * Whatever turns out odd (a rejection, a generator, several outputs) has all items leave the lane: each goes on the long
 * way, as the work that it is. The lane is open again at once: what it claims from then on waits for them at the exit.
 */
import { given, Many } from '../actor/behaviour.ts'
import type { Channel } from '../channel/channel.ts'
import { isPromise } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Meter } from './meter.ts'
import { costMs, type LateMember, type Pump } from './pump.ts'
import { ResultRing } from './result-ring.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

/** So many results are worth being handed on while promises go on coming true; so few where items are not light. */
const handful = 128
const few = 8
/** The most that is granted at once: what a slice may be late by. */
const mostGranted = 256

/** Known by what is asked of it: to look for its class takes longer. */
const promiseThen = Promise.prototype.then
const isPlainPromise = (value: any): value is Promise<unknown> =>
  value !== undefined && value !== null && value.then === promiseThen && value.constructor === Promise

/** What became of an item that was begun: its promise is waited for; it was answered at once; it goes on the long way. */
type Begun = 'waits' | 'answered' | 'left'

export interface Counted extends LateMember {
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
  readonly #slots: number
  /** The worker, where there is but one. */
  readonly #only: InlineWorker | undefined
  /** Results by sequence, from the first that has not left to the last that was claimed. */
  readonly #ring = new ResultRing()
  /** Works whose handler runs, in no order, and works that are free. */
  #flying: Work[] = []
  readonly #free: Work[] = []
  /** Position in the input up to which items may be claimed without a look at anything else. */
  #until = 0
  /** Its result is stored, and what it goes on with is being looked for. */
  #done: Work | undefined
  /** The next item is to be timed, or says how long items wait. */
  #isWatched = false
  /** Items of which nobody has been told: sequence of the first. */
  #untold = 0
  /** An item of which it is known when what it descends from came in; -1 where there is none. */
  #born = -1
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
    parts.works.lane = this
    parts.output.refill = () => this.#asked()
  }

  /**
   * How many items are in it. As long as there are some nobody may claim by another way: works of both ways would wait for
   * each other at the exit.
   */
  get size(): number {
    return this.#ring.size
  }

  /** The works whose handler runs. */
  flying(): readonly Work[] {
    for (const work of this.#flying) work.sequence = work.context.sequence
    return this.#flying
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
    // Whoever is done first looks again: it may have to call the pump.
    this.#until = 0
    this.#isBusy = false
    if (isAnswered && this.#ring.size === 0) this.#host.goBackToFrames()
  }

  /* ── in ────────────────────────────────────────────────────────────────── */

  /** Claims items for all who are free, and has them handled. True if the last of them had not to be waited for. */
  #fill(): boolean {
    const input = this.#input
    const works = this.#works
    const only = this.#only
    let begun: Begun = 'waits'
    this.#until = 0
    while (works.running < this.#slots) {
      const worker = only ?? this.#crew.idle()
      if (!worker || worker.restarting) break
      if (input.taken >= this.#until && !this.#more(this.#slots - works.running)) break
      begun = this.#next(this.#employ(worker))
      if (begun === 'waits') continue
      this.#pump.spend(costMs)
      if (begun === 'left') break
      if (!this.#pump.mayGoOn) {
        this.#host.wake()
        break
      }
    }
    input.isWanted = works.running < this.#slots
    return begun !== 'waits'
  }

  /** Whether there is an item that may be claimed, for so many who are free; grants as many as are as good as that. */
  #more(free: number): boolean {
    const input = this.#input
    const works = this.#works
    this.tell()
    if (works.isFailing || works.isOver) return false
    if (this.#pump.isSliceOver()) {
      this.#host.wake()
      return false
    }
    const window = this.#exit.windowLeft(this.#slots)
    if (window <= 0) return false
    if (input.arrived === input.taken) {
      if (!this.#ask(free < window ? free : window) || works.isOver) return false
    }
    this.#grant(window)
    return true
  }

  /** Nothing speaks against claiming so many items, as far as they have come. */
  #grant(window: number): void {
    const input = this.#input
    const { arrived, taken } = input
    const { unwatched } = this.#meter
    const unprobed = input.probe === 0 ? mostGranted : input.probe - taken - 1
    this.#isWatched = unwatched <= 0 || unprobed <= 0
    let granted = arrived - taken
    if (granted > window) granted = window
    if (granted > mostGranted) granted = mostGranted
    if (unwatched > 0 && granted > unwatched) granted = unwatched
    if (unprobed > 0 && granted > unprobed) granted = unprobed
    if (granted > few && !this.#meter.isLight) granted = this.#meter.isLong ? 1 : few
    // Works on the long way may hold back anything, and fail; a worker that is set up anew takes nothing.
    if (!this.#works.isInOrder || !this.#crew.isWhole) granted = 1
    if (this.#ring.size === 0) this.#untold = this.#ring.begin(input.sequence)
    this.#ring.reserve(granted)
    this.#until = taken + granted
  }

  /** Asks whoever writes for items; false if none have come. */
  #ask(most: number): boolean {
    const input = this.#input
    const { refill } = input
    if (refill === undefined) return false
    const wasBusy = this.#isBusy
    this.#isBusy = true
    refill(most, this.#meter.isLight ? handful : 0)
    this.#isBusy = wasBusy
    return input.arrived !== input.taken
  }

  /** A work for one item more. */
  #employ(worker: InlineWorker): Work {
    let work = this.#free.pop()
    if (work === undefined) {
      work = this.#works.make()
      work.lane = this
    }
    work.worker = worker
    work.isRunning = true
    work.place = this.#flying.length
    this.#flying.push(work)
    worker.inHand++
    this.#works.running++
    return work
  }

  /** It is done, and there is nothing to go on with. */
  #rest(work: Work): void {
    const { worker, place } = work
    work.item = undefined
    work.isRunning = false
    const last = this.#flying.pop()!
    if (last !== work) {
      this.#flying[place] = last
      last.place = place
    }
    this.#free.push(work)
    worker.inHand--
    this.#works.running--
    this.#stage.settles++
    if (worker.restarting) this.#crew.emptied(worker)
  }

  #next(work: Work): Begun {
    return this.#isWatched ? this.#beginWatched(work) : this.#begin(work, work.onValue)
  }

  /** Calls the handler with the next item. */
  #begin(work: Work, onValue: (value: unknown) => void): Begun {
    const { context } = work
    if (work.controller !== undefined) work.controller = undefined
    context.sequence = this.#ring.tail++
    const item = (work.item = this.#input.take())
    let result: unknown
    try {
      const call = this.#call
      result = call(item, context)
      if (isPlainPromise(result)) {
        result.then(onValue, work.onError)
        return 'waits'
      }
    } catch (error) {
      return this.#threw(work, error)
    }
    return this.#answered(work, result, onValue)
  }

  #threw(work: Work, error: unknown): Begun {
    this.leave()
    this.#host.threw(work, error)
    return 'left'
  }

  /** A handler gave something that is no plain promise. */
  #answered(work: Work, result: unknown, onValue: (value: unknown) => void): Begun {
    let isOne: boolean
    try {
      if (result instanceof Promise) {
        // One with a `then` of its own may call back at once, or twice.
        Promise.resolve(result).then(onValue, work.onError)
        return 'waits'
      }
      isOne = typeof result !== 'object' || result === null || !this.#isMore(result)
    } catch (error) {
      return this.#threw(work, error)
    }
    // The handler itself may have had all leave: it stopped the run.
    if (isOne && work.lane === this) {
      if (!this.#keep(work, result)) return 'left'
      if (work.timedAt >= 0) this.#timed(work)
      this.#rest(work)
      return 'answered'
    }
    this.leave()
    this.#host.accept(work, result)
    return 'left'
  }

  #isMore(result: object): boolean {
    return this.#expands ? given(result) !== 'value' : isPromise(result)
  }

  /** The same for an item that is timed, or says how long items wait. */
  #beginWatched(work: Work): Begun {
    const bornAt = this.#meter.taken(1, this.#pump.now())
    if (bornAt >= 0 && this.#born < 0) {
      this.#born = this.#ring.tail
      this.#bornAt = bornAt
    }
    this.#isWatched = false
    this.#untold++
    this.#stage.received++
    this.#meter.begun(work)
    const { timedAt, timedFor } = work
    if (timedAt < 0) return this.#begin(work, work.onValue)
    const begun = this.#begin(work, value => {
      if (work.lane === this) this.#timed(work)
      work.onValue(value)
    })
    if (!this.#meter.isLight) this.#pump.spend((this.#pump.clock.now() - timedAt) * timedFor)
    return begun
  }

  /** Whoever counts is told of what was claimed. */
  tell(): void {
    const items = this.#ring.tail - this.#untold
    if (items <= 0) return
    this.#untold = this.#ring.tail
    this.#stage.received += items
    this.#meter.passed(items)
    this.#pump.spend(items * costMs)
  }

  /* ── done ──────────────────────────────────────────────────────────────── */

  /** A promise came true. */
  completed(work: Work, value: unknown): void {
    if (typeof value === 'number') {
      const ring = this.#ring
      ring.values[work.context.sequence & ring.mask] = value
    } else if (!this.#keep(work, value)) return
    if (this.#input.taken >= this.#until) this.#goOn(work)
    else if (this.#begin(work, work.onValue) !== 'waits') this.#host.wake()
  }

  /** Whether more may be claimed has to be looked at. */
  #goOn(work: Work): void {
    const input = this.#input
    this.#done = work
    this.#offer()
    const mayGoOn = this.#done === work && !work.worker.restarting && this.#more(this.#slots - this.#works.running + 1)
    if (this.#done !== work) return
    this.#done = undefined
    if (mayGoOn) {
      if (this.#next(work) !== 'waits') this.#host.wake()
      return
    }
    this.#rest(work)
    input.isWanted = true
    if (input.arrived !== input.taken || input.ending !== 'open') this.#host.wake()
  }

  #timed(work: Work): void {
    this.#meter.ended(work, this.#flying.length)
    if (!this.#meter.isLong) return
    // Each of them is timed from now on, and nobody waits for more of them.
    this.#until = 0
    this.#host.wake()
  }

  /** Any result, which waits for its turn; false if that is nothing for the lane. */
  #keep(work: Work, value: unknown): boolean {
    if (typeof value === 'object' && value instanceof Many) {
      this.leave()
      this.#host.resolved(work, value)
      return false
    }
    const { weighing } = this.#output
    this.#exit.heldBytes += this.#ring.put(work.context.sequence, value, weighing)
    if (weighing && !this.#exit.mayWeighMore()) this.#until = 0
    return true
  }

  /** A promise came to nothing. */
  failed(work: Work, error: unknown): void {
    this.leave()
    const wasHeld = this.#pump.hold()
    this.#host.threw(work, error)
    this.#pump.letGo(wasHeld)
  }

  /* ── out ───────────────────────────────────────────────────────────────── */

  /** Results that wait, for those before them or for a reader. */
  get #waiting(): number {
    return this.#ring.size - this.#flying.length
  }

  /** So many of them are worth being handed on while promises go on coming true. */
  get #enough(): number {
    const most = this.#meter.isLight ? handful : few
    const half = this.#output.capacity.items / 2
    return most < half ? most : half
  }

  /** Hands on what waits, if that is a handful for a reader that waits; else the pump will. */
  #offer(): void {
    const stage = this.#stage
    if (!stage.isLate && !stage.isReady) this.#pump.wakeLate(stage)
    if (!this.#output.isWanted || this.#isBusy) return
    if (this.#waiting >= this.#enough && this.#ring.isNext) this.#handOn()
  }

  #handOn(): void {
    const wasHeld = this.#pump.hold()
    this.#isBusy = true
    this.#flush()
    this.#isBusy = false
    this.#pump.letGo(wasHeld)
  }

  /** The reader has nothing left. */
  #asked(): void {
    if (this.#isBusy || this.#exit.isFlowing || !this.#ring.isNext) return
    // Were it given crumbs, it would come for the next one each time: a handful is on its way.
    if (this.#waiting < this.#enough / 4) return
    const output = this.#output
    this.#pump.now()
    this.#isBusy = output.isRefilling = true
    this.#flush()
    this.#isBusy = output.isRefilling = false
    if (this.#ring.size === 0) this.#host.wake()
  }

  /** Lets go of all that are next in order, as far as there is room. */
  #flush(): void {
    this.tell()
    const ring = this.#ring
    if (!ring.isNext || !this.#works.isInOrder) return
    const output = this.#output
    const from = ring.head
    output.reserve(ring.tail - from)
    const count = ring.odd === 0 ? ring.moveNumbers(output) : ring.move(output)
    const to = ring.head
    if (to === from) return
    this.#exit.heldBytes -= ring.moved
    this.#pump.spend((to - from) * costMs)
    this.#exit.passed(from, to, count, ring.moved, this.#bornIn(from, to), this.#pump.time)
    if (this.#host.isCounting) this.#host.ended(to - from)
  }

  /** When the source item came in of which one of these is, where that is known; else -1. */
  #bornIn(from: number, to: number): number {
    if (this.#born < from || this.#born >= to) return -1
    this.#born = -1
    return this.#bornAt
  }

  /* ── the long way ──────────────────────────────────────────────────────── */

  /** Nothing that was granted holds any more. */
  revoke(): void {
    this.#until = 0
  }

  /** All items go on the long way. */
  leave(): void {
    this.tell()
    this.#until = 0
    this.#input.isWanted = true
    if (this.#done !== undefined) this.#rest(this.#done)
    this.#done = undefined
    const ring = this.#ring
    const works = new Array<Work>(ring.size)
    for (const work of this.flying()) works[work.sequence - ring.head] = work
    this.#flying = []
    for (let i = 0; i < works.length; i++) {
      const work = (works[i] ??= this.#settled(ring.head + i))
      work.lane = undefined
      work.bornAt = work.sequence === this.#born ? this.#bornAt : -1
      this.#works.open(work)
    }
    ring.clear()
    this.#born = -1
    for (const work of works) {
      // One of them may be what ends the stage.
      if (this.#works.isOver) return
      if (work.settled) this.#exit.settled(work)
    }
  }

  /** The work of an item whose handler is done. */
  #settled(sequence: number): Work {
    const work = this.#works.make()
    work.worker = this.#crew.workers[0]!
    work.sequence = sequence
    work.context.sequence = sequence
    work.one = this.#ring.at(sequence)
    work.bytes = work.heldBytes = this.#ring.weightOf(sequence)
    work.settled = true
    return work
  }
}
