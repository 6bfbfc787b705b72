/**
 * A worker of a section, on its own thread: claims frames by itself, handles their items, and commits what they led to.
 *
 *     claim ─▶ read ─▶ item, item, item … ─▶ write ─▶ commit ─▶ claim …
 *                        │ takes more than a loop: a promise, a generator, a throw
 *                        └─▶ attempt ─▶ outputs
 *                               └─ failed ─▶ the run says what that costs ─▶ again, skip, leave, last
 *
 * No message is needed, in either direction, while all goes well. The event loop of the thread has its turn whenever there
 * is nothing to claim, and at least every ten milliseconds: handlers live in it.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { FrameCutter } from '../../channel/frame-cutter.ts'
import { systemClock } from '../../clock.ts'
import { ItemTooLarge } from '../../errors.ts'
import { poolHere } from '../../memory/here.ts'
import { Sharing } from '../../memory/link.ts'
import { Plane } from '../../ring/plane.ts'
import { type Claimed, FRAME, NOTHING, OVER, type Seat } from '../../ring/seat.ts'
import { Waiter } from '../../ring/waiter.ts'
import { type PackedError, pack, unpack } from '../../runtime/remote/packed-error.ts'
import { placed } from '../../runtime/remote/placed.ts'
import type { Order, SeatOrder, SeatVerdict, ToWorker } from '../../runtime/remote/protocol.ts'
import { Attempts, isPromise } from '../attempt.ts'
import type { Home, Resident } from '../mailbox/life.ts'
import type { Body, StagePlan } from '../plan.ts'
import { Work, type WorkHost } from '../work.ts'
import { InlineWorker } from '../worker.ts'
import { FetchedAttachments, numbersOf } from './attached.ts'
import { frameOf } from './bounds.ts'
import { ChunkReader, ChunkWriter } from './chunks.ts'
import { isLoose } from './loose.ts'
import { Tally } from './tally.ts'

/** Looks before it sleeps: some 20 µs. */
const spins = 200
/** ms after which the event loop has a turn, however much there is to claim. */
const longestHold = 10
/** Chunks that are written at once. */
const mostChunks = 512
/** Outputs that wait in this thread before they are written. */
const mostOutputs = 4_096
/** Turns of the event loop after that, with a look after each. */
const polls = 4
const left = Symbol('left')

type Call = (item: unknown, context: unknown) => unknown

export class SeatWorker implements Resident {
  readonly stopped: Promise<void>
  readonly #home: Home
  readonly #body: Body
  readonly #worker: InlineWorker
  readonly #plane: Plane
  readonly #seat: Seat
  readonly #attached: FetchedAttachments
  readonly #reader: ChunkReader
  readonly #writer: ChunkWriter
  readonly #tally: Tally
  readonly #waiter: Waiter
  readonly #cutter = new FrameCutter()
  /** Items of a frame, at most: while one is handled, others are on their way. */
  readonly #most: number
  readonly #work: Work
  /** Bytes that an item may take. */
  readonly #limit: number
  readonly #order: Order
  readonly #attempts: Attempts
  readonly #call: Call
  /** Items of the frame in hand; those before `seat.handled` are finished. */
  readonly #items: unknown[] = []
  readonly #outputs: unknown[] = []
  /** Of each output, the index of its item. */
  readonly #origins: number[] = []
  /** What an item led to at which the loop stopped. */
  #result: unknown
  /** Items of it that take more bytes than they may, by index. */
  readonly #tooLarge = new Map<number, number>()
  #isStopped = false
  #hasThrown = false
  /** Ends the attempt that takes more than a loop. */
  #settle: (failure: { error: unknown } | undefined) => void = () => {}
  #decide: (verdict: { verdict: SeatVerdict; attempt: number }) => void = () => {}
  /** No more is claimed. */
  #isLeaving = false
  #isAborted = false
  #reason: unknown
  #turnedAt = 0
  #ended: Promise<void> = Promise.resolve()
  #settleStopped!: { resolve: () => void; reject: (error: unknown) => void }

