/**
 * What becomes of items of a section's stage that fail, or that their worker dies with; and when anybody hears of it.
 *
 *     threw ──▶ attempts left? ──yes──▶ wait ──▶ again
 *     died          │ no
 *                   ▼
 *                 judge: stop ──▶ the stage ends there       (the worker: last)
 *                        skip ──▶ a dead letter              (           skip)
 *                        restart  the same, and its worker   (           leave)
 *
 * A letter waits until all items before it are published, a fault until the stage has ended with it: items before it may
 * yet fail, and an item that is given up by a worker that then dies is tried again.
 */
import type { Clock } from '../../clock.ts'
import type { SeatVerdict } from '../../runtime/remote/protocol.ts'
import { type Charge, Charges } from '../charges.ts'
import type { Fault } from '../failures.ts'
import type { Failure, StagePlan } from '../plan.ts'
import { policyOf } from '../policy.ts'

export interface TroublesHost {
  decide(worker: number, sequence: number, verdict: SeatVerdict, attempt: number): void
  restart(worker: number, error: unknown): void
  deadLetter(failure: Failure): void
  suppressed(error: unknown): void
}

export class Troubles {
  /** Items that were given up, and published as such. */
  deadLetters = 0
  readonly #plan: StagePlan
  readonly #clock: Clock
  readonly #host: TroublesHost
  readonly #charges: Charges
  readonly #open = new Map<number, Charge>()
  readonly #letters = new Map<number, Failure>()
  readonly #faults = new Map<number, Fault>()
  readonly #timers = new Set<unknown>()
  /** The fault that the stage has ended with. */
  #end: Fault | undefined

  constructor(plan: StagePlan, clock: Clock, host: TroublesHost) {
    this.#plan = plan
    this.#clock = clock
    this.#host = host
    this.#charges = new Charges(plan)
  }

  /** A handler threw; its worker waits for the verdict. */
  threw(worker: number, sequence: number, item: unknown, error: unknown): void {
    const charge = this.#chargeOf(sequence)
    const verdict = this.#verdictOn(charge)
    if (!verdict) return this.#giveUp(worker, sequence, item, error, charge)
    const again = () => this.#host.decide(worker, sequence, 'again', charge.attempts + 1)
    if (verdict.after === 0) return again()
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer)
      again()
    }, verdict.after)
    this.#timers.add(timer)
  }

  /** It could not even be handed over, and could not another time. */
  refused(worker: number, sequence: number, item: unknown, error: unknown): void {
    const charge = this.#chargeOf(sequence)
    charge.attempts++
    this.#giveUp(worker, sequence, item, error, charge)
  }

  /** Its worker died with it in hand: whether it is given up now, and at what price. `itemOf`, `cause`: for that case. */
  died(worker: number, sequence: number, itemOf: () => unknown, cause: unknown): boolean | 'stop' {
    const charge = this.#chargeOf(sequence)
    if (this.#charges.died(charge).again) return false
    const policy = this.#judge(worker, sequence, itemOf(), cause, charge)
    return policy === 'stop' ? 'stop' : true
  }

  /** A worker is gone with items from `from` up to `to` in its frame: they begin anew, whatever had become of them. */
  undone(from: number, to: number): void {
    for (const [sequence, charge] of this.#open) {
      if (sequence < from || sequence >= to) continue
      charge.attempts = 0
      this.#letters.delete(sequence)
      this.#faults.delete(sequence)
    }
  }

  /** All items before `settled` are published: dead letters among them are told. */
  passed(settled: number): void {
    if (this.#open.size === 0) return
    const due = [...this.#letters.keys()].filter(sequence => sequence < settled)
    for (const sequence of due.sort((a, b) => a - b)) {
      const failure = this.#letters.get(sequence)!
      this.#letters.delete(sequence)
      this.deadLetters++
      this.#host.deadLetter(failure)
    }
    for (const sequence of this.#open.keys()) if (sequence < settled) this.#open.delete(sequence)
  }

  /** Nothing more is published: the fault that the stage has ended with, if that is why. */
  ended(settled: number): Fault | undefined {
    const sequences = [...this.#faults.keys()].sort((a, b) => a - b)
    const [first, ...rest] = sequences.filter(sequence => sequence < settled)
    for (const sequence of [...rest, ...sequences.filter(each => each >= settled)]) {
      this.#host.suppressed(this.#faults.get(sequence)!.error)
    }
    this.#end = first === undefined ? undefined : this.#faults.get(first)
    this.passed(first ?? settled)
    this.#faults.clear()
    return this.#end
  }

  /** Of `settled` items, those that were: not the one that the stage has ended with, nor what came after it in its frame. */
  settled(settled: number): number {
    return this.#end?.sequence ?? settled
  }

  /** Nobody waits for a verdict any more. Gives the errors that nobody will hear of otherwise. */
  clear(): unknown[] {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    const errors = [...this.#faults.values()].map(({ error }) => error)
    this.#timers.clear()
    this.#faults.clear()
    this.#letters.clear()
    return errors
  }

  #chargeOf(sequence: number): Charge {
    let charge = this.#open.get(sequence)
    if (!charge) this.#open.set(sequence, (charge = { attempts: 0, deaths: 0 }))
    return charge
  }

  /** Undefined: no attempt is left. A backoff that throws says nothing about the wait: there is no other attempt. */
  #verdictOn(charge: Charge): { after: number } | undefined {
    try {
      const verdict = this.#charges.threw(charge, 0, Infinity)
      return verdict.again ? verdict : undefined
    } catch (thrown) {
      this.#host.suppressed(thrown)
      return undefined
    }
  }

  #giveUp(worker: number, sequence: number, item: unknown, error: unknown, charge: Charge): void {
    const policy = this.#judge(worker, sequence, item, error, charge)
    const verdict = ({ stop: 'last', skip: 'skip', restart: 'leave' } as const)[policy]
    this.#host.decide(worker, sequence, verdict, 1)
    if (policy === 'restart') this.#host.restart(worker, error)
  }

  #judge(worker: number, sequence: number, item: unknown, error: unknown, { attempts, deaths }: Charge) {
    const failure: Failure = {
      ...{ stage: this.#plan.name, worker, sequence, item, error },
      ...{ attempts: attempts + deaths, deaths },
    }
    const policy = policyOf(this.#plan, failure, thrown => this.#host.suppressed(thrown))
    if (policy === 'stop') this.#faults.set(sequence, { error, worker, sequence, attempts: attempts + deaths })
    else this.#letters.set(sequence, failure)
    return policy
  }
}
