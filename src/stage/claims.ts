/**
 * The way of one item at a time: claimed, handled, settled.
 *
 *     input ─▶ claim ─▶ start ─▶ run ─ … ─▶ settled ─▶ exit ─▶ committed
 *                │                             │
 *                └ takes a slot of the window  └ the worker is free
 *                  and of `inFlight`
 *
 * What is under way is bounded: an item is claimed only while those not yet gone, with what waits in the output, are fewer
 * than the larger of the output's capacity and the slots of the workers. So a slow item holds up the rest only when that
 * window is full, and what was computed and not yet read never exceeds the sum of the capacities.
 *
 * Claims need no table here: nobody else claims, and nobody dies without this event loop.
 */
import type { Channel } from '../channel/channel.ts'
import { Ticket } from '../channel/ticket.ts'
import type { Attempts } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Exit } from './exit.ts'
import type { Failures } from './failures.ts'
import type { Feeds } from './feeds.ts'
import type { StageHost } from './host.ts'
import type { Keyed } from './keyed.ts'
import type { KeyState, Keys } from './keys.ts'
import type { Meter } from './meter.ts'
import type { Parts } from './parts.ts'
import type { StagePlan } from './plan.ts'
import { costMs, type Pump } from './pump.ts'
import type { Stage } from './stage.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

export class Claims {
  /** The handler's last answer was a promise, a generator or an Observable: no use in running it in frames. */
  isAsync = false
  readonly #stage: Stage
  readonly #host: StageHost
  readonly #plan: StagePlan
  readonly #parts: Parts
  readonly #works: Works
  readonly #exit: Exit
  readonly #crew: Crew
  readonly #keys: Keys
  readonly #keyed: Keyed | undefined
  readonly #feeds: Feeds | undefined
  readonly #attempts: Attempts
  readonly #failures: Failures
  readonly #meter: Meter
  readonly #pump: Pump
  readonly #input: Channel
  readonly #output: Channel
  /** Slots of items done with, which the writer before gets back when this stage asks for its next item. */
  readonly #holds: Ticket[] = []
  /** Items whose worker is gone, in order. */
  readonly #orphans: Work[] = []
  /** Slots taken of `inFlight`. */
  #held = 0
  readonly #isKeyed: boolean
  readonly #isStateful: boolean
  readonly #hasClock: boolean

  constructor(stage: Stage, parts: Parts, host: StageHost) {
    const { plan } = stage
    this.#stage = stage
    this.#host = host
    this.#plan = plan
    this.#parts = parts
    this.#works = parts.works
    this.#exit = parts.exit
    this.#crew = parts.crew
    this.#keys = parts.keys
    this.#keyed = parts.keyed
    this.#feeds = parts.feeds
    this.#attempts = parts.attempts
    this.#failures = parts.failures
    this.#meter = parts.meter
    this.#pump = parts.pump
    this.#input = stage.input
    this.#output = stage.output
    this.#isKeyed = plan.keyOf !== undefined
    this.#isStateful = plan.body.kind === 'behaviour' && plan.body.stateful
    this.#hasClock = plan.timeout !== Infinity || plan.attempts > 1
  }

  /** All its slots (`inFlight`) are held. */
  get isHeldUp(): boolean {
    return this.#held >= this.#plan.inFlight
  }

  /** Somebody could take an item that comes. */
  get isWaiting(): boolean {
    return this.#mayClaim() && (this.#isKeyed || this.#crew.idle() !== undefined)
  }

