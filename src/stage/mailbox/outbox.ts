/** Answers on their way from a worker: they go together, soon enough for the worker not to run dry. */
import { type PackedError, pack } from '../../runtime/remote/packed-error.ts'
import { answered, type FromWorker } from '../../runtime/remote/protocol.ts'

const longestWait = 0.25 // ms; a quarter of what a worker is handed ahead, so that it does not run out of it
const light = 0.01 // ms; where items take less, the clock is not worth a look for each
const most = 1_024 // answers in one message

export class Outbox {
  readonly #tell: (message: FromWorker) => void
  readonly #refused: (call: number) => void
  #calls: number[] = []
  #values: unknown[] = []
  #forgotten: number[] | undefined
  #saved: Map<number, unknown> | undefined
  /** When the answers began to wait, or the last ones went. */
  #since = 0
  /** ms an answer took when the last ones went. */
  #cost = 0
  #isBusy = false
  #isPosting = false

  /** `refused`: an output of a call that has more cannot be carried, and the call was answered with why not. */
  constructor(tell: (message: FromWorker) => void, refused: (call: number) => void) {
    this.#tell = tell
    this.#refused = refused
  }

  one(call: number, value: unknown): void {
    this.#add(call, answered.one, value)
  }

  many(call: number, values: readonly unknown[]): void {
    this.#add(call, answered.many, values)
  }

  threw(call: number, error: PackedError): void {
    this.#add(call, answered.threw, error)
  }

  yielded(call: number, value: unknown): void {
    this.#add(call, answered.yielded, value)
  }

  ended(call: number): void {
    this.#add(call, answered.ended, undefined)
  }

  forget(call: number): void {
    this.#forgotten ??= []
    this.#forgotten.push(call)
  }

  save(call: number, value: unknown): void {
    this.#saved ??= new Map()
    this.#saved.set(call, value)
  }

  /** Something is in hand from now on. */
  busy(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#since = performance.now()
  }

  /** Nothing is. */
  idle(): void {
    this.#isBusy = false
  }

  #add(call: number, kind: number, value: unknown): void {
    this.#calls.push(call, kind)
    this.#values.push(value)
    const count = this.#values.length
    const isTime = (this.#cost > light || (count & 15) === 0) && performance.now() - this.#since > longestWait
    if (count >= most || isTime) return this.post()
    if (this.#isPosting) return
    this.#isPosting = true
    setImmediate(() => {
      this.#isPosting = false
      this.post()
    })
  }

  /** Has them go now. */
  post(): void {
    const values = this.#values
    if (values.length === 0) return
    const calls = this.#calls
    const now = performance.now()
    const cost = (now - this.#since) / values.length
    this.#cost = cost
    this.#since = now
    this.#calls = []
    this.#values = []
    const forgotten = this.#forgotten
    const saved = this.#saved
    this.#forgotten = this.#saved = undefined
    const extras = { ...(forgotten && { forgotten }), ...(saved && { saved }) }
    try {
      this.#tell({ type: 'answers', calls, values, ...extras, cost })
    } catch {
      // One of them cannot be sent, or all of them not at once: each goes by itself.
      for (let n = 0; n < values.length; n++) {
        const call = calls[2 * n]!
        const own = {
          ...(forgotten?.includes(call) && { forgotten: [call] }),
          ...(saved?.has(call) && { saved: new Map([[call, saved.get(call)]]) }),
        }
        this.#postAlone(call, calls[2 * n + 1]!, values[n], own, cost)
      }
    }
  }

  #postAlone(call: number, kind: number, value: unknown, own: object, cost: number): void {
    try {
      this.#tell({ type: 'answers', calls: [call, kind], values: [value], ...own, cost })
    } catch (error) {
      // An error that is too large goes without what hangs on it.
      const why = kind === answered.threw ? { ...(value as PackedError), properties: new Map() } : pack(error)
      this.#tell({ type: 'answers', calls: [call, answered.threw], values: [why], isBounded: true, cost })
      if (kind === answered.yielded) this.#refused(call)
    }
  }
}
