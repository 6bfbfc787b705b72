/**
 * What becomes of items that fail: another attempt, or what the policy says that the failure costs.
 *
 *     threw ──▶ attempts left? ──yes──▶ wait ──▶ begin again
 *     timed out    │ no
 *                  ▼
 *               judge: stop     everything, when its turn comes
 *                      skip     the item: a dead letter in its place
 *                      restart  the item, and the worker with its state
 */
import { ItemTimeout, StateLost } from '../errors.ts'
import { Departed } from '../runtime/remote/departed.ts'
import { Charges, type Verdict } from './charges.ts'
import type { KeyState, Keys } from './keys.ts'
import type { Failure, StagePlan } from './plan.ts'
import { policyOf } from './policy.ts'
import type { Pump } from './pump.ts'
import { Timeouts } from './timeouts.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

/** What stopped a stage. */
export interface Fault {
  readonly error: unknown
  readonly worker: number
  readonly sequence: number | undefined
  readonly attempts: number
}

export interface FailuresHost {
  begin(work: Work): void
  settled(work: Work): void
  restart(worker: InlineWorker, cause: unknown): void
  /** Its worker is gone, and it waits for another. */
  orphaned(work: Work): void
  suppressed(error: unknown): void
  stateLost(keys: number): void
  wake(): void
  /** Another work has its place. */
  replaced(work: Work, reason: unknown): void
}

export class Failures {
  readonly #plan: StagePlan
  readonly #index: number
  readonly #pump: Pump
  readonly #works: Works
  readonly #keys: Keys
  readonly #host: FailuresHost
  readonly #charges: Charges
  /** Its handlers run elsewhere; of what others throw not even the class is asked. */
  readonly #isRemote: boolean
  readonly #timeouts: Timeouts

  constructor(plan: StagePlan, index: number, pump: Pump, works: Works, keys: Keys, host: FailuresHost) {
    this.#plan = plan
    this.#index = index
    this.#pump = pump
    this.#works = works
    this.#keys = keys
    this.#host = host
    this.#charges = new Charges(plan)
    this.#isRemote = plan.body.kind === 'behaviour' && plan.body.remote !== undefined
    this.#timeouts = new Timeouts(pump.clock, now => this.#sweep(now))
  }

