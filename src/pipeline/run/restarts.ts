/** Who is restarted with whom, and how often: the words of Erlang/OTP. */
import type { Clock } from '../../clock.ts'
import { TooManyRestarts } from '../../errors.ts'
import { supervisionOptions } from '../../options.ts'
import type { AnyStage } from '../../stage/host.ts'
import { RestartBudget } from '../../supervisor/restart-budget.ts'
import type { Supervision } from '../language.ts'

export class Restarts {
  readonly #supervision: Supervision
  readonly #clock: Clock
  readonly #budgets = new Map<AnyStage, RestartBudget>()

  constructor(supervision: Supervision, clock: Clock) {
    this.#supervision = supervision
    this.#clock = clock
  }

  /** Spends one restart of the stage's budget; false if there was none left. */
  may(stage: AnyStage): boolean {
    let budget = this.#budgets.get(stage)
    if (!budget) {
      budget = new RestartBudget(this.#most(stage), this.#within)
      this.#budgets.set(stage, budget)
    }
    return budget.spend(this.#clock.now())
  }

  /** ms to wait before a worker's n-th restart. */
  backoff(restart: number): number {
    return (this.#supervision.backoff ?? supervisionOptions.backoff.value)(restart)
  }

  tooMany(stage: AnyStage, cause: unknown): TooManyRestarts {
    return new TooManyRestarts(this.#most(stage), this.#within, cause)
  }

  /** A worker of `stage` is restarted: so are those of the stages that the strategy names. */
  spread(stage: AnyStage, stages: readonly AnyStage[], cause: unknown): void {
    const { strategy = supervisionOptions.strategy.value } = this.#supervision
    if (strategy === 'one-for-one') return
    for (const other of stages) {
      if (other !== stage && (strategy === 'one-for-all' || other.index > stage.index)) other.restart(cause)
    }
  }

  #most(stage: AnyStage): number {
    return this.#supervision.maxRestarts ?? supervisionOptions.maxRestarts.value(stage.plan.workers)
  }

  get #within(): number {
    return this.#supervision.within ?? supervisionOptions.within.value
  }
}
