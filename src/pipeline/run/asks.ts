/** `ask`: hands in one item, and gathers what it leads to, for the asker alone. */
import { type Asker, Origin } from '../../channel/ticket.ts'
import type { Clock } from '../../clock.ts'
import { AskTimeout, RunEnded, StageFailed } from '../../errors.ts'

export interface AskOptions {
  readonly signal?: AbortSignal
  /** ms */
  readonly timeout?: number
}

type Send = (item: unknown, origin: Origin) => Promise<void>

export class Asks {
  readonly #pipeline: string
  readonly #clock: Clock
  /** The pipeline is a stage of another: a failure that would stop it is the asker's affair alone. */
  readonly #contains: boolean
  readonly #send: Send
  readonly #open = new Set<Ask>()

  constructor(pipeline: string, clock: Clock, contains: boolean, send: Send) {
    this.#pipeline = pipeline
    this.#clock = clock
    this.#contains = contains
    this.#send = send
  }

  ask(item: unknown, options: AskOptions): Promise<unknown[]> {
    const { signal, timeout } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const ask = new Ask(this.#contains, () => {
      this.#open.delete(ask)
      if (timer !== undefined) this.#clock.clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    })
    const abort = () => ask.refuse(signal!.reason)
    signal?.addEventListener('abort', abort, { once: true })
    let timer: unknown
    if (timeout !== undefined) {
      timer = this.#clock.setTimeout(() => ask.refuse(new AskTimeout(this.#pipeline, timeout)), timeout)
    }
    this.#open.add(ask)
    this.#send(item, ask.origin).catch(error => ask.refuse(error))
    return ask.answer
  }

  /** The run is over: what was not answered will not be. */
  refuse(error: unknown = new RunEnded(this.#pipeline)): void {
    for (const ask of this.#open) ask.refuse(error)
  }
}

/** One question, until it has its answer. */
class Ask implements Asker {
  readonly answer: Promise<unknown[]>
  readonly origin: Origin
  readonly contains: boolean
  readonly #ended: () => void
  readonly #results: unknown[] = []
  #failure: StageFailed | undefined
  #resolve!: (results: unknown[]) => void
  #reject!: (error: unknown) => void

  constructor(contains: boolean, ended: () => void) {
    this.contains = contains
    this.#ended = ended
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
    this.#ended()
  }
}
