/** `ask`: hands in one item, and gathers what it leads to, for the asker alone. */
import { type Asker, Origin } from '../../channel/ticket.ts'
import type { Clock } from '../../clock.ts'
import { AskTimeout, StageFailed } from '../../errors.ts'
import { onAbort } from './on-abort.ts'

export interface AskOptions {
  readonly signal?: AbortSignal
  /** ms */
  readonly timeout?: number
}

export class Asks {
  readonly #pipeline: string
  readonly #clock: Clock
  /** The pipeline is a stage of another: a failure that would stop it is the asker's affair alone. */
  readonly #contains: boolean
  readonly #open = new Set<Ask>()
  /** Nobody waits any more for what is of this origin, or for what comes after a failure of it. */
  readonly #forsaken: (origin: Origin, reason: unknown) => void

  constructor(pipeline: string, clock: Clock, contains: boolean, forsaken: (origin: Origin, reason: unknown) => void) {
    this.#forsaken = forsaken
    this.#pipeline = pipeline
    this.#clock = clock
    this.#contains = contains
  }

  /** `send` hands the item in, with this origin. */
  ask(options: AskOptions, send: (origin: Origin) => Promise<void>): Promise<unknown[]> {
    const { signal, timeout } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const ask = new Ask(this.#contains, {
      ended: () => {
        this.#open.delete(ask)
        if (timer !== undefined) this.#clock.clearTimeout(timer)
        unlisten?.()
      },
      failed: error => this.#forsaken(ask.origin, error),
    })
    const forsake = (reason: unknown) => {
      ask.refuse(reason)
      this.#forsaken(ask.origin, reason)
    }
    const unlisten = signal && onAbort(signal, () => forsake(signal.reason))
    let timer: unknown
    if (timeout !== undefined) {
      timer = this.#clock.setTimeout(() => forsake(new AskTimeout(this.#pipeline, timeout)), timeout)
    }
    this.#open.add(ask)
    send(ask.origin).catch(error => ask.refuse(error))
    return ask.answer
  }

  /** The run is over: what was not answered will not be. */
  refuse(error: unknown): void {
    for (const ask of this.#open) ask.refuse(error)
  }
}

interface AskHost {
  ended(): void
  /** Something that the item led to has failed: what comes after that is not worth handling. */
  failed(error: unknown): void
}

/** One question, until it has its answer. */
class Ask implements Asker {
  readonly answer: Promise<unknown[]>
  readonly origin: Origin
  readonly contains: boolean
  readonly #host: AskHost
  readonly #results: unknown[] = []
  #failure: StageFailed | undefined
  #resolve!: (results: unknown[]) => void
  #reject!: (error: unknown) => void

  constructor(contains: boolean, host: AskHost) {
    this.contains = contains
    this.#host = host
    this.origin = new Origin(() => this.#answered(), this)
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  take(result: unknown): void {
    this.#results.push(result)
  }

  fail(pipeline: string, { stage, worker, sequence, attempts, error }: Parameters<Asker['fail']>[1]): void {
    this.#failure = new StageFailed({ pipeline, stage, worker, sequence, attempt: attempts }, error)
    this.#host.failed(error)
  }

  /** Everything that the item led to has ended. */
  #answered(): void {
    if (this.origin.forsaken) return
    this.#end()
    if (this.#failure) this.#reject(this.#failure)
    else this.#resolve(this.#results)
  }

  /** There will be no answer: what still descends from the item is not worth handling. */
  refuse(error: unknown): void {
    if (this.origin.forsaken) return
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.origin.forsaken = true
    this.#host.ended()
  }
}
