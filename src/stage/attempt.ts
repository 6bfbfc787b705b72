/**
 * One attempt at one item: check it, find its state, call the handler, and gather what that leads to.
 *
 *     schema ─▶ start (state) ─▶ receive ─┬─ value ─────────────────────▶ settled
 *                                         ├─ promise ─ … ───────────────▶ settled
 *                                         ├─ generator ─ next, next … ──▶ settled
 *                                         └─ Observable ─ next, next … ─▶ settled
 *     a throw anywhere, now or later ──────────────────────────────────▶ threw
 *
 * Nothing is awaited unless a handler gave back a promise: a synchronous item passes here in one turn.
 */
import { given, Many } from '../actor/behaviour.ts'
import { ofOneItem, weigh } from '../channel/weigh.ts'
import { NotRepeatable, OutputLimit, SchemaMismatch } from '../errors.ts'
import { continueFused, runFused } from '../runtime/inline/kernel.ts'
import { digestOf } from './digest.ts'
import type { StagePlan } from './plan.ts'
import type { Work } from './work.ts'

/** What an attempt tells its stage. */
export interface AttemptHost {
  /** The handler is done; the outputs are in the work. */
  settled(work: Work): void
  threw(work: Work, error: unknown): void
  /** The schema does not let it in. */
  refused(work: Work, error: unknown): void
  /** What happens in a turn of its own happens between these two: then everybody advances whom it concerns. */
  hold(): boolean
  letGo(wasHeld: boolean): void
  /** Streaming: lets what waits leave, as far as that is possible now. */
  leave(work: Work): void
  /** Streaming: more has to wait. */
  holdBack(work: Work): void
  /** How many outputs may wait before the handler is asked for no more; below 0: nobody waits for any. */
  patience(work: Work): number
}

export class Attempts {
  readonly #plan: StagePlan
  readonly #host: AttemptHost
  readonly #streaming: boolean
  /** An item may be begun more than once. */
  readonly #mayRepeat: boolean

  constructor(plan: StagePlan, host: AttemptHost) {
    this.#plan = plan
    this.#host = host
    this.#streaming = plan.emit === 'streaming'
    // A worker that lives elsewhere may die, and then another begins the item again.
    this.#mayRepeat = plan.attempts > 1 || (plan.body.kind === 'behaviour' && plan.body.remote !== undefined)
  }

  /** Tries an item, for the first time or again. */
  begin(work: Work): void {
    work.one = undefined
    if (!this.#streaming) work.clearOutputs()
    work.iterator = undefined
    work.isPulling = false
    work.toRepeat = work.left
    work.repeated = 0
    work.replay = 0
    work.forget = false
    try {
      const { schema } = this.#plan
      if (schema && !work.isFlush && !work.isChecked) {
        const checked = schema['~standard'].validate(work.item)
        if (isPromise(checked)) return this.#later(work, checked, value => this.#checked(work, value))
        return this.#checked(work, checked)
      }
      this.#open(work)
    } catch (error) {
      this.#host.threw(work, error)
    }
  }

  #checked(work: Work, result: unknown): void {
    const { issues, value } = result as { issues?: readonly unknown[]; value?: unknown }
    // To try again would change nothing.
    if (issues) return this.#host.refused(work, new SchemaMismatch(issues))
    work.item = value
    work.isChecked = true
    this.#open(work)
  }

