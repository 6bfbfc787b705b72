/**
 * A worker that lives elsewhere, as its stage knows it: calls go out together, once a turn; answers come back together.
 *
 *     ask ─▶ outbox ─┐ microtask          ┌─ answers ─▶ the promises of the calls
 *     ask ─▶ outbox ─┴─▶ line … line ─────┤
 *                                         └─ ended ───▶ calls without an answer: `Departed`
 */
import type { Feed, FeedPort } from '../../actor/feed.ts'
import { ItemTooLarge, WorkerDied, WorkerNotReady } from '../../errors.ts'
import { Departed } from './departed.ts'
import type { End, Line, OpenLine } from './line.ts'
import { type ErrorClass, type PackedError, pack, unpack } from './packed-error.ts'
import {
  type Answers,
  answered,
  type FromFeed,
  type FromWorker,
  type Inside,
  type Items,
  type Order,
  type ToFeed,
  type ToWorker,
} from './protocol.ts'

/** What a call is about. */
export interface Asked {
  readonly item: unknown
  readonly sequence: number
  readonly key: string | number | undefined
  readonly attempt: number
}

/** What the caller keeps of a state that is on the other side. */
export interface FarState {
  /** What is saved of it. */
  saved: unknown
  /** It has to be restored from that before anything else. */
  isLost: boolean
}

/** Whom a call is for. */
export interface Caller {
  /** Several outputs of one item. */
  many(values: readonly unknown[]): unknown
  forget(): void
  progress(): void
  readonly state: FarState | undefined
}

export interface RemoteWorkerHost {
  /** The classes that its errors may have. */
  errorClass(name: string): ErrorClass | undefined
  inside(inside: Inside): void
  /** ms a call takes. */
  costs(millis: number): void
  /** It has ended without being asked to. `isCharged`: it had called a handler that was not done. */
  died(error: WorkerDied, isCharged: boolean): void
  /** A handler that nobody waits for any more keeps it from other items; or does no longer. */
  occupied(isOccupied: boolean): void
}

interface Call {
  readonly caller: Caller
  readonly sequence: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Streaming: who waits for the next output. */
  pulls: ((answer: { kind: number; value: unknown }) => void) | undefined
}

/** ms that a handler has to end in when nobody waits for it any more, before its thread is terminated. */
const patience = 100
/** ms that `stop` may take at least, however short the grace period. */
const leastStopMs = 1_000
const longestTimer = 0x7fff_ffff // ms; a longer one fires at once

export class RemoteWorker {
  /** It has been set up. */
  readonly ready: Promise<void>
  readonly #line: Line
  readonly #order: Order
  readonly #host: RemoteWorkerHost
  readonly #calls = new Map<number, Call>()
  /** Calls that nobody waits for, and that are not over. */
  readonly #strays = new Map<number, NodeJS.Timeout>()
  /** Bodies over the whole stream, by number: what becomes of what they say. */
  readonly #feeds = new Map<number, (say: FromFeed) => void>()
  #next = 1
  #nextFeed = 1
  #outbox: Asked[] = []
  #outboxSaved: Map<number, unknown> | undefined
  #isPosting = false
  #phase: 'starting' | 'ready' | 'stopping' | 'gone' = 'starting'
  /** It was terminated from here. */
  #isKilled = false
  /** It had to be: it was not ready, or did not stop, in time. */
  #isLate = false
  #error: unknown
  #settleReady!: { resolve: () => void; reject: (error: unknown) => void }
  /** Until it is ready, or gone; and again while it stops. */
  #deadline: NodeJS.Timeout | undefined
  #stopped: { resolve: () => void; reject: (error: unknown) => void } | undefined

