/**
 * The way to a worker that lives elsewhere, and its life as it is seen from here.
 *
 *     starting ──ready──▶ ready ──stop──▶ stopping ──▶ gone
 *        └── not in time: killed ──┴── died ──┴── not in time: killed
 *
 * What it says besides is for whoever knows what it is for.
 */
import { WorkerDied, WorkerNotReady } from '../../errors.ts'
import type { End, Line, OpenLine } from './line.ts'
import { type ErrorClass, type PackedError, unpack } from './packed-error.ts'
import type { FromWorker, Order, ToWorker } from './protocol.ts'

export interface LifelineHost {
  /** The classes that its errors may have. */
  errorClass(name: string): ErrorClass | undefined
  /** It has been set up: told before others are. */
  ready(): void
  heard(message: FromWorker): void
  /** It is gone, and everything that it has said was heard. `isUnasked`: by itself, after it had been set up. */
  ended(died: WorkerDied, end: End, isUnasked: boolean): void
}

/** ms that it has to stop in at least, however short the grace period is. */
const leastStopMs = 1_000
/** A longer timer goes off at once. */
const longestTimer = 2 ** 31 - 1 // ms

export class Lifeline {
  /** It has been set up. */
  readonly ready: Promise<void>
  /** `pipeline/stage#worker` */
  readonly address: string
  /** It was ended from here, whatever it did. */
  isKilled = false
  readonly #line: Line
  readonly #order: Order
  readonly #host: LifelineHost
  #phase: 'starting' | 'ready' | 'stopping' | 'gone' = 'starting'
  #error: unknown
  #settleReady!: { resolve: () => void; reject: (error: unknown) => void }
  #stopped: { resolve: () => void; reject: (error: unknown) => void } | undefined
  /** Until it is ready, or gone; and again while it stops. */
  #deadline: NodeJS.Timeout | undefined
  /** The deadline has passed. */
  #isLate = false

  constructor(open: OpenLine, order: Order, host: LifelineHost) {
    const { pipeline, stage, index, resources, traveller } = order
    this.address = `${pipeline}/${stage}#${index}`
    this.#order = order
    this.#host = host
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    this.#line = open(order, this.address, {
      heard: message => this.#heard(message),
      failed: error => {
        this.#error ??= error
      },
      ended: end => this.#ended(end),
    })
    const { startTimeout } = resources
    this.#within(startTimeout, () =>
      this.#settleReady.reject(new WorkerNotReady(this.address, traveller.url, startTimeout)),
    )
  }

  get isGone(): boolean {
    return this.#phase === 'gone'
  }

  /** What it is said to have died of. */
  get error(): unknown {
    return this.#error
  }

  /** Throws where something in it cannot be carried; then nothing was sent. */
  send(message: ToWorker): void {
    if (this.#phase !== 'gone') this.#line.send(message)
  }

  /** Whether it keeps this process from ending. While it starts, and while it stops, it does. */
  hold(isHeld: boolean): void {
    if (isHeld || this.#phase === 'ready') this.#line.hold(isHeld)
  }

  unpack(packed: PackedError): unknown {
    return unpack(packed, name => this.#host.errorClass(name))
  }

  /** Runs `stop`, and ends; rejects with what that threw. `prepare`: what it has to hear before. */
  stop(prepare: () => void = () => {}): Promise<void> {
    if (this.#phase === 'gone') return Promise.resolve()
    this.#phase = 'stopping'
    this.#line.hold(true)
    return new Promise((resolve, reject) => {
      this.#stopped = { resolve, reject }
      const end = { exitCode: undefined, signal: undefined, isKilled: true }
      const { grace } = this.#order
      this.#within(Math.max(grace, leastStopMs), () => reject(new WorkerDied(this.address, end)))
      prepare()
      this.send({ type: 'stop' })
    })
  }

  /** Ends it whatever it does. */
  kill(): void {
    if (this.#phase === 'gone') return
    this.isKilled = true
    this.#line.kill()
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

  #heard(message: FromWorker): void {
    if (message.type === 'ready') {
      if (this.#isLate) return
      clearTimeout(this.#deadline)
      this.#phase = 'ready'
      this.#host.ready()
      this.#settleReady.resolve()
    } else if (message.type === 'failed') {
      clearTimeout(this.#deadline)
      const error = this.unpack(message.error)
      this.#error = error
      this.#stopped?.reject(error)
      this.#settleReady.reject(error)
    } else this.#host.heard(message)
  }

  #ended(end: End): void {
    const { exitCode, signal } = end
    const phase = this.#phase
    this.#phase = 'gone'
    clearTimeout(this.#deadline)
    const hasError = this.#error !== undefined
    const cause = hasError ? { cause: this.#error } : {}
    // What a process says to flags that it does not know.
    const flags = phase === 'starting' && exitCode === 9 ? this.#order.resources.execArgv : []
    const died = new WorkerDied(this.address, { exitCode, signal, isKilled: this.isKilled, flags }, cause)
    this.#host.ended(died, end, phase === 'ready')
    this.#settleReady.reject(hasError ? this.#error : died)
    // It has ended as it was told to, or else its `stop` has not.
    if (this.isKilled || (exitCode === 0 && !hasError)) this.#stopped?.resolve()
    else this.#stopped?.reject(died)
  }
}
