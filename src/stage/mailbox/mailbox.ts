/**
 * A worker on its own thread: its mailbox, and what it has in hand.
 *
 *     calls ─▶ mailbox ─▶ begin, `concurrency` at once ─▶ attempt ─▶ answers ─▶ stage
 *
 * An attempt at an item is the same here as in the event loop of the pipeline; all that goes beyond one (another attempt,
 * the order, dead letters) is the stage's to say. Answers wait until nothing more can be begun in this turn, or for a
 * quarter of a millisecond, and then go together.
 */
import { systemClock } from '../../clock.ts'
import { pack, unpack } from '../../runtime/remote/packed-error.ts'
import type { FromWorker, Items, Order, ToWorker } from '../../runtime/remote/protocol.ts'
import { Attempts } from '../attempt.ts'
import { KeyState } from '../keys.ts'
import type { BehaviourBody, Body, StagePlan } from '../plan.ts'
import { Work, type WorkHost } from '../work.ts'
import { InlineWorker } from '../worker.ts'
import type { Home } from './life.ts'
import { Outbox } from './outbox.ts'
import { Streams } from './streams.ts'

/** What waits in the mailbox. */
interface Call {
  readonly call: number
  readonly what: 'item' | 'start' | 'flush'
  readonly item: unknown
  readonly sequence: number
  readonly key: string | number | undefined
  readonly attempt: number
  readonly saved: { readonly value: unknown } | undefined
}

/** An item in hand. */
class FarWork extends Work {
  call = 0
  /** Streaming: so many outputs are wanted. */
  wanted = 0
  /** Streaming: the handler has ended, perhaps with an error; what it has emitted is still here. */
  end: { readonly error?: unknown } | undefined = undefined
  /** Streaming: nobody waits for its outputs any more. */
  isLeft = false
}

export class Mailbox {
  /** `stop` was asked for, and has ended. */
  readonly stopped: Promise<void>
  readonly #order: Order
  readonly #home: Home
  readonly #body: Body
  readonly #worker: InlineWorker
  readonly #attempts: Attempts
  readonly #workHost: WorkHost
  readonly #outbox: Outbox
  /** For a body over the whole stream. */
  readonly #streams: Streams | undefined
  readonly #keys = new Map<string | number | undefined, KeyState>()
  readonly #inHand = new Map<number, FarWork>()
  readonly #spares: FarWork[] = []
  /** Calls that were asked for an output before they were begun. */
  readonly #early = new Set<number>()
  #calls: Call[] = []
  #head = 0
  #running = 0
  #isPumping = false
  #settleStopped!: { resolve: () => void; reject: (error: unknown) => void }

