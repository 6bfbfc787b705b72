/**
 * A stage of a section, as its run knows it: its workers' lives, what becomes of items that fail, and how it ends.
 *
 *     workers claim by themselves ──item failed──▶ charge ─▶ policy ─▶ verdict ──▶ again, skip, leave, last
 *                                 ──died────────▶ settle its claims ─▶ another worker
 *                                 ──over────────▶ nothing more comes: finished, or failed where an item was the last
 *
 * Dead letters are told in the order of their items: when all before them are published.
 */
import type { Channel } from '../../channel/channel.ts'
import type { WorkerDied } from '../../errors.ts'
import { Histogram } from '../../metrics/histogram.ts'
import type { StageSnapshot } from '../../metrics/snapshot.ts'
import { spreadOf } from '../../metrics/spread.ts'
import type { Spilled } from '../../ring/spills.ts'
import type { Table } from '../../ring/table.ts'
import { arrivedIn, claimedBy, inHandOf, queuedIn, receivedIn, settledIn } from '../../ring/view.ts'
import { placed } from '../../runtime/remote/placed.ts'
import type { SeatLink } from '../../runtime/remote/seat-link.ts'
import { Crew } from '../crew.ts'
import type { Fault } from '../failures.ts'
import type { AnyStage, StageHost } from '../host.ts'
import type { StageLife, StagePhase } from '../life.ts'
import type { BehaviourBody, StagePlan } from '../plan.ts'
import type { Pump } from '../pump.ts'
import type { InlineWorker } from '../worker.ts'
import { Samples } from './samples.ts'
import type { Section } from './section.ts'
import { Tally } from './tally.ts'
import { Troubles } from './troubles.ts'

/** Where a stage stands in its section. */
export interface Place {
  readonly section: Section
  /** Number of its table. */
  readonly row: number
  readonly isFirst: boolean
  readonly isLast: boolean
}

export class SectionStage implements AnyStage {
  readonly plan: StagePlan
  readonly input: Channel
  readonly output: Channel
  readonly index: number
  isReady = true
  phase: StagePhase = 'waiting'
  isOver = false
  readonly isHeldUp = false
  readonly running = 0
  readonly #pump: Pump
  readonly #host: StageHost
  readonly #place: Place
  readonly #table: Table
  readonly #crew: Crew
  readonly #life: StageLife
  readonly #troubles: Troubles
  /** For those who watch what enters. Of the first stage, all of that comes by in its channel. */
  readonly #samples: Samples | undefined
  readonly #links: (SeatLink | undefined)[] = []
  readonly #tallies: { memory: SharedArrayBuffer; tally: Tally }[]
  #startedAt = 0
  /** Its workers have found nothing more to claim. */
  #isSpent = false
  #isHeld = false

