/**
 * A worker that lives elsewhere, as its stage knows it: calls go out together, once a turn; answers come back together.
 *
 *     ask ─▶ outbox ─┐ microtask          ┌─ answers ─▶ the promises of the calls
 *     ask ─▶ outbox ─┴─▶ line … line ─────┤
 *                                         └─ ended ───▶ calls without an answer: `Departed`
 */
import type { Feed, FeedPort } from '../../actor/feed.ts'
import type { WorkerDied } from '../../errors.ts'
import { Departed } from './departed.ts'
import { Lifeline } from './lifeline.ts'
import type { End, OpenLine } from './line.ts'
import { type ErrorClass, type PackedError, pack } from './packed-error.ts'
import { placed } from './placed.ts'
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

export class RemoteWorker {
  readonly #lifeline: Lifeline
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

  constructor(open: OpenLine, order: Order, host: RemoteWorkerHost) {
    this.#order = order
    this.#host = host
    this.#lifeline = new Lifeline(open, order, {
      errorClass: name => host.errorClass(name),
      ready: () => this.#rest(),
      heard: message => this.#heard(message),
      ended: (died, end, isUnasked) => this.#ended(died, end, isUnasked),
    })
  }

  /** It has been set up. */
  get ready(): Promise<void> {
    return this.#lifeline.ready
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
          return port.failed(placed(this.#unpack(words.error), this.#order, sequenceNow(), true))
        case 'ended':
          return port.ended()
        case 'closed':
          clearTimeout(stray)
          this.#feeds.delete(feed)
          this.#rest()
      }
    }
    if (this.#feeds.size === 0) this.#lifeline.hold(true)
    this.#feeds.set(feed, hear)
    say({ what: 'open' })
    return {
      push: item => {
        const sequence = sequenceNow()
        try {
          say({ what: 'push', item, sequence })
        } catch (error) {
          throw placed(error, this.#order, sequence, false)
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

  #open(caller: Caller, sequence: number): Promise<unknown> {
    // Nobody will answer.
    if (this.#lifeline.isGone) return Promise.reject(new Departed(this.#lifeline.error, false))
    const call = this.#next++
    if (this.#calls.size === 0) this.#lifeline.hold(true)
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
    this.#lifeline.send(message)
  }

  /* ── hearing ───────────────────────────────────────────────────────────── */

  #heard(message: FromWorker): void {
    switch (message.type) {
      case 'answers':
        return this.#answers(message)
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
    const given =
      kind === answered.threw ? placed(this.#unpack(value as PackedError), this.#order, sequence, true) : value
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
    if (call) call.reject(placed(error, this.#order, call.sequence, false))
  }

  #close(number: number): void {
    this.#calls.delete(number)
    const stray = this.#strays.get(number)
    if (stray) {
      clearTimeout(stray)
      this.#strays.delete(number)
      if (this.#strays.size === 0 && !this.#lifeline.isKilled) this.#host.occupied(false)
    }
    this.#rest()
  }

  /** With nothing in hand it keeps no process alive. */
  #rest(): void {
    if (this.#calls.size === 0 && this.#feeds.size === 0) this.#lifeline.hold(false)
  }

  #unpack(packed: PackedError): unknown {
    return this.#lifeline.unpack(packed)
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  /** Runs `stop`, and ends; rejects with what that threw. */
  stop(): Promise<void> {
    return this.#lifeline.stop(() => this.#post())
  }

  /** Ends it whatever it does. */
  kill(): void {
    this.#lifeline.kill()
  }

  #ended(died: WorkerDied, { wasBegun }: End, isUnasked: boolean): void {
    const mayHaveKilled = (call: number) => !this.#lifeline.isKilled && wasBegun(call)
    if (isUnasked) this.#host.died(died, [...this.#calls.keys()].some(mayHaveKilled))
    for (const timer of this.#strays.values()) clearTimeout(timer)
    this.#strays.clear()
    for (const [number, { reject, pulls }] of [...this.#calls]) {
      this.#calls.delete(number)
      const departed = new Departed(died, mayHaveKilled(number))
      if (pulls) pulls({ kind: answered.threw, value: departed })
      else reject(departed)
    }
  }
}