  constructor(order: Order, body: Body, home: Home) {
    const { pipeline, stage, concurrency, emit, index } = order
    const tell = (message: FromWorker) => home.tell(message)
    this.#order = order
    this.#home = home
    this.#body = body
    const plan = { pipeline, name: stage, body, concurrency, emit, attempts: 1 } as StagePlan
    this.#worker = new InlineWorker(plan, index)
    this.#outbox = new Outbox(tell, call => this.#refused(call))
    this.#workHost = {
      resolved: (work, value) => this.#attempts.resolved(work, value),
      rejected: (work, error) => this.#threw(work as FarWork, error),
      progressed: work => tell({ type: 'progress', call: (work as FarWork).call }),
      forgot: () => {},
      endOfBatch: () => this.#head === this.#calls.length,
      clock: systemClock,
      self: body.kind === 'behaviour' ? body.self : undefined,
      aborted: false,
      reason: undefined,
    }
    this.#attempts = new Attempts(plan, {
      settled: work => this.#settled(work as FarWork),
      threw: (work, error) => this.#threw(work as FarWork, error),
      refused: (work, error) => this.#threw(work as FarWork, error),
      hold: () => false,
      letGo: () => {},
      leave: work => this.#leave(work as FarWork),
      holdBack: () => {},
      patience: work => (emit === 'whole' ? Infinity : patienceOf(work as FarWork)),
    })
    if (body.kind === 'feed') {
      this.#streams = new Streams(body.open, this.#worker, this.#workHost, (feed, say) =>
        tell({ type: 'feed', feed, say }),
      )
    }
    this.stopped = new Promise((resolve, reject) => {
      this.#settleStopped = { resolve, reject }
    })
  }

  async setUp(): Promise<void> {
    await this.#worker.setUp({ body: this.#body } as StagePlan)
  }

  /* ── hearing ───────────────────────────────────────────────────────────── */

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'items':
        this.#items(message)
        return this.#pump()
      case 'start':
      case 'flush': {
        const { call, key } = message
        const { sequence, saved } = message.type === 'flush' ? message : { sequence: 0, saved: undefined }
        this.#calls.push({ call, what: message.type, item: undefined, sequence, key, attempt: 1, saved })
        return this.#pump()
      }
      case 'pull':
        return this.#pulled(message.call)
      case 'leave':
        return this.#left(message.call)
      case 'abort':
        return this.#abort(
          message.call,
          unpack(message.reason, () => undefined),
        )
      case 'feed':
        return this.#streams?.hear(message.feed, message.say)
      case 'stop':
        this.#worker.tearDown({ body: this.#body } as StagePlan).then(
          () => this.#settleStopped.resolve(),
          error => this.#settleStopped.reject(error),
        )
    }
  }

  #items({ first, items, sequences, keys, attempts, saved }: Items): void {
    for (let n = 0; n < items.length; n++) {
      const call = first + n
      this.#calls.push({
        call,
        what: 'item',
        item: items[n],
        sequence: sequences[n]!,
        key: keys?.[n],
        attempt: attempts?.[n] ?? 1,
        saved: saved?.has(call) ? { value: saved.get(call) } : undefined,
      })
    }
  }

  /* ── handling ──────────────────────────────────────────────────────────── */

  /** Begins what it may; when nothing more can be begun, what was answered goes. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    this.#outbox.busy()
    while (this.#running < this.#order.concurrency && this.#head < this.#calls.length) {
      const call = this.#calls[this.#head]!
      this.#calls[this.#head++] = undefined as never
      if (this.#head === this.#calls.length) {
        this.#calls = []
        this.#head = 0
      }
      this.#begin(call)
    }
    this.#isPumping = false
    this.#outbox.post()
    if (this.#running === 0) this.#outbox.idle()
  }

  #begin(call: Call): void {
    this.#home.begins(call.call)
    this.#running++
    if (call.what === 'start') return this.#start(call)
    const work = this.#spares.pop() ?? new FarWork(this.#workHost)
    work.call = call.call
    work.worker = this.#worker
    work.item = call.item
    work.sequence = work.context.sequence = call.sequence
    work.attempts = call.attempt - 1
    work.isFlush = call.what === 'flush'
    work.isChecked = true
    work.key = this.#keyOf(call)
    if (this.#early.delete(call.call)) work.wanted = 1
    this.#inHand.set(call.call, work)
    this.#attempts.begin(work)
  }

  /** State is made before the first item of its key comes, except for one that is restored. */
  #keyOf({ key, saved }: Call): KeyState | undefined {
    if (this.#body.kind !== 'behaviour') return key === undefined ? undefined : new KeyState(key, 0, 0)
    let known = this.#keys.get(key)
    if (!known) this.#keys.set(key, (known = new KeyState(key, 0, 0)))
    if (saved) {
      known.started = false
      known.saved = saved.value
      known.isSaved = true
    }
    return known
  }

  #start({ call, key }: Call): void {
    const { start } = this.#body as BehaviourBody
    const done = (answer: () => void) => {
      this.#running--
      answer()
      this.#pump()
    }
    const threw = (error: unknown) => done(() => this.#outbox.threw(call, pack(error)))
    const keep = (state: unknown) =>
      done(() => {
        const known = new KeyState(key, 0, 0)
        known.state = state
        known.started = true
        this.#keys.set(key, known)
        this.#outbox.one(call, undefined)
      })
    try {
      const state = start!({ key, resources: this.#worker.resources })
      if (typeof (state as PromiseLike<unknown> | undefined)?.then === 'function') {
        Promise.resolve(state).then(keep, threw)
      } else keep(state)
    } catch (error) {
      threw(error)
    }
  }

  /* ── done ──────────────────────────────────────────────────────────────── */

  #settled(work: FarWork): void {
    if (this.#order.emit === 'streaming') {
      work.end ??= {}
      return this.#goOn(work)
    }
    try {
      this.#save(work)
    } catch (error) {
      return this.#close(work, () => this.#outbox.threw(work.call, pack(error)))
    }
    this.#close(work, () => {
      if (work.many !== undefined) this.#outbox.many(work.call, work.many)
      else this.#outbox.one(work.call, work.one)
    })
  }

  #threw(work: FarWork, error: unknown): void {
    if (!this.#inHand.has(work.call)) return
    if (this.#order.emit === 'streaming') {
      work.end ??= { error }
      work.end = { error }
      return this.#goOn(work)
    }
    this.#close(work, () => this.#outbox.threw(work.call, pack(error)))
  }

  /** What of the state survives this worker goes with the answer; what was forgotten is gone. */
  #save(work: FarWork): void {
    const { key } = work
    if (!key || this.#body.kind !== 'behaviour') return
    if (work.forget) {
      this.#keys.delete(key.key)
      this.#outbox.forget(work.call)
    } else if (this.#body.snapshot && key.started) this.#outbox.save(work.call, this.#body.snapshot(key.state))
  }

  #close(work: FarWork, answer: () => void): void {
    this.#inHand.delete(work.call)
    this.#running--
    answer()
    work.clear()
    work.wanted = 0
    work.end = undefined
    work.isLeft = false
    if (this.#spares.length < 64) this.#spares.push(work)
    this.#pump()
  }

  /* ── streaming ─────────────────────────────────────────────────────────── */

  #pulled(call: number): void {
    const work = this.#inHand.get(call)
    // One that is not begun yet gives what it gives as soon as it is.
    if (!work) return void this.#early.add(call)
    work.wanted++
    this.#goOn(work)
  }

  #leave(work: FarWork): void {
    if (work.isLeft) work.clearOutputs()
    while (work.wanted > 0 && work.waiting > 0) {
      const value = work.many![work.gone]
      work.many![work.gone++] = undefined
      if (work.waiting === 0) work.many!.length = work.gone = work.bytes = 0
      work.wanted--
      this.#outbox.yielded(work.call, value)
      if (!this.#isPumping) this.#outbox.post()
    }
  }

  #goOn(work: FarWork): void {
    this.#leave(work)
    if (work.end === undefined) return this.#attempts.resume(work)
    if (work.wanted === 0 || work.waiting > 0) return
    const { end } = work
    const isFailed = 'error' in end
    try {
      if (!isFailed) this.#save(work)
    } catch (error) {
      return this.#close(work, () => this.#outbox.threw(work.call, pack(error)))
    }
    this.#close(work, () => {
      if (isFailed) this.#outbox.threw(work.call, pack(end.error))
      else this.#outbox.ended(work.call)
    })
  }

  #left(call: number): void {
    const work = this.#inHand.get(call)
    if (work) this.#forsake(work)
    else this.#drop(call, () => this.#outbox.ended(call))
  }

  /** What it yielded cannot be carried: that was its answer. */
  #refused(call: number): void {
    const work = this.#inHand.get(call)
    // Whoever has emitted it is still at it.
    if (work) queueMicrotask(() => this.#inHand.get(call) === work && this.#forsake(work))
  }

  /** It is over when its handler cannot say anything any more: until then nothing else is begun in its place. */
  #forsake(work: FarWork): void {
    const ends = work.end !== undefined || (work.cancel !== undefined && !work.isPulling)
    work.isLeft = true
    work.wanted = 1
    work.cancel?.()
    work.clearOutputs()
    if (!ends || this.#inHand.get(work.call) !== work) return
    work.end ??= {}
    this.#goOn(work)
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  #abort(call: number, reason: unknown): void {
    const work = this.#inHand.get(call)
    if (work) {
      const ends = work.cancel !== undefined && !work.isPulling
      work.abort(reason)
      if (ends && this.#inHand.get(call) === work) this.#close(work, () => this.#outbox.threw(call, pack(reason)))
      return
    }
    this.#drop(call, () => this.#outbox.threw(call, pack(reason)))
  }

  /** A call that is not begun yet never is. */
  #drop(call: number, answer: () => void): void {
    const waiting = this.#calls.findIndex(each => each?.call === call)
    if (waiting < 0) return
    this.#calls.splice(waiting, 1)
    this.#early.delete(call)
    answer()
    this.#outbox.post()
  }
}

/** How many outputs may wait before the handler is asked for no more. */
function patienceOf(work: FarWork): number {
  if (work.isLeft) return -1
  return work.wanted > 0 ? work.waiting + 1 : 0
}
