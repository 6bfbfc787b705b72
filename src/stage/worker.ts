/**
 * One live copy of an actor in this event loop: what `setup` gave, and the items it has in hand.
 */
import type { WorkerLife, WorkerPhase } from './life.ts'
import type { StagePlan, Worker } from './plan.ts'
import type { Work } from './work.ts'

export class InlineWorker implements Worker {
  readonly index: number
  readonly address: string
  /** Once its stage has been started. */
  life: WorkerLife | undefined
  resources: unknown = undefined
  /** Items in hand; never more than the stage's `concurrency`. */
  inHand = 0
  /** Keyed stages: items whose key is free, waiting for this worker; the lowest first. */
  readonly line: Work[] = []
  /** Where it is in its life. */
  phase: WorkerPhase = 'starting'
  /** It takes nothing: its phase is another than `ready`. */
  restarting = true
  /** Its line is being worked off. */
  isEmploying = false
  /** Its body has ended before the input did. */
  retired = false
  restarts = 0
  /** It is to handle the item that it has, and no other beside it. */
  isAlone = false
  /** Elsewhere: a handler that nobody waits for keeps it busy. */
  isOccupied = false
  /** Elsewhere: it has died, and there is no other yet. */
  isGone = false
  kill: (() => void) | undefined = undefined
  /** Set by its crew. */
  onDeath: (error: unknown, isCharged: boolean) => void = () => {}
  onFree: () => void = () => {}

  constructor(plan: StagePlan, index: number) {
    this.index = index
    this.address = `${plan.pipeline}/${plan.name}#${index}`
  }

  entered(phase: WorkerPhase): void {
    this.phase = phase
    this.restarting = phase !== 'ready'
    if (phase === 'ready') this.isGone = false
  }

  /** Whether it may be handed anything. */
  get isAvailable(): boolean {
    return !this.restarting && !this.retired && !this.isAlone && !this.isOccupied
  }

  died(error: unknown, isCharged: boolean): void {
    this.isOccupied = false
    this.isGone = true
    this.onDeath(error, isCharged)
  }

  occupied(isOccupied: boolean): void {
    this.isOccupied = isOccupied
    if (!isOccupied) this.onFree()
  }

  /**
   * Has an item wait for this worker, before those that came later. They may have been waiting longer, as their keys were
   * free before; but were they begun first, they could take every slot and then wait, themselves, for this item to leave.
   */
  enqueue(work: Work): void {
    let place = this.line.length
    while (place > 0 && this.line[place - 1]!.sequence > work.sequence) place--
    this.line.splice(place, 0, work)
  }

  /** Runs `setup`; a promise where that gave one. */
  setUp({ body }: StagePlan): Promise<void> | undefined {
    if (!('setup' in body) || !body.setup) return undefined
    const resources = body.setup(this)
    const keep = (value: unknown) => {
      this.resources = value
    }
    if (resources !== null && typeof (resources as PromiseLike<unknown> | undefined)?.then === 'function') {
      return Promise.resolve(resources).then(keep)
    }
    keep(resources)
    return undefined
  }

  /** Runs `stop`, if there is one. */
  async tearDown({ body }: StagePlan): Promise<void> {
    await ('stop' in body ? body.stop?.(this.resources) : undefined)
  }
}