  constructor(order: Order, place: SeatOrder, body: Body, home: Home) {
    const { pipeline, stage, index } = order
    const plan = { pipeline, name: stage, body, concurrency: 1, emit: 'whole', attempts: 1 } as StagePlan
    this.#home = home
    this.#body = body
    this.#worker = new InlineWorker(plan, index)
    this.#plane = new Plane(place.plane)
    this.#seat = this.#plane.seat(place.table, place.seat)
    this.#attached = new FetchedAttachments(number => home.tell({ type: 'fetch', number }))
    const pool = poolHere()
    this.#reader = new ChunkReader(this.#plane, this.#attached, pool)
    const numbers = numbersOf(place.writer)
    this.#limit = order.resources.maxMessageBytes
    this.#order = order
    this.#writer = new ChunkWriter(this.#plane, this.#seat, {
      attach: list => {
        const number = numbers.next().value
        home.tell({ type: 'attach', number, frame: this.#seat.frame, list })
        return number
      },
      limit: this.#limit,
      shared: pool && place.transit !== undefined ? new Sharing(pool, place.transit) : undefined,
    })
    this.#most = frameOf(this.#seat.table.up!.capacity)
    this.#tally = new Tally(place.tally)
    // What keeps it alive is the way to its stage.
    this.#waiter = new Waiter(this.#plane.words, this.#seat.table.bell, { isHolding: false })
    this.#plane.post = spilled => home.tell({ type: 'spilled', spilled })
    this.#work = new Work(this.#workHost())
    this.#work.worker = this.#worker
    this.#attempts = this.#attemptsOf(plan)
    this.#call = callOf(body)
    this.stopped = new Promise((resolve, reject) => {
      this.#settleStopped = { resolve, reject }
    })
  }

  async setUp(): Promise<void> {
    await this.#worker.setUp({ body: this.#body } as StagePlan)
  }