  constructor(open: OpenLine, order: Order, host: RemoteWorkerHost) {
    this.#order = order
    this.#host = host
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    this.#line = open(order, this.#address, {
      heard: message => this.#heard(message),
      failed: error => this.#failed(error),
      ended: end => this.#ended(end),
    })
    const { startTimeout } = order.resources
    this.#within(startTimeout, () =>
      this.#settleReady.reject(new WorkerNotReady(this.#address, order.traveller.url, startTimeout)),
    )
  }

  /** What does not get on in time is ended, and nobody waits for that. */
  #within(millis: number, isLate: () => void): void {
    if (millis > longestTimer) return
    this.#deadline = setTimeout(() => {
      this.#isLate = true
      this.kill()
      isLate()
    }, millis)
  }

  /* ── calling ───────────────────────────────────────────────────────────── */

  /** One output, or several as `caller.many` puts them; rejects with what the handler threw, or `Departed`. */
  ask(asked: Asked, caller: Caller): { call: number; answer: Promise<unknown> } {
    const call = this.#next
    const answer = this.#open(caller, asked.sequence)
    const { state } = caller
    if (state?.isLost) {
      state.isLost = false
      this.#outboxSaved ??= new Map()
      this.#outboxSaved.set(call, state.saved)
    }
    this.#outbox.push(asked)
    if (!this.#isPosting) {
      this.#isPosting = true
      queueMicrotask(() => this.#post())
    }
    return { call, answer }
  }

  /** Makes the state of a key. */
  start(key: string | number | undefined, caller: Caller): Promise<unknown> {
    this.#post()
    const call = this.#next
    const answer = this.#open(caller, 0)
    this.#send({ type: 'start', call, key })
    return answer
  }

  flush(
    key: string | number | undefined,
    sequence: number,
    caller: Caller,
  ): { call: number; answer: Promise<unknown> } {
    this.#post()
    const call = this.#next
    const { state } = caller
    const answer = this.#open(caller, sequence)
    this.#send({ type: 'flush', call, key, sequence, ...(state?.isLost && { saved: { value: state.saved } }) })
    if (state) state.isLost = false
    return { call, answer }
  }

  /** Streaming: the outputs of a call, each made when it is asked for. */
  outputs(call: number): AsyncGenerator<unknown> {
    let isOver = false
    const next = () => {
      const open = this.#calls.get(call)
      // What became of it comes another way (`Caller.failed`), where nobody was waiting here: this is not its end.
      if (!open)
        return isOver ? Promise.resolve({ done: true as const, value: undefined }) : new Promise<never>(() => {})
      this.#post()
      this.#send({ type: 'pull', call })
      return new Promise<IteratorResult<unknown>>((resolve, reject) => {
        open.pulls = ({ kind, value }) => {
          isOver = kind !== answered.yielded
          if (kind === answered.threw) reject(value)
          else if (kind === answered.ended) resolve({ done: true, value: undefined })
          else resolve({ done: false, value })
        }
      })
    }
    const leave = () => {
      if (this.#calls.has(call)) this.#send({ type: 'leave', call })
      return Promise.resolve({ done: true as const, value: undefined })
    }
    return {
      next,
      return: leave,
      throw: leave,
      [Symbol.asyncIterator]() {
        return this
      },
    } as unknown as AsyncGenerator<unknown>
  }

  /** Opens a body over the whole stream: what `port` hears of it comes from there. */
  feed(port: FeedPort): Feed {
    const feed = this.#nextFeed++
    const say = (words: ToFeed) => this.#send({ type: 'feed', feed, say: words })
    const sequenceNow = () => (port.context as { sequence: number }).sequence
    let stray: NodeJS.Timeout | undefined
    const hear = (words: FromFeed): unknown => {
      switch (words.what) {
        case 'took':
          return port.took()
        case 'taken':
          return port.taken()
        case 'emit': {
          port.emit(words.value)
          const room = port.room()
          return room ? room.then(() => say({ what: 'room' })) : say({ what: 'room' })
        }
        case 'failed':
          return port.failed(this.#placed(this.#unpack(words.error), sequenceNow(), true))
        case 'ended':
          return port.ended()
        case 'closed':
          clearTimeout(stray)
          this.#feeds.delete(feed)
          this.#rest()
      }
    }
    if (this.#feeds.size === 0) this.#line.hold(true)
    this.#feeds.set(feed, hear)
    say({ what: 'open' })
    return {
      push: item => {
        const sequence = sequenceNow()
        try {
          say({ what: 'push', item, sequence })
        } catch (error) {
          throw this.#placed(error, sequence, false)
        }
      },
      end: () => say({ what: 'end' }),
      cancel: () => {
        if (!this.#feeds.has(feed)) return
        const { signal } = port.context as { signal: AbortSignal }
        say({ what: 'cancel', reason: pack(signal.reason) })
        stray = setTimeout(() => this.kill(), patience)
      },
    }
  }

  /** The handler is told. `isStray`: nobody waits for it any more, so it has to end soon. */
  abort(call: number, reason: unknown, isStray: boolean): void {
    if (!this.#calls.has(call)) return
    this.#post()
    this.#send({ type: 'abort', call, reason: pack(reason) })
    if (!isStray) return
    clearTimeout(this.#strays.get(call))
    const timer = setTimeout(() => this.kill(), patience)
    this.#strays.set(call, timer)
    if (this.#strays.size === 1) this.#host.occupied(true)
  }

  get #address(): string {
    const { pipeline, stage, index } = this.#order
    return `${pipeline}/${stage}#${index}`
  }

  #open(caller: Caller, sequence: number): Promise<unknown> {
    // Nobody will answer.
    if (this.#phase === 'gone') return Promise.reject(new Departed(this.#error, false))
    const call = this.#next++
    if (this.#calls.size === 0) this.#line.hold(true)
    return new Promise((resolve, reject) =>
      this.#calls.set(call, { caller, sequence, resolve, reject, pulls: undefined }),
    )
  }

  #post(): void {
    this.#isPosting = false
    const asked = this.#outbox
    if (asked.length === 0) return
    this.#outbox = []
    const saved = this.#outboxSaved
    this.#outboxSaved = undefined
    this.#sendItems(this.#next - asked.length, asked, saved)
  }

  #sendItems(first: number, asked: readonly Asked[], saved: ReadonlyMap<number, unknown> | undefined): void {
    const message: Items = {
      type: 'items',
      first,
      items: asked.map(({ item }) => item),
      sequences: asked.map(({ sequence }) => sequence),
      ...(asked.some(({ key }) => key !== undefined) && { keys: asked.map(({ key }) => key) }),
      ...(asked.some(({ attempt }) => attempt > 1) && { attempts: asked.map(({ attempt }) => attempt) }),
      ...(saved && { saved }),
    }
    try {
      this.#send(message)
    } catch (error) {
      if (asked.length === 1) return this.#refuse(first, error)
      // One of them cannot be sent, or all of them not at once: each goes by itself.
      for (const [n, each] of asked.entries()) {
        const own = saved?.has(first + n) ? new Map([[first + n, saved.get(first + n)]]) : undefined
        this.#sendItems(first + n, [each], own)
      }
    }
  }

  #send(message: ToWorker): void {
    if (this.#phase !== 'gone') this.#line.send(message)
  }

  /* ── hearing ───────────────────────────────────────────────────────────── */

  #heard(message: FromWorker): void {
    switch (message.type) {
      case 'answers':
        return this.#answers(message)
      case 'ready':
        if (this.#isLate) return
        clearTimeout(this.#deadline)
        this.#phase = 'ready'
        this.#rest()
        return this.#settleReady.resolve()
      case 'failed': {
        clearTimeout(this.#deadline)
        const error = this.#unpack(message.error)
        this.#error = error
        if (this.#stopped) this.#stopped.reject(error)
        return this.#settleReady.reject(error)
      }
      case 'progress':
        return this.#calls.get(message.call)?.caller.progress()
      case 'inside':
        return this.#host.inside(message.inside)
      case 'feed':
        return void this.#feeds.get(message.feed)?.(message.say)
    }
  }

  #answers({ calls, values, forgotten, saved, cost }: Answers): void {
    for (const call of forgotten ?? []) this.#calls.get(call)?.caller.forget()
    for (const [call, value] of saved ?? []) {
      const state = this.#calls.get(call)?.caller.state
      if (state) state.saved = value
    }
    for (let n = 0; n < values.length; n++) this.#answer(calls[2 * n]!, calls[2 * n + 1]!, values[n])
    if (cost > 0) this.#host.costs(cost)
  }

  #answer(number: number, kind: number, value: unknown): void {
    const call = this.#calls.get(number)
    if (!call) return
    const { pulls, sequence } = call
    const given = kind === answered.threw ? this.#placed(this.#unpack(value as PackedError), sequence, true) : value
    if (kind === answered.yielded) {
      call.pulls = undefined
      return pulls?.({ kind, value })
    }
    this.#close(number)
    if (pulls) pulls({ kind, value: given })
    else if (kind === answered.threw) call.reject(given)
    else call.resolve(kind === answered.many ? call.caller.many(value as unknown[]) : value)
  }

  /** It could not be sent. */
  #refuse(number: number, error: unknown): void {
    const call = this.#calls.get(number)
    this.#close(number)
    if (call) call.reject(this.#placed(error, call.sequence, false))
  }

  /** Whoever wrote the message did not know what it was about. */
  #placed(error: unknown, sequence: number, isResult: boolean): unknown {
    if (!(error instanceof ItemTooLarge) || error.sequence !== undefined) return error
    const { pipeline, stage } = this.#order
    return new ItemTooLarge(error.bytes, error.limit, { sequence, stage: `${pipeline}/${stage}`, isResult })
  }

  #close(number: number): void {
    this.#calls.delete(number)
    const stray = this.#strays.get(number)
    if (stray) {
      clearTimeout(stray)
      this.#strays.delete(number)
      if (this.#strays.size === 0 && !this.#isKilled) this.#host.occupied(false)
    }
    this.#rest()
  }

  /** With nothing in hand it keeps no process alive. */
  #rest(): void {
    if (this.#calls.size === 0 && this.#feeds.size === 0 && this.#phase === 'ready') this.#line.hold(false)
  }

  #unpack(packed: PackedError): unknown {
    return unpack(packed, name => this.#host.errorClass(name))
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  /** Runs `stop`, and ends; rejects with what that threw. */
  stop(): Promise<void> {
    if (this.#phase === 'gone') return Promise.resolve()
    this.#phase = 'stopping'
    this.#line.hold(true)
    return new Promise((resolve, reject) => {
      this.#stopped = { resolve, reject }
      const end = { exitCode: undefined, signal: undefined, isKilled: true }
      const { grace } = this.#order
      this.#within(Math.max(grace, leastStopMs), () => reject(new WorkerDied(this.#address, end)))
      this.#post()
      this.#send({ type: 'stop' })
    })
  }

  /** Ends it whatever it does. */
  kill(): void {
    if (this.#phase === 'gone') return
    this.#isKilled = true
    this.#line.kill()
  }

  #failed(error: unknown): void {
    this.#error ??= error
  }

  #ended({ exitCode, signal, wasBegun }: End): void {
    const phase = this.#phase
    this.#phase = 'gone'
    clearTimeout(this.#deadline)
    const hasError = this.#error !== undefined
    const cause = hasError ? { cause: this.#error } : {}
    // What a process says to flags that it does not know.
    const flags = phase === 'starting' && exitCode === 9 ? this.#order.resources.execArgv : []
    const died = new WorkerDied(this.#address, { exitCode, signal, isKilled: this.#isKilled, flags }, cause)
    const mayHaveKilled = (call: number) => !this.#isKilled && wasBegun(call)
    if (phase === 'ready') this.#host.died(died, [...this.#calls.keys()].some(mayHaveKilled))
    for (const timer of this.#strays.values()) clearTimeout(timer)
    this.#strays.clear()
    for (const [number, { reject, pulls }] of [...this.#calls]) {
      this.#calls.delete(number)
      const departed = new Departed(died, mayHaveKilled(number))
      if (pulls) pulls({ kind: answered.threw, value: departed })
      else reject(departed)
    }
    this.#settleReady.reject(hasError ? this.#error : died)
    // It has ended as it was told to, or else its `stop` has not.
    if (this.#isKilled || (exitCode === 0 && !hasError)) this.#stopped?.resolve()
    else this.#stopped?.reject(died)
  }
}