  /** The first attempt at an item begins. */
  started(work: Work): void {
    work.startedAt = this.#pump.clock.now()
    if (this.#plan.timeout !== Infinity) this.#timeouts.by(work.startedAt + this.#plan.timeout)
  }

  threw(work: Work, error: unknown): void {
    if (work.settled || work.over) return
    work.cancel = undefined
    work.iterator = undefined
    work.isPulling = false
    // Handlers that end because they were told to are no failures; nor are those of an item that nobody waits for.
    if (this.#works.isOver || work.tag?.origin?.isOver(this.#index)) return this.#host.settled(work)
    if (this.#isRemote && error instanceof Departed) return this.#orphaned(work, error)
    const elapsed = this.#plan.attempts > 1 ? this.#pump.clock.now() - work.startedAt : 0
    let verdict: Verdict
    try {
      verdict = this.#charges.threw(work, elapsed, this.#plan.timeout)
    } catch (thrown) {
      // A backoff that throws says nothing about the wait: there is no other attempt.
      this.#host.suppressed(thrown)
      return this.giveUp(work, error)
    }
    if (!verdict.again) return this.giveUp(work, error)
    if (verdict.after === 0) return this.#host.begin(work)
    this.#again(work, verdict.after)
  }

  /** Its worker is gone: others take it, unless it has taken too many with it. */
  #orphaned(work: Work, { cause, isCharged }: Departed): void {
    const { body } = this.#plan
    if (isCharged) {
      const verdict = this.#charges.died(work)
      if (!verdict.again) return this.giveUp(work, cause)
      work.isSolo = verdict.alone
    }
    if (work.isFlush && body.kind === 'behaviour' && !body.snapshot) return this.giveUp(work, cause)
    this.#host.orphaned(work)
  }

  #again(work: Work, after: number): void {
    const { clock } = this.#pump
    const timer = clock.setTimeout(() => {
      work.cancel = undefined
      if (work.over || work.settled) return
      const wasHeld = this.#pump.hold()
      if (this.#works.isOver) this.#host.settled(work)
      else this.#host.begin(work)
      this.#pump.letGo(wasHeld)
    }, after)
    work.cancel = () => clock.clearTimeout(timer)
  }

  /** The schema of the stage does not let it in, and would not another time. */
  refused(work: Work, error: unknown): void {
    if (work.settled || work.over) return
    work.attempts++
    this.giveUp(work, error)
  }

  /** No attempt is left. */
  giveUp(work: Work, error: unknown): void {
    this.judge(work, error)
    this.#host.settled(work)
  }

  /** What the failure costs is the policy's to say. */
  judge(work: Work, error: unknown): void {
    const failure: Failure = {
      stage: this.#plan.name,
      worker: work.worker.index,
      sequence: work.sequence,
      ...(work.key?.key === undefined ? {} : { key: work.key.key }),
      item: work.item,
      error,
      attempts: work.attempts + work.deaths,
      deaths: work.deaths,
    }
    let policy = policyOf(this.#plan, failure, thrown => this.#host.suppressed(thrown))
    let cause = error
    if (policy === 'restart') {
      const lost = this.mustKeep(work.worker)
      if (lost > 0) {
        policy = 'stop'
        cause = Object.assign(new StateLost(lost), { cause: error })
      } else this.#host.restart(work.worker, error)
    }
    // What was yielded before has left, or is as good as gone: only whole outputs are taken back.
    if (this.#plan.emit === 'whole') work.clearOutputs()
    work.forget = false
    work.failure = { ...failure, error: cause, policy }
    if (policy === 'stop' && !work.tag?.origin?.asker?.contains) this.#works.isFailing = true
  }

  /* ── state ─────────────────────────────────────────────────────────────── */

  /**
   * How many states would be lost with a worker that may not be: neither saved nor volatile. At least one: whether this
   * worker has any just now depends on how many workers there are, and the answer must not.
   */
  mustKeep(worker: InlineWorker): number {
    const { body } = this.#plan
    if (body.kind !== 'behaviour' || !body.stateful || body.snapshot || body.volatile) return 0
    return Math.max(1, this.#keys.ownedBy(worker.index).filter(key => key.started).length)
  }

  /** A worker with nothing in hand goes: its keys go back to what was saved of them, or begin anew. */
  loseState(worker: InlineWorker): void {
    this.#lose(this.#keys.ownedBy(worker.index))
  }

  /** A worker that is to go has to handle one item more first: that meets its state as it will be then. */
  loseStateOf(key: KeyState): void {
    this.#lose([key])
  }

  #lose(keys: readonly KeyState[]): void {
    let lost = 0
    for (const key of keys) {
      if (!key.started) continue
      if (key.isSaved) key.started = false
      else {
        lost++
        this.#keys.forget(key)
      }
    }
    const { body } = this.#plan
    if (lost > 0 && body.kind === 'behaviour' && !body.snapshot) this.#host.stateLost(lost)
  }

  /* ── timeouts ──────────────────────────────────────────────────────────── */

  #sweep(now: number): number {
    let next = Infinity
    for (const work of this.#works.all()) {
      if (!work.isRunning || this.#works.isOver) continue
      const due = work.startedAt + this.#plan.timeout
      if (now >= due) this.#timedOut(work)
      else if (due < next) next = due
    }
    this.#host.wake()
    return this.#works.isOver ? Infinity : next
  }

  /** Its handler may still be running: another work takes its place in the order, and nobody listens to this one. */
  #timedOut(work: Work): void {
    const error = new ItemTimeout(this.#plan.timeout)
    this.giveUp(this.#heirOf(work, error), error)
  }

  /** The same for a work that nobody waits for: it leads to nothing. */
  replace(work: Work, reason: unknown): void {
    this.#host.settled(this.#heirOf(work, reason))
  }

  #heirOf(work: Work, reason: unknown): Work {
    const heir = this.#works.make()
    heir.takePlaceOf(work)
    if (heir.key) heir.key.busy = heir
    work.over = true
    this.#works.close(work)
    this.#works.open(heir)
    this.#host.replaced(work, reason)
    work.abort(reason)
    return heir
  }

  clear(): void {
    this.#timeouts.clear()
  }
}