  #begin(): void {
    this.#ended = this.#run().catch(error => {
      // What is wrong with the frames themselves is nothing that an item has done.
      this.#home.tell({ type: 'failed', error: pack(error) })
      this.#home.end(1)
    })
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'begin':
        return this.#begin()
      case 'spilled':
        this.#plane.adopt(message.spilled)
        return this.#waiter.again()
      case 'attached':
        this.#attached.came(message.number, message.list)
        return this.#waiter.again()
      case 'verdict':
        return this.#decide(message)
      case 'dismiss':
        return this.#dismiss(message.reason)
      case 'stop':
        this.#isLeaving = true
        this.#waiter.again()
        this.#ended
          .then(() => this.#worker.tearDown({ body: this.#body } as StagePlan))
          .then(this.#settleStopped.resolve, this.#settleStopped.reject)
    }
  }

  #dismiss(reason: PackedError): void {
    this.#isLeaving = true
    this.#isAborted = true
    this.#reason = unpack(reason, () => undefined)
    this.#work.abort(this.#reason)
    this.#decide({ verdict: 'leave', attempt: 1 })
    this.#waiter.again()
  }

  /* ── claiming ──────────────────────────────────────────────────────────── */

  async #run(): Promise<void> {
    while (!this.#mustLeave) {
      const got = await this.#next()
      if (got === OVER) return this.#home.tell({ type: 'over' })
      if (got === FRAME) await this.#frame()
      if (performance.now() - this.#turnedAt > longestHold) await this.#turn()
    }
  }

  /** It claims nothing more; what it has begun it brings to an end, and gives the rest back. */
  get #mustLeave(): boolean {
    return this.#isLeaving || this.#tally.isDismissed
  }

  /** Torn down: what it has in hand is nobody's any more. */
  get #isDropped(): boolean {
    return this.#isAborted || this.#tally.isDismissed
  }

  /** Claims the next frame; where there is none, looks again for a while, and then sleeps until the bell. */
  async #next(): Promise<Claimed> {
    for (let spin = 0; spin < spins; spin++) {
      const got = this.#claim()
      if (got !== NOTHING) return got
    }
    this.#writer.sweep()
    const got = await this.#seen(
      () => this.#claim() || undefined,
      () => this.#mustLeave,
    )
    return got ?? NOTHING
  }

  #claim(): Claimed {
    if (this.#mustLeave) return NOTHING
    const size = this.#cutter.cut(this.#most)
    this.#seat.table.wanted = size
    return this.#seat.claim(size)
  }

  async #turn(): Promise<void> {
    await turn()
    this.#turnedAt = performance.now()
  }

  /** What `look` gives, when it gives anything; undefined: it has to leave first. The event loop turns meanwhile. */
  async #seen<T>(look: () => T | undefined, mustLeave: () => boolean): Promise<T | undefined> {
    const seen = await this.#waiter.seen(() => (mustLeave() ? left : look()), polls)
    this.#turnedAt = performance.now()
    return seen === left ? undefined : (seen as T)
  }

  /** False: it was torn down before that. */
  async #until(isDue: () => boolean): Promise<boolean> {
    const isDropped = () => this.#isDropped
    return (await this.#seen(() => isDue() || undefined, isDropped)) !== undefined
  }

  /* ── a frame ───────────────────────────────────────────────────────────── */

  async #frame(): Promise<void> {
    const seat = this.#seat
    const items = this.#items
    const isReady = () => this.#reader.isReady(seat)
    if (!isReady() && !(await this.#until(isReady))) return
    this.#tooLarge.clear()
    this.#reader.read(seat, items, (index, bytes) => {
      if (bytes > this.#limit) this.#tooLarge.set(index, bytes)
    })
    const from = seat.handled
    const { room } = seat
    const startedAt = performance.now()
    let { pieceEnd: end } = seat
    let isLast = false
    const say = (verdict: SeatVerdict) => {
      isLast ||= verdict === 'last'
    }
    let written = 0
    let i = from
    while (i < end && !isLast) {
      const most = Math.max(1, Math.min(mostOutputs, room - written))
      i = this.#loop(i, end, most)
      if (this.#isStopped) {
        if (this.#isDropped) {
          this.#forsake(this.#result)
          break
        }
        const verdict = await this.#attempt(i)
        if (verdict) say(verdict)
        if (verdict !== 'last') i++
        if (verdict === 'leave' || this.#mustLeave) end = i
      }
      if (this.#outputs.length < most) continue
      written += this.#outputs.length
      await this.#write(say)
      // What they led to fills the channel behind: the rest of the frame is for whoever claims it when there is room.
      if (written >= room) end = i
    }
    seat.hold(-1)
    const spent = performance.now() - startedAt
    this.#tally.frame(i - from, spent)
    this.#cutter.measured(i - from, spent)
    await this.#write(say)
    items.length = 0
    this.#attached.clear()
    // Torn down in the midst of it: what it led to is nobody's any more.
    if (this.#isDropped) return
    const { frame } = seat
    if (isLast) seat.commitLast()
    else seat.commit(i)
    this.#writer.committed(frame)
  }

  /** What a handler promises that nobody waits for any more may fail, and that is nobody's business. */
  #forsake(result: unknown): void {
    if (isPromise(result)) result.then(undefined, () => {})
  }

  /** Handles items one after another, until one takes more than a loop, or `most` outputs wait: gives the index of the next. */
  #loop(from: number, to: number, most: number): number {
    const seat = this.#seat
    const items = this.#items
    const outputs = this.#outputs
    const origins = this.#origins
    const call = this.#call
    const { context } = this.#work
    const first = seat.sequence
    let i = from
    this.#isStopped = false
    this.#hasThrown = false
    try {
      for (; i < to && outputs.length < most; i++) {
        const item = items[i]
        // It could not be carried: why, its stage knows. Or it was, and it should not have been.
        if (item === undefined || (this.#tooLarge.size > 0 && this.#tooLarge.has(i))) {
          this.#isStopped = this.#hasThrown = true
          this.#result =
            item === undefined
              ? undefined
              : placed(new ItemTooLarge(this.#tooLarge.get(i)!, this.#limit), this.#order, first + i, false)
          return i
        }
        seat.hold(i)
        context.sequence = first + i
        const result = call(item, context)
        if (result === undefined) continue
        if (isLoose(result)) {
          this.#isStopped = true
          this.#result = result
          return i
        }
        outputs.push(result)
        origins.push(i)
      }
    } catch (error) {
      this.#isStopped = this.#hasThrown = true
      this.#result = error
    }
    return i
  }

  /* ── an item that takes more ───────────────────────────────────────────── */

  /** Goes on with the item at which the loop stopped, until it is done with: adds what it leads to, or says what it cost. */
  async #attempt(index: number): Promise<SeatVerdict | undefined> {
    const seat = this.#seat
    const work = this.#work
    const sequence = seat.sequence + index
    const item = this.#items[index]
    seat.hold(index)
    work.sequence = sequence
    work.item = item
    let isBegun = true
    for (;;) {
      const failure = await this.#outcome(isBegun)
      if (!failure) {
        this.#keep(index)
        break
      }
      if (this.#isDropped) return 'leave'
      const isRefused = this.#tooLarge.has(index)
      const { verdict, attempt } = await this.#ask(sequence, this.#itemAnew(index), failure.error, isRefused)
      if (verdict !== 'again') {
        work.clear()
        return verdict
      }
      work.attempts = attempt - 1
      work.item = this.#itemAnew(index)
      isBegun = false
    }
    work.clear()
    return undefined
  }

  /** As it was before a handler had it, which may have changed it, or given it away. */
  #itemAnew(index: number): unknown {
    const items: unknown[] = []
    this.#reader.read(this.#seat, items)
    return items[index]
  }

  /** How an attempt ends: with what the loop was given, or begun anew. */
  async #outcome(isBegun: boolean): Promise<{ error: unknown } | undefined> {
    const work = this.#work
    if (isBegun && this.#hasThrown) {
      const error = this.#result
      this.#result = undefined
      return { error }
    }
    const outcome = new Promise<{ error: unknown } | undefined>(resolve => {
      this.#settle = resolve
    })
    work.isRunning = true
    work.settled = false
    if (isBegun) {
      work.one = undefined
      work.clearOutputs()
      work.iterator = undefined
      this.#attempts.accept(work, this.#result)
    } else this.#attempts.begin(work)
    this.#result = undefined
    const failure = await outcome
    work.isRunning = false
    return failure
  }

  #keep(index: number): void {
    const { one, many } = this.#work
    if (one !== undefined) this.#add(one, index)
    for (const value of many ?? []) this.#add(value, index)
  }

  #add(value: unknown, index: number): void {
    this.#outputs.push(value)
    this.#origins.push(index)
  }

  #ask(
    sequence: number,
    item: unknown,
    error: unknown,
    isRefused: boolean,
  ): Promise<{ verdict: SeatVerdict; attempt: number }> {
    const verdict = new Promise<{ verdict: SeatVerdict; attempt: number }>(resolve => {
      this.#decide = resolve
    })
    this.#home.tell({ type: 'item failed', sequence, item, error: pack(error), isRefused })
    return verdict
  }

  /* ── what it leads to ──────────────────────────────────────────────────── */

  /** Writes all outputs. One that cannot be carried is the failure of its item: then the item is asked anew, or left out. */
  async #write(say: (verdict: SeatVerdict) => void): Promise<void> {
    const outputs = this.#outputs
    const seat = this.#seat
    const { down } = seat.table
    /** Where each chunk begins, from number `before` on. */
    const starts: number[] = []
    const before = seat.chunks
    for (let at = 0; at < outputs.length && !this.#isDropped && !seat.isOver; ) {
      // Short where the next stage is slow, but never so many that to list them costs more than what is in them.
      const to = Math.min(outputs.length, at + Math.max(1, down!.wanted, Math.ceil(outputs.length / mostChunks)))
      try {
        const taken = this.#writer.put(outputs, at, to)
        if (taken === 0) await this.#room()
        else starts.push(at)
        at += taken
      } catch (error) {
        // All that its item leads to goes; what was before that, and in a chunk with it, is written anew.
        const first = this.#origins.indexOf(this.#origins[at]!)
        while (starts.length > 0 && at > first) at = starts.pop()!
        seat.back(before + starts.length)
        const verdict = await this.#refused(first, error)
        if (verdict) say(verdict)
      }
    }
    outputs.length = 0
    this.#origins.length = 0
  }

  /** The arena is full, and others are before this frame. */
  async #room(): Promise<void> {
    const seat = this.#seat
    await this.#until(() => seat.reserve(this.#writer.asked) || seat.isOver)
  }

  /** An output cannot be carried of those that begin at `first`: what the item leads to is what it leads to when asked anew. */
  async #refused(first: number, error: unknown): Promise<SeatVerdict | undefined> {
    const index = this.#origins[first]!
    const outputs = this.#outputs.splice(first)
    const origins = this.#origins.splice(first)
    const rest = origins.findIndex(origin => origin !== index)
    const { sequence } = this.#seat
    this.#hasThrown = true
    this.#result = placed(error, this.#order, sequence + index, true)
    const verdict = await this.#attempt(index)
    if (verdict === 'last' || rest < 0) return verdict
    this.#outputs.push(...outputs.slice(rest))
    this.#origins.push(...origins.slice(rest))
    return verdict
  }

  #workHost(): WorkHost {
    const worker = this
    return {
      resolved: (work, value) => this.#attempts.resolved(work, value),
      rejected: (_work, error) => this.#settle({ error }),
      progressed: () => this.#tally.progressed(),
      forgot: () => {},
      endOfBatch: sequence => sequence === this.#seat.sequence + this.#seat.items - 1,
      clock: systemClock,
      self: this.#body.kind === 'behaviour' ? this.#body.self : undefined,
      get aborted() {
        return worker.#isAborted
      },
      get reason() {
        return worker.#reason
      },
    }
  }

  #attemptsOf(plan: StagePlan): Attempts {
    return new Attempts(plan, {
      settled: () => this.#settle(undefined),
      threw: (work, error) => {
        work.cancel = undefined
        this.#settle({ error })
      },
      refused: (_work, error) => this.#settle({ error }),
      hold: () => false,
      letGo: () => {},
      leave: () => {},
      holdBack: () => {},
      patience: () => Infinity,
    })
  }
}

function callOf(body: Body): Call {
  if (body.kind === 'handler') return body.handler
  if (body.kind === 'behaviour') return (item, context) => body.receive(item, undefined, context)
  throw new Error(`a body of kind ${body.kind} has no seat`)
}
