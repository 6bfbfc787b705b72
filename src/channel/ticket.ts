/**
 * Ends when all that it stands for has ended.
 *
 * A ticket begins with one share. Who splits a share into n adds n and closes the one; the last close calls `ended`.
 */
export class Ticket {
  /** Shares that have not ended. 0 only once, at the end. */
  #open = 1
  #ended: () => void

  constructor(ended: () => void) {
    this.#ended = ended
  }

  add(shares: number): void {
    this.#open += shares
  }

  /** Something more to do at the end. */
  also(ended: () => void): void {
    const before = this.#ended
    this.#ended = () => {
      before()
      ended()
    }
  }

  close(): void {
    if (--this.#open === 0) this.#ended()
  }
}

/** What travels with an item where somebody wants to know its end. Most items have none. */
export interface Tag {
  /** The source item that this one descends from. */
  readonly origin: Origin | undefined
  /** The slot of the stage that emitted it (`inFlight`); closed when the reader, done with it, asks for the next. */
  readonly hold: Ticket | undefined
}

/** The source item that others descend from: for `ask`, and for the bound on source items under way. */
export class Origin extends Ticket {
  /** Who asked: results go to it alone. */
  readonly asker: Asker | undefined
  /** Set when the asker has had its answer: what still descends from the item is not worth handling. */
  forsaken = false
  /**
   * Number of the stage in which something of it has failed, -1 while nothing has. What is of it in that stage, or before,
   * comes after the failure; what is further down came before, and goes on: if it fails too, that failure is the first.
   */
  failedAt = -1

  constructor(ended: () => void, asker?: Asker) {
    super(ended)
    this.asker = asker
  }

  /** Whether what is of it in stage number `index` is not worth handling. */
  isOver(index: number): boolean {
    return this.forsaken || index <= this.failedAt
  }
}

export interface Asker {
  /** A failure that would stop the pipeline is the asker's affair alone: so in a pipeline that is a stage of another. */
  readonly contains: boolean
  take(result: unknown): void
  fail(pipeline: string, failure: AskedFailure): void
  /** Something of it was dropped before `stage`. */
  dropped(stage: string): void
}

/** What the asker is told of an item that was given up. */
export interface AskedFailure {
  readonly stage: string
  readonly worker: number
  readonly sequence: number
  readonly error: unknown
  readonly attempts: number
}
