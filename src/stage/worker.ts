/**
 * One live copy of an actor in this event loop: what `setup` gave, and the items it has in hand.
 */
import type { StagePlan } from './plan.ts'
import type { Work } from './work.ts'

export class InlineWorker {
  readonly index: number
  readonly address: string
  resources: unknown = undefined
  /** Whether `setup` has run, if there is one: then `stop` has to. */
  isSetUp = false
  /** Items in hand; never more than the stage's `concurrency`. */
  inHand = 0
  /** Keyed stages: items whose key is free, waiting for this worker; the lowest first. */
  readonly line: Work[] = []
  /** Waiting to be empty-handed, or being set up anew: takes nothing. */
  restarting = false
  /** It has nothing in hand, and is being set up anew. */
  isRenewing = false
  /** Its line is being worked off. */
  isEmploying = false
  /** Its body has ended before the input did. */
  retired = false
  restarts = 0

  constructor(plan: StagePlan, index: number) {
    this.index = index
    this.address = `${plan.pipeline}/${plan.name}#${index}`
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
  setUp(plan: StagePlan): Promise<void> | undefined {
    const body = plan.body
    if (body.kind !== 'behaviour' || !body.setup) {
      this.isSetUp = true
      return undefined
    }
    const resources = body.setup()
    const keep = (value: unknown) => {
      this.resources = value
      this.isSetUp = true
    }
    if (resources !== null && typeof (resources as PromiseLike<unknown> | undefined)?.then === 'function') {
      return Promise.resolve(resources).then(keep)
    }
    keep(resources)
    return undefined
  }

  /** Runs `stop`, once for each time that it was set up. */
  async tearDown(plan: StagePlan): Promise<void> {
    const body = plan.body
    if (body.kind !== 'behaviour' || !body.stop || !this.isSetUp) return
    this.isSetUp = false
    await body.stop(this.resources)
  }
}