  #mayClaim(): boolean {
    const { slots, atOnce } = this.#crew
    if (this.#stage.phase !== 'running' || this.#works.isFailing || slots === 0) return false
    if (this.isHeldUp) return false
    if (!this.#isKeyed && this.#works.running >= slots) return false
    // One item more may be under way, or wait for its turn.
    if (this.#exit.windowLeft(atOnce) > 0 && this.#exit.mayWeighMore(this.#keyed?.bytes)) return true
    if (this.#exit.mayWait) this.#output.blocked = true
    return false
  }

  /* ── in ────────────────────────────────────────────────────────────────── */

  /** Claims the next item and begins it; false if there is none, or it has to wait. */
  claim(): boolean {
    if (this.#orphans.length > 0) return this.adopt()
    const input = this.#input
    if (!this.#mayClaim()) return false
    const worker = this.#isKeyed ? undefined : this.#crew.idle()
    if (!this.#isKeyed && !worker) return false
    if (this.#holds.length > 0) this.letGo()
    if (input.arrived === input.taken) input.refill?.(1)
    if (input.arrived === input.taken) return false
    if (!worker) return this.#keyed!.claim()
    const work = this.#works.make()
    this.take(work, worker)
    if (this.#isStateful) {
      work.key = this.#keys.of(undefined, work.sequence)
      work.key.busy = work
    }
    this.start(work)
    const { timedAt, timedFor } = work
    this.run(work)
    if (timedAt >= 0) this.#pump.spend((this.#pump.clock.now() - timedAt) * timedFor)
    // A handler that answers at once may as well be run in frames.
    if (this.isAsync && !work.isRunning) this.isAsync = false
    return true
  }

  /** An item whose worker is gone goes to another, the lowest first; false if that has to wait. */
  adopt(): boolean {
    const [orphan] = this.#orphans
    if (!orphan) return false
    const worker = this.#crew.idle()
    if (!worker || (orphan.isSolo && worker.inHand > 0)) return false
    this.#orphans.shift()
    orphan.worker = worker
    worker.isAlone = orphan.isSolo
    this.start(orphan)
    this.#attempts.begin(orphan)
    return true
  }

  /** Its worker is gone: it waits for another. Items with a key wait for the one that takes its place. */
  orphaned(work: Work): void {
    const { worker, key } = work
    this.#works.running--
    work.isRunning = false
    worker.inHand--
    worker.isAlone = false
    if (key && this.#keyed && !work.isFlush) this.#keyed.takeBack(work, worker)
    else {
      const before = this.#orphans.findIndex(({ sequence }) => sequence > work.sequence)
      this.#orphans.splice(before < 0 ? this.#orphans.length : before, 0, work)
    }
    if (worker.restarting) this.#crew.emptied(worker)
    this.#stage.wake()
  }

  /** Nobody waits for those any more. */
  clear(): void {
    this.#orphans.length = 0
  }

  /** Takes the next item from the input. */
  take(work: Work, worker: InlineWorker): void {
    const input = this.#input
    const { sequence } = input
    work.worker = worker
    work.sequence = sequence
    work.context.sequence = sequence
    if (input.tagged) work.tag = input.tag
    work.bornAt = input.probe === 0 ? -1 : this.#meter.taken(1, this.#pump.time)
    work.item = input.take()
    this.#stage.received++
    this.#works.open(work)
    if (this.#plan.inFlight !== Infinity) this.#hold(work)
  }

  /** The item holds a slot of the stage until the reader is done with all that it led to. */
  #hold(work: Work): void {
    this.#held++
    work.hold = new Ticket(() => {
      this.#held--
      this.#stage.wake()
    })
  }

  /** It is in hand. */
  start(work: Work): void {
    this.#works.running++
    work.isRunning = true
    work.worker.inHand++
    if (this.#hasClock) this.#failures.started(work)
    this.#meter.begun(work)
  }

  /** Its handler is called. */
  run(work: Work): void {
    if (work.tag?.origin?.isOver(this.#stage.index)) return this.settled(work)
    if (!this.#feeds) return this.#attempts.begin(work)
    if (this.#exit.adopt(work)) this.#stage.wake()
    if (!this.#feeds.push(work)) this.settled(work)
  }

  /* ── done ──────────────────────────────────────────────────────────────── */

  /** The handler is done with the item, well or not: the worker is free, the item waits for its turn. */
  settled(work: Work): void {
    if (work.settled || work.over) return
    const { worker, key } = work
    this.#stage.settles++
    this.#pump.spend(costMs)
    this.#works.running--
    worker.inHand--
    worker.isAlone = false
    work.settled = true
    work.isRunning = false
    if (work.timedAt >= 0) this.#meter.ended(work)
    if (key) this.#save(work, key)
    if (this.#works.isOver) {
      // Torn down meanwhile: nothing is handed on any more.
      this.#works.close(work)
      this.#parts.ending.dismissWhenQuiet()
      this.#host.quiet()
      return
    }
    if (key) this.#release(key, work.forget)
    this.#exit.settled(work)
    // Only now the next one of its key: were it begun before, it could leave before.
    if (!this.#works.isOver) this.#keyed?.employ(worker)
    if (worker.restarting) this.#crew.emptied(worker)
    this.#stage.wake()
  }

  /** What survives the worker is the state as the last item that went well left it. */
  #save(work: Work, key: KeyState): void {
    const { body } = this.#plan
    if (body.kind !== 'behaviour' || !body.snapshot || !key.started || work.failure) return
    try {
      key.saved = body.snapshot(key.state)
      key.isSaved = true
    } catch (error) {
      this.#failures.judge(work, error)
    }
  }

  /** The item is done with its key: the next in line has it. */
  #release(key: KeyState, forget: boolean): void {
    const next = key.line.shift()
    key.busy = next
    if (next) next.worker.enqueue(next)
    if (forget) this.#keys.forget(key)
  }

  /** All that the item led to has left. */
  committed(work: Work): void {
    const { tag, failure } = work
    if (tag?.hold) this.#holds.push(tag.hold)
    this.#exit.streams.delete(work)
    this.#works.recycle(work)
    // At last: it may be what tears the stage down, and then this item is none of those that it held.
    if (this.#host.isCounting) this.#host.itemsEnded(this.#stage, 1, failure !== undefined)
  }

  /** The writer before gets back the slots of items done with. */
  letGo(): void {
    for (const hold of this.#holds.splice(0)) hold.close()
  }
}