  /** Finds the state, or starts it. */
  #open(work: Work): void {
    const { body } = this.#plan
    const key = work.key
    if (body.kind !== 'behaviour' || !body.start || !key || key.started) return this.#call(work)
    const start = () => body.start!({ key: key.key, resources: work.worker.resources })
    const keep = (state: unknown) => {
      key.state = state
      key.started = true
      this.#call(work)
    }
    const state = key.isSaved && body.restore ? body.restore(key.saved) : start()
    if (isPromise(state)) return this.#later(work, state, keep)
    keep(state)
  }

  /** Goes on after a promise, unless the work is over by then. */
  #later(work: Work, promise: PromiseLike<unknown>, then: (value: unknown) => void): void {
    Promise.resolve(promise).then(
      value => {
        if (work.over) return
        const wasHeld = this.#host.hold()
        try {
          if (this.#host.patience(work) < 0 && !work.isPulling) this.#host.settled(work)
          else then(value)
        } catch (error) {
          this.#host.threw(work, error)
        }
        this.#host.letGo(wasHeld)
      },
      error => {
        if (work.over) return
        const wasHeld = this.#host.hold()
        this.#host.threw(work, error)
        this.#host.letGo(wasHeld)
      },
    )
  }

  #call(work: Work): void {
    const { body } = this.#plan
    let result: unknown
    if (work.isFlush) {
      result = body.kind === 'behaviour' ? body.flush!(work.key?.state, work.context) : undefined
    } else if (body.kind === 'behaviour') {
      result = body.receive(work.item, work.key?.state, work.context)
    } else if (body.kind === 'handler') {
      result = body.handler(work.item, work.context)
    } else if (body.kind === 'fused') {
      result = runFused(body.steps, 0, work.item)
      if (isPromise(result)) return this.#promised(work, result)
      return this.#one(work, result)
    }
    this.accept(work, result)
  }

  /** Goes on with an item whose fused maps stopped at a promise. */
  acceptFused(work: Work, step: number, value: unknown, result: unknown): void {
    const { body } = this.#plan
    if (body.kind === 'fused') this.#promised(work, continueFused(body.steps, step, value, result))
  }

  /** Takes what a handler gave back. */
  accept(work: Work, result: unknown): void {
    if (typeof result !== 'object' || result === null) return this.#one(work, result)
    try {
      switch (given(result)) {
        case 'value':
          return this.#one(work, result)
        case 'promise':
          return this.#promised(work, result as PromiseLike<unknown>)
        case 'generator':
          return this.#iterate(work, result as Iterator<unknown>, false)
        case 'async-generator':
          return this.#iterate(work, result as AsyncIterator<unknown>, true)
        case 'observable':
          return this.#observe(work, result as Subscribable)
      }
    } catch (error) {
      this.#host.threw(work, error)
    }
  }

  #promised(work: Work, promise: PromiseLike<unknown>): void {
    if (promise instanceof Promise) promise.then(work.onValue, work.onError)
    else Promise.resolve(promise).then(work.onValue, work.onError)
  }

  /** A promise came true: whatever it is, it is one item. */
  resolved(work: Work, value: unknown): void {
    if (value instanceof Many) this.#many(work, value.items)
    else this.#one(work, value)
  }

  #many(work: Work, items: readonly unknown[]): void {
    try {
      for (const item of items) this.emit(work, item)
    } catch (error) {
      return this.#host.threw(work, error)
    }
    this.#done(work)
  }

  #one(work: Work, value: unknown): void {
    if (value !== undefined) {
      if (this.#streaming) {
        try {
          this.emit(work, value)
        } catch (error) {
          return this.#host.threw(work, error)
        }
      } else work.one = value
    }
    this.#done(work)
  }

  #done(work: Work): void {
    if (work.repeated < work.toRepeat) return this.#host.threw(work, new NotRepeatable(work.toRepeat))
    this.#host.settled(work)
  }

  /** One output of an item that has, or may have, many. Throws `OutputLimit`. */
  emit(work: Work, value: unknown): void {
    if (value === undefined) return
    if (this.#streaming) {
      if (work.repeated < work.toRepeat) {
        work.repeated++
        work.replay = digestOf(value, work.replay)
        if (work.repeated === work.toRepeat && work.replay !== work.digest) throw new NotRepeatable(work.toRepeat)
        return
      }
      work.left++
      if (this.#mayRepeat) work.digest = digestOf(value, work.digest)
      work.many ??= []
      work.many.push(value)
      this.#host.leave(work)
      if (work.waiting > 0) this.#waits(work, value)
    } else {
      work.many ??= []
      work.many.push(value)
      if (typeof value !== 'number') work.bytes += weigh(value)
      if (work.many.length > ofOneItem.outputs) throw new OutputLimit('1,000,000 outputs')
      if (work.bytes > ofOneItem.bytes) throw new OutputLimit('64 MiB of outputs')
    }
  }

  /** Streaming: an output could not leave yet. A generator is then asked for no more; what cannot be asked has a limit. */
  #waits(work: Work, value: unknown): void {
    if (typeof value !== 'number') work.bytes += weigh(value)
    this.#host.holdBack(work)
    if (work.iterator || work.waiting === 1) return
    if (work.waiting > ofOneItem.outputs) throw new OutputLimit('1,000,000 outputs', 'waiting')
    if (work.bytes > ofOneItem.bytes) throw new OutputLimit('64 MiB of outputs', 'waiting')
  }

  #iterate(work: Work, iterator: Iterator<unknown> | AsyncIterator<unknown>, isAsync: boolean): void {
    work.iterator = iterator
    work.isAsync = isAsync
    work.cancel = () => {
      // A generator that is suspended runs its `finally`; what that throws has nobody left to hear it.
      try {
        const end = iterator.return?.()
        if (isPromise(end)) end.then(undefined, () => {})
      } catch {}
    }
    this.resume(work)
  }

  /** Asks a generator for more, as long as what it yields has somewhere to go. */
  resume(work: Work): void {
    const iterator = work.iterator
    if (!iterator || work.isPulling || work.settled) return
    try {
      for (;;) {
        const patience = this.#host.patience(work)
        if (patience < 0) {
          work.cancel?.()
          return this.#host.settled(work)
        }
        if (patience <= work.waiting) return
        work.isPulling = true
        const next = iterator.next()
        if (work.isAsync) {
          return this.#later(work, next as Promise<IteratorResult<unknown>>, result => {
            work.isPulling = false
            this.#yielded(work, result as IteratorResult<unknown>)
          })
        }
        work.isPulling = false
        const { done, value } = next as IteratorResult<unknown>
        if (done) return this.#exhausted(work)
        this.emit(work, value)
        if (work.over || work.iterator !== iterator) return
      }
    } catch (error) {
      work.iterator = undefined
      work.isPulling = false
      work.cancel?.()
      this.#host.threw(work, error)
    }
  }

  #yielded(work: Work, { done, value }: IteratorResult<unknown>): void {
    if (done) return this.#exhausted(work)
    try {
      this.emit(work, value)
    } catch (error) {
      work.cancel?.()
      throw error
    }
    this.resume(work)
  }

  #exhausted(work: Work): void {
    work.iterator = undefined
    work.cancel = undefined
    this.#done(work)
  }

  #observe(work: Work, observable: Subscribable): void {
    let ended = false
    const finish = (end: () => void) => {
      if (ended || work.over) return
      ended = true
      work.cancel = undefined
      const wasHeld = this.#host.hold()
      end()
      this.#host.letGo(wasHeld)
    }
    const subscription = observable.subscribe({
      next: value => {
        if (ended || work.over) return
        try {
          this.emit(work, value)
        } catch (error) {
          const { cancel } = work
          finish(() => this.#host.threw(work, error))
          cancel?.()
        }
      },
      error: error => finish(() => this.#host.threw(work, error)),
      complete: () => finish(() => this.#done(work)),
    })
    const leave = () => {
      ended = true
      // A teardown that throws has nobody left to hear it.
      try {
        subscription.unsubscribe()
      } catch {}
    }
    if (ended) leave()
    else work.cancel = leave
  }
}

interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void
  }
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
