/**
 * The way of items with a key: each goes to the worker that owns its key, and waits there until the key is free.
 *
 *     item ─▶ key ─▶ busy? ──yes──▶ line of the key ──┐ when the one before is done
 *                      │ no                           ▼
 *                      └──────▶ line of the worker, the lowest first ──▶ in hand, at most `concurrency`
 *
 * So items of one key are handled one after another, in order, whatever else goes on.
 */
import type { Channel } from '../channel/channel.ts'
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Failures } from './failures.ts'
import type { KeyState, Keys } from './keys.ts'
import type { StagePlan } from './plan.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

export interface KeyedHost {
  /** Takes the next item from the input. */
  take(work: Work, worker: InlineWorker): void
  /** It is in hand. */
  begin(work: Work): void
  /** Its handler is called. */
  run(work: Work): void
}

interface Parts {
  readonly input: Channel
  readonly crew: Crew
  readonly keys: Keys
  readonly works: Works
  readonly exit: Exit
  readonly failures: Failures
}

export class Keyed {
  /** What the items weigh that are claimed, and not begun: it counts against the window. */
  bytes = 0
  readonly #plan: StagePlan
  readonly #keyOf: (item: any) => string | number
  readonly #parts: Parts
  readonly #host: KeyedHost

  constructor(plan: StagePlan, keyOf: (item: any) => string | number, parts: Parts, host: KeyedHost) {
    this.#plan = plan
    this.#keyOf = keyOf
    this.#parts = parts
    this.#host = host
  }

  /** Claims the next item, which is there; false if it has to wait in the channel. */
  claim(): boolean {
    const { input, crew, keys, works } = this.#parts
    let key: KeyState | undefined
    let error: unknown
    try {
      key = keys.of(this.#keyOf(input.at(input.taken)), input.sequence)
    } catch (thrown) {
      error = thrown
    }
    const worker = crew.workers[key?.worker ?? 0]!
    const waits = key?.busy !== undefined || worker.restarting || worker.isOccupied || worker.inHand >= crew.hand
    if (waits && input.capacity.items === 0) return false
    const work = works.make()
    const weight = input.weight
    this.#host.take(work, worker)
    if (!key) this.#refuse(work, error)
    else this.#line(work, key, weight)
    return true
  }

  /** An item without a key has failed, once and for all. */
  #refuse(work: Work, error: unknown): void {
    this.#host.begin(work)
    work.attempts = this.#plan.attempts
    this.#parts.failures.giveUp(work, error)
  }

  #line(work: Work, key: KeyState, weight: number): void {
    work.key = key
    work.weight = weight
    this.bytes += weight
    if (key.busy) key.line.push(work)
    else {
      key.busy = work
      work.worker.enqueue(work)
    }
    this.employ(work.worker)
  }

  /** An item whose worker is gone waits for the next one, before all that came later. */
  takeBack(work: Work, worker: InlineWorker): void {
    this.bytes += work.weight
    worker.enqueue(work)
  }

  /** Gives a worker what waits for it, as far as it may take more. */
  employ(worker: InlineWorker): void {
    const { crew, exit, failures, works } = this.#parts
    const { emit } = this.#plan
    const { hand } = crew
    // What is begun may be done at once, and come back here: the loop that is under way goes on with the next.
    if (worker.isEmploying) return
    worker.isEmploying = true
    while (worker.line.length > 0 && worker.inHand < hand && !works.isOver) {
      if (worker.isOccupied || worker.isAlone || worker.isGone) break
      // A worker that is to be restarted waits for what it has in hand; if that streams, it waits for the lowest item to
      // leave before it: so that one is still begun.
      const isAwaited = worker.inHand > 0 && emit === 'streaming' && exit.isAwaited(worker.line[0]!)
      if (worker.restarting && !isAwaited) break
      if (!exit.mayBegin(worker.line[0]!)) break
      if (worker.line[0]!.isSolo && worker.inHand > 0) break
      const work = worker.line.shift()!
      worker.isAlone = work.isSolo
      if (worker.restarting) failures.loseStateOf(work.key!)
      this.bytes -= work.weight
      this.#host.begin(work)
      this.#host.run(work)
    }
    worker.isEmploying = false
  }

  /** The same for all workers. */
  employAll(): void {
    for (const worker of this.#parts.crew.workers) this.employ(worker)
  }
}