  constructor(
    plan: StagePlan,
    channels: { input: Channel; output: Channel },
    index: number,
    place: Place,
    pump: Pump,
    host: StageHost,
  ) {
    this.plan = plan
    this.input = channels.input
    this.output = channels.output
    this.index = index
    this.#pump = pump
    this.#host = host
    this.#place = place
    this.#table = place.section.plane.tables[place.row]!
    this.#tallies = Array.from({ length: plan.workers }, () => {
      const memory = Tally.make()
      return { memory, tally: new Tally(memory) }
    })
    this.#crew = new Crew(this.#seatedPlan(), {
      ready: () => this.#life.send({ type: 'started' }),
      workerFailed: (worker, error) => host.workerFailed(this, worker.index, error),
      workerGone: () => {},
      workerRestarted: worker => host.workerRestarted(this, worker.index, worker.restarts),
      died: (worker, error, isCharged) => this.#died(worker, error, isCharged),
      freed: () => {},
      mayRestart: () => host.mayRestart(this),
      backoff: restart => host.backoff(restart),
      gaveUp: (worker, error) => this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 }),
      exhausted: error => host.tooManyRestarts(this, error),
      stopped: failures => {
        for (const { worker, error } of failures) {
          host.failed(this, { error, worker, sequence: undefined, attempts: 1 })
        }
        this.#life.send({ type: 'stopped' })
      },
    })
    this.#troubles = new Troubles(plan, pump.clock, {
      decide: (worker, sequence, verdict, attempt) => this.#links[worker]?.decide(sequence, verdict, attempt),
      restart: (worker, error) => {
        this.#crew.restart(this.#crew.workers[worker]!, error)
        host.restarting(this, error)
      },
      deadLetter: failure => host.deadLetter(this, failure, false),
      suppressed: error => host.suppressed(error),
    })
    if (!place.isFirst)
      this.#samples = new Samples(this.input, place.section.plane, place.row, place.section.attached, pump)
    this.#life = host.lives.stage(`${plan.pipeline}/${plan.name}`, {
      entered: phase => {
        this.phase = phase
      },
      setUp: () => this.#crew.start(this.#life),
      started: () => {
        host.started(this)
        for (const link of this.#links) link?.begin()
        this.wake()
      },
      abandon: reason => this.#abandon(reason),
      dismiss: () => this.#crew.dismiss(),
      ended: () => {
        place.section.stageEnded()
        this.#samples?.close()
        host.ended(this)
      },
    })
  }

  /** The plan, with hooks that begin and end workers at their seats. */
  #seatedPlan(): StagePlan {
    const { plan } = this
    const body: BehaviourBody & { kind: 'behaviour' } = {
      ...(plan.body as BehaviourBody & { kind: 'behaviour' }),
      setup: worker => this.#seat(worker as InlineWorker),
      stop: (link: SeatLink | undefined) => link?.stop(),
    }
    return { ...plan, body }
  }

  async #seat(worker: InlineWorker): Promise<SeatLink> {
    const { section, row } = this.#place
    const { index } = worker
    const { memory, tally } = this.#tallies[index]!
    tally.isDismissed = false
    const order = {
      plane: section.plane.shared,
      table: row,
      seat: index,
      writer: ++section.writers,
      transit: section.transit?.column,
      tally: memory,
    }
    const link = this.plan.seated!(index, order, {
      failed: (sequence, item, error, isRefused) => this.#failed(worker, sequence, item, error, isRefused),
      over: () => this.#spent(),
      spilled: spilled => section.adopt(spilled),
      attached: (number, list, frame) => section.came(number, list, row, frame),
      fetch: number => section.attached.fetch(number, list => this.#give(link, number, list)),
      gone: (died, isKilled, isUnasked) => {
        const isCharged = this.#settle(worker, died, isKilled)
        if (isUnasked) worker.died(died, isCharged)
      },
    })
    this.#links[index] = link
    worker.kill = () => link.kill()
    await link.ready
    link.hold(this.#isHeld)
    for (const spilled of section.plane.spilled) this.#told(link, spilled)
    if (this.phase === 'running') link.begin()
    return link
  }

  /** What only one can have, another may have taken to its grave: then whoever reads it finds that it did not come. */
  #give(link: SeatLink, number: number, list: readonly unknown[]): void {
    try {
      link.attached(number, list)
    } catch {
      link.attached(number, [])
    }
  }

  /** Somebody has spilled: it is told to those who may read it, or take its frame over. */
  told(spilled: Spilled): void {
    for (const link of this.#links) if (link) this.#told(link, spilled)
  }

  #told(link: SeatLink, spilled: Spilled): void {
    const { row } = this.#place
    if (row === spilled.row || row === spilled.row + 1) link.spilled(spilled)
  }

  /** Whether its workers keep this process from ending. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    for (const link of this.#links) link?.hold(isHeld)
  }

  wake(): void {
    this.isReady = true
    this.#pump.wake()
  }

  start(): void {
    this.#startedAt = this.#pump.clock.now()
    this.#life.send({ type: 'start' })
  }

  advance(): void {
    this.isReady = false
    const { section, isFirst, isLast } = this.#place
    if (isFirst || isLast) section.look()
  }

  /** The section was looked at. */
  looked(): void {
    const { section, isFirst } = this.#place
    const settled = settledIn(this.#table)
    if (!this.isOver) this.#troubles.passed(settled)
    if (isFirst) section.head.passed(settled)
    this.#samples?.look()
  }

  /* ── items that fail, workers that die ─────────────────────────────────── */

  #failed(worker: InlineWorker, sequence: number, item: unknown, error: unknown, isRefused: boolean): void {
    if (this.isOver) return
    const wasHeld = this.#pump.hold()
    const { section, isFirst } = this.#place
    const { pipeline, name: stage } = this.plan
    const unsent = isFirst ? section.head.unsent.get(sequence) : undefined
    if (unsent)
      this.#troubles.refused(
        worker.index,
        sequence,
        unsent.item,
        placed(unsent.error, { pipeline, stage }, sequence, false),
      )
    else if (isRefused) this.#troubles.refused(worker.index, sequence, item, error)
    else this.#troubles.threw(worker.index, sequence, item, error)
    this.#pump.letGo(wasHeld)
  }

  /** A worker is gone: what it had claimed goes to others. True if it had an item in hand, which is charged with that. */
  #settle({ index }: InlineWorker, cause: WorkerDied, isKilled: boolean): boolean {
    const { section, row } = this.#place
    let hadInHand = false
    for (const { from, to } of claimedBy(this.#table, index)) this.#troubles.undone(from, to)
    this.#table.settle(index, sequence => {
      if (isKilled || this.isOver) return false
      hadInHand = true
      return this.#troubles.died(index, sequence, () => section.itemInHand(row, index), cause)
    })
    return hadInHand
  }

  #died(worker: InlineWorker, cause: unknown, isCharged: boolean): void {
    if (this.isOver || worker.phase !== 'ready') return
    const stop = (error: unknown) => this.#stop({ error, worker: worker.index, sequence: undefined, attempts: 1 })
    if (!isCharged && !this.#host.mayRestart(this)) return stop(this.#host.tooManyRestarts(this, cause))
    this.#crew.restart(worker, cause)
  }

  restart(cause: unknown): void {
    if (this.phase !== 'running') return
    for (const worker of this.#crew.workers) this.#crew.restart(worker, cause)
  }

  /* ── ending ────────────────────────────────────────────────────────────── */

  #stop(fault: Fault): void {
    if (this.isOver) return this.#host.suppressed(fault.error)
    this.#host.failed(this, fault)
  }

  /** Nothing is left to claim. Said by whichever worker finds it so first. */
  #spent(): void {
    if (this.isOver || this.#isSpent) return
    this.#isSpent = true
    this.#maybeFinish()
  }

  /** All is out of the section: said to the last of its stages. */
  isOut(): void {
    if (this.#isSpent) this.#maybeFinish()
  }

  #maybeFinish(): void {
    if (this.phase !== 'running') return
    const { section, isLast } = this.#place
    if (!isLast || section.tail.isOver) this.#finish()
    else this.wake()
  }

  #finish(): void {
    if (this.isOver) return
    const fault = this.#troubles.ended(settledIn(this.#table))
    if (fault) return this.#stop(fault)
    this.#life.send({ type: 'spent' })
    this.isOver = true
    this.output.end(this.input.ending === 'failed' ? 'failed' : 'done')
    this.#life.send({ type: 'finished' })
  }

  abandon(reason: unknown): void {
    if (!this.isOver) this.#life.send({ type: 'abandon', reason })
  }

  #abandon(reason: unknown): void {
    this.looked()
    this.isOver = true
    for (const error of this.#troubles.clear()) this.#host.suppressed(error)
    for (const { tally } of this.#tallies) tally.isDismissed = true
    for (const link of this.#links) link?.dismiss(reason)
    if (this.#place.isFirst) this.#place.section.head.close()
    this.output.end('failed')
    if (this.#place.isLast) this.#place.section.close()
    this.#life.send({ type: 'quiet' })
  }

  giveUp(): void {
    this.#life.send({ type: 'giveUp' })
  }

  kill(): void {
    this.#crew.kill()
  }

  forsake(): void {}

  get unfinished(): number {
    if (this.phase === 'waiting') return 0
    const { section, isFirst, isLast } = this.#place
    const table = this.#table
    const before = isFirst ? section.head.cleared : 0
    const behind = isLast ? queuedIn(table.down!) : 0
    return before + arrivedIn(table) - this.#troubles.settled(settledIn(table)) + behind
  }

  /* ── looking in ────────────────────────────────────────────────────────── */

  get received(): number {
    return receivedIn(this.#table)
  }

  get emitted(): number {
    const { section, isLast } = this.#place
    if (isLast) return section.tail.passed
    const { down } = this.#table
    return arrivedIn(down!)
  }

  get restarts(): number {
    return this.#crew.restarts
  }

  get moves(): number {
    const progress = this.#tallies.reduce((sum, { tally }) => sum + tally.progress, 0)
    return this.received + this.emitted + settledIn(this.#table) + progress
  }

  holders(): string[] {
    return this.#crew.workers.flatMap(({ index, address }) => {
      const sequence = inHandOf(this.#table, index)
      return sequence === undefined ? [] : [`${address} item ${sequence}`]
    })
  }

  snapshot(now: number): StageSnapshot {
    const { name, workers } = this.plan
    const service = new Histogram()
    let busyMs = 0
    for (const { tally } of this.#tallies) {
      service.merge(tally.service)
      busyMs += tally.busyMs
    }
    const elapsed = now - this.#startedAt
    const { isFirst, section } = this.#place
    return {
      stage: name,
      workers,
      received: this.received,
      emitted: this.emitted,
      queued: queuedIn(this.#table) + (isFirst ? this.input.count : 0),
      restarts: this.restarts,
      deadLetters: this.#troubles.deadLetters,
      dropped: this.input.dropped,
      service: spreadOf(service),
      waiting: spreadOf(section.waitingOf(this.#place.row)),
      occupancy: elapsed > 0 && workers > 0 ? Math.min(1, busyMs / elapsed / workers) : 0,
    }
  }
}
