/**
 * What a faulty actor does on which call, what has happened so far, and who waits to hear of it.
 */
import { systemClock } from '../clock.ts'
import { InvalidOption } from '../errors.ts'
import { type AnyCue, type CallName, type CueList, dueOf, type FaultKind, type Receiving } from './cues.ts'
import { DiedOnCue, FailedOnCue, TestDeadline } from './errors.ts'

export type FaultName = 'failed' | 'hung' | 'died'

/** Something that went wrong on cue. */
export interface Fault<In = unknown> {
  readonly kind: FaultName
  /** In which call: of `receive`, or of another part of the actor. A handler is all `receive`. */
  readonly call: CallName
  /** Which item; undefined in other calls than `receive`. */
  readonly sequence: number | undefined
  readonly attempt: number
  readonly item: In | undefined
  /** What was thrown, if it was. */
  readonly error: unknown
}

/** How often … so far; of all workers together. */
export interface FaultCounts {
  /** … the actor was handed an item: once for each attempt. */
  readonly received: number
  /** … its own handler was called. */
  readonly handled: number
  readonly failed: number
  readonly hung: number
  readonly died: number
  readonly setups: number
  readonly flushes: number
  readonly stops: number
}

/** What a faulty actor knows of itself. */
export interface Faults<In> {
  /** All that went wrong on cue, in the order in which it did. */
  readonly faults: readonly Fault<In>[]
  readonly counts: FaultCounts
  /**
   * Resolves when that has happened so often, at once if it has: `await flaky.happened('hung')`.
   *
   * @param times a whole number from 1. Default 1: the first.
   * @param deadline ms of real time. Default 5,000.
   * @throws {TestDeadline} when it has not happened by then.
   */
  happened(kind: FaultName, times?: number, deadline?: number): Promise<Fault<In>>
  /** Whatever hangs just now goes on; gives how many that are. */
  release(): number
}

const names: Readonly<Record<FaultKind, FaultName>> = { fails: 'failed', hangs: 'hung', dies: 'died' }

/** What is due in a call; each undefined if it is not. */
export type Due = Readonly<Record<FaultKind, AnyCue | undefined>>

export class Script implements Faults<any> {
  readonly faults: Fault<any>[] = []
  readonly #cues: CueList
  readonly #name: string
  readonly #counts = { received: 0, handled: 0, setups: 0, flushes: 0, stops: 0 }
  readonly #hanging = new Set<() => void>()
  readonly #listeners = new Set<() => void>()

  constructor(cues: CueList, name: string) {
    this.#cues = cues
    this.#name = name
  }

  /* ── for tests ─────────────────────────────────────────────────────────── */

  get counts(): FaultCounts {
    const times = (kind: FaultName) => this.faults.filter(fault => fault.kind === kind).length
    return { ...this.#counts, failed: times('failed'), hung: times('hung'), died: times('died') }
  }

  happened(kind: FaultName, times = 1, deadline = 5_000): Promise<Fault<any>> {
    if (!Object.values(names).includes(kind)) {
      throw new InvalidOption('happened', "given 'failed', 'hung' or 'died'", kind, `faulty(${this.#name})`)
    }
    for (const [name, expected, value, isRight] of [
      ['times', 'a whole number from 1', times, Number.isSafeInteger(times) && times >= 1],
      ['deadline', 'a number of milliseconds above 0', deadline, typeof deadline === 'number' && deadline > 0],
    ] as const) {
      if (!isRight) throw new InvalidOption(name, expected, value, `faulty(${this.#name}): happened`)
    }
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.faults.filter(fault => fault.kind === kind)[times - 1]
        if (!found) return
        this.#listeners.delete(look)
        systemClock.clearTimeout(timer)
        resolve(found)
      }
      const late = () => {
        this.#listeners.delete(look)
        const { received, failed, hung, died } = this.counts
        const sofar = `it was handed items ${received} times, failed ${failed}, hung ${hung} and died ${died} times`
        const times_ = times === 1 ? '' : ` ${times} times`
        reject(new TestDeadline(`faulty(${this.#name}) has not ${kind}${times_} (${sofar})`, deadline))
      }
      const timer = deadline === Infinity ? undefined : systemClock.setTimeout(late, deadline)
      this.#listeners.add(look)
      look()
    })
  }

  release(): number {
    const hanging = [...this.#hanging]
    this.#hanging.clear()
    for (const goOn of hanging) goOn()
    return hanging.length
  }

  /* ── for the actor ─────────────────────────────────────────────────────── */

  received(at: Receiving): Due {
    this.#counts.received++
    return this.#due('receive', 0, at)
  }

  handled(): void {
    this.#counts.handled++
  }

  setUp(): Due {
    return this.#due('setup', ++this.#counts.setups)
  }

  flushed(): Due {
    return this.#due('flush', ++this.#counts.flushes)
  }

  stopped(): Due {
    return this.#due('stop', ++this.#counts.stops)
  }

  #due(call: CallName, count: number, at?: Receiving): Due {
    const of = (kind: FaultKind) => dueOf(this.#cues[kind], call, count, at)
    return { hangs: of('hangs'), dies: of('dies'), fails: of('fails') }
  }

  /**
   * What is due before the actor's own part is called, or `after` it: hangs, and then throws.
   *
   * It hangs until `signal` aborts, and then rejects with the reason; or until it is released.
   */
  async meet(due: Due, after: boolean, call: CallName, at: Receiving | undefined, signal?: AbortSignal): Promise<void> {
    const { hangs } = due
    if (hangs && (hangs.after ?? false) === after) await this.#hang(hangs, call, at, signal)
    this.throwDue(due, after, call, at)
  }

  /** Throws what is due to be thrown. */
  throwDue({ dies, fails }: Due, after: boolean, call: CallName, at: Receiving | undefined): void {
    const where = at ? `item ${at.sequence}, attempt ${at.attempt}` : `\`${call}\``
    if (dies && (dies.after ?? false) === after) {
      throw this.#note('dies', call, at, new DiedOnCue(where))
    }
    if (!fails || (fails.after ?? false) !== after) return
    throw this.#note('fails', call, at, errorOf(fails, where, at?.item))
  }

  #hang({ deaf }: AnyCue, call: CallName, at: Receiving | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#hanging.delete(goOn)
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const goOn = () => end(resolve)
      const abort = () => end(() => reject(signal!.reason))
      this.#hanging.add(goOn)
      if (!deaf) {
        if (signal?.aborted) abort()
        else signal?.addEventListener('abort', abort)
      }
      this.#note('hangs', call, at, undefined)
    })
  }

  #note<E>(kind: FaultKind, call: CallName, at: Receiving | undefined, error: E): E {
    const { item, sequence, attempt = 1 } = at ?? {}
    this.faults.push({ kind: names[kind], call, sequence, attempt, item, error })
    for (const look of [...this.#listeners]) look()
    return error
  }
}

/** What is thrown: as it was said, or made of the item by a function, or of a class of errors. */
function errorOf({ error }: AnyCue, where: string, item: unknown): unknown {
  if (error === undefined) return new FailedOnCue(where)
  if (typeof error !== 'function') return error
  const isClass = error === Error || error.prototype instanceof Error
  return isClass ? new (error as ErrorConstructor)(`failed on cue: ${where}`) : error(item)
}
