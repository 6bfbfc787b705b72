/** `ask`: hands in one item, and gathers what it leads to, for the asker alone. */
import { type Asker, Origin } from '../../channel/ticket.ts'
import { ofOneItem, weigh } from '../../channel/weigh.ts'
import type { Clock } from '../../clock.ts'
import { AskTimeout, ItemDropped, type MillraceError, OutputLimit, StageFailed } from '../../errors.ts'
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
    const ask = new Ask(this.#pipeline, this.#contains, {
      ended: () => {
        this.#open.delete(ask)
        if (timer !== undefined) this.#clock.clearTimeout(timer)
        unlisten?.()
      },
      forget: reason => this.#forsaken(ask.origin, reason),
    })
    const unlisten = signal && onAbort(signal, () => ask.forsake(signal.reason))
    let timer: unknown
    if (timeout !== undefined) {
      timer = this.#clock.setTimeout(() => ask.forsake(new AskTimeout(this.#pipeline, timeout)), timeout)
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
  /** It has its answer, or will have none. */
  ended(): void
  /** There will be no answer, or it is a failure: what is of the item, or comes after that, is not worth handling. */
  forget(reason: unknown): void
}

/** One question, until it has its answer. */
class Ask implements Asker {
  readonly answer: Promise<unknown[]>
  readonly origin: Origin
  readonly contains: boolean
  readonly #pipeline: string
  readonly #host: AskHost
  #results: unknown[] = []
  /** What the results weigh. */
  #bytes = 0
  #failure: MillraceError | undefined
  #resolve!: (results: unknown[]) => void
  #reject!: (error: unknown) => void

  constructor(pipeline: string, contains: boolean, host: AskHost) {
    this.#pipeline = pipeline
    this.contains = contains
    this.#host = host
    this.origin = new Origin(() => this.#answered(), this)
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** An answer is bounded as what one item leads to is, anywhere; but for a single result. */
  take(result: unknown): void {
    if (this.origin.forsaken) return
    this.#results.push(result)
    if (typeof result !== 'number') this.#bytes += weigh(result)
    if (this.#results.length === 1) return
    if (this.#results.length > ofOneItem.outputs) this.#overflow('1,000,000 results')
    else if (this.#bytes > ofOneItem.bytes) this.#overflow('64 MiB of results')
  }

  #overflow(what: string): void {
    this.#results = []
    this.forsake(new OutputLimit(what, 'answer'))
  }

  /** Nobody waits any more. */
  forsake(reason: unknown): void {
    this.refuse(reason)
    this.#host.forget(reason)
  }

  fail(pipeline: string, { stage, worker, sequence, attempts, error }: Parameters<Asker['fail']>[1]): void {
    this.#failure = new StageFailed({ pipeline, stage, worker, sequence, attempt: attempts }, error)
    this.#host.forget(error)
  }

  /** In a pipeline that is a stage of another a drop is counted there, as it would be without the stage around it. */
  dropped(stage: string): void {
    if (!this.contains) this.#failure ??= new ItemDropped(this.#pipeline, stage)
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
