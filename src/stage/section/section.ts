/**
 * A section: neighbouring stages on threads, whose frames go from worker to worker, through memory that all of them share.
 *
 *     channel ─▶ head ─▶ [source] ─▶ [hash ×2] ─▶ [zip ×1] ─▶ [sink] ─▶ tail ─▶ channel
 *     └ this event loop ┘            └──────── threads ─────┘         └ this event loop ┘
 *
 * This event loop feeds the one end and empties the other, and looks after the workers; it is not asked for anything in
 * between. It looks again with every turn while something moves, and then sleeps until the bell.
 */
import type { Channel } from '../../channel/channel.ts'
import { closeTransit, openTransit } from '../../memory/here.ts'
import { Sharing } from '../../memory/link.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import { Plane } from '../../ring/plane.ts'
import type { Spilled } from '../../ring/spills.ts'
import type { TableShape } from '../../ring/table.ts'
import { isOpen, queuedIn } from '../../ring/view.ts'
import { Waiter } from '../../ring/waiter.ts'
import type { StagePlan } from '../plan.ts'
import type { Pump } from '../pump.ts'
import { KeptAttachments } from './attached.ts'
import { shareOf } from './bounds.ts'
import { ChunkReader } from './chunks.ts'
import { Head } from './head.ts'
import { LatencyProbe, WaitingProbe } from './probes.ts'
import { Tail } from './tail.ts'

/** Frames of a stage that may be open or unread together. */
const slots = 64
const arenaBytes = 1 << 20
const mostItems = 1 << 20
/** Turns of the event loop in which it looks for nothing, before it sleeps. */
const polls = 32
/** ms that a frame is taken to cost of the event loop's time. */
const frameMs = 0.05

/** Arenas of sections that are over: V8 does not see how much memory those take that wait to be collected. */
const spareArenas: SharedArrayBuffer[] = []
const mostSpare = 32
const arenaOf = (bytes: number) => spareArenas.pop() ?? new SharedArrayBuffer(bytes)

export interface SectionHost {
  /** Results of a source item are out that came in then. */
  latency(bornAt: number): void
  /** All is out. */
  ended(): void
  /** Somebody has spilled, and the workers do not know of it. */
  spilled(spilled: Spilled): void
  /** Something may have moved between its ends. */
  looked(): void
  /** Whether it keeps this process from ending. */
  hold(isHeld: boolean): void
}

export class Section {
  readonly plane: Plane
  readonly head: Head
  readonly tail: Tail
  readonly attached: KeptAttachments
  /** Memory for large values that are between its ends. */
  readonly transit: ReturnType<typeof openTransit>
  /** Stages that have not ended. */
  #open: number
  /** Workers that ever were, from 1: the head is number 0. */
  writers = 0
  readonly #input: Channel
  readonly #output: Channel
  readonly #reader: ChunkReader
  readonly #waiter: Waiter
  /** Of each table. */
  readonly #waiting: readonly WaitingProbe[]
  readonly #latency: LatencyProbe
  readonly #pump: Pump
  readonly #host: SectionHost
  /** Looks that found nothing, since one that did; how many there may be before it sleeps; and whether it has since. */
  #idle = 0
  #patience = polls
  #hasSlept = false
  #isWaiting = false
  #isHeld = false
  #isClosed = false
  /** Whoever looks when it is time to. */
  readonly #wake: () => void

  constructor(
    plans: readonly StagePlan[],
    channels: { input: Channel; output: Channel },
    pump: Pump,
    wake: () => void,
    host: SectionHost,
  ) {
    this.plane = Plane.make({ tables: tablesOf(plans, channels.output), arenaBytes }, 0, arenaOf)
    this.attached = new KeptAttachments()
    this.transit = openTransit()
    const { transit } = this
    this.#reader = new ChunkReader(this.plane, this.attached, transit?.pool)
    this.head = new Head(channels.input, this.plane, {
      attached: this.attached,
      shared: transit && new Sharing(transit.pool, transit.column),
      limit: plans[0]!.maxMessageBytes,
      taken: count => this.#taken(count),
    })
    this.#open = plans.length
    this.tail = new Tail(channels.output, this.plane, this.#reader, (count, bytes) => this.#left(count, bytes))
    this.#input = channels.input
    this.#output = channels.output
    this.#waiting = this.plane.tables.map(table => new WaitingProbe(table))
    this.#latency = new LatencyProbe(this.plane.tables)
    this.plane.post = spilled => host.spilled(spilled)
    this.#waiter = new Waiter(this.plane.words, this.plane.tables[0]!.bell, { isHolding: false })
    this.#pump = pump
    this.#wake = wake
    this.#host = host
  }

  /** Feeds the one end, empties the other. */
  look(): void {
    if (this.#isClosed) return
    const hasMoved = this.#move()
    if (this.tail.isOver) {
      this.close()
      return this.#host.ended()
    }
    this.#probe()
    this.attached.sweep()
    this.#host.looked()
    // Where looks between two sleeps find nothing they are time that workers could have: on few cores it is theirs.
    if (hasMoved && this.#idle > 0 && !this.#hasSlept) this.#patience = polls
    if (hasMoved) this.#hasSlept = false
    this.#idle = hasMoved ? 0 : this.#idle + 1
    if (hasMoved && !this.#isHeld) this.#hold(true)
    if (!this.#isWaiting) this.#wait()
  }

  /** A worker has spilled. */
  adopt(spilled: Spilled): void {
    this.plane.adopt(spilled)
    this.#host.spilled(spilled)
    this.#wake()
  }

  /** A worker has sent what cannot be bytes of a frame of that table. */
  came(number: number, list: readonly unknown[], row: number, frame: number): void {
    this.attached.came(number, list, this.plane.tables[row]!, frame)
    this.#wake()
  }

  /** The item that a worker has in hand, for whoever settles what it leaves. */
  itemInHand(row: number, seat: number): unknown {
    return this.#reader.itemInHand(this.plane.tables[row]!, seat)
  }

  /** A stage of it has ended, and its workers are gone. */
  stageEnded(): void {
    if (--this.#open > 0) return
    if (this.transit) closeTransit(this.transit)
    spareArenas.push(...this.plane.shared.arenas)
    spareArenas.splice(mostSpare)
  }

  /** Nobody looks any more. */
  close(): void {
    this.#isClosed = true
    this.#waiter.again()
    this.#waiter.close()
    // A wait that nobody ends stays in memory.
    this.plane.tables[0]!.bell.wake()
    // Its workers have yet to say that they are done, and to stop: for that the process is to live.
    this.#hold(true)
  }

  #move(): boolean {
    const hasLeft = this.tail.drain(() => !this.#pump.spend(frameMs))
    return this.head.fill() || hasLeft
  }

  /** So many items are about to be taken from the channel before. */
  #taken(count: number): void {
    const { probe, taken, bornAt } = this.#input
    if (this.#latency.isFree && bornAt >= 0 && probe > taken && probe <= taken + count) {
      this.#latency.follow(this.head.sent + probe - taken - 1, bornAt)
    }
  }

  /** So many are stored in the channel behind. */
  #left(count: number, bytes: number): void {
    const bornAt = this.#latency.look(this.tail.passed)
    this.#output.pushed(count, bytes, bornAt, this.#pump.time)
    if (bornAt >= 0) this.#host.latency(bornAt)
  }

  #probe(): void {
    const now = this.#pump.time
    for (const [row, probe] of this.#waiting.entries()) if (row > 0) probe.look(now, row === 1 ? this.#input.count : 0)
  }

  /** How long items wait for the stage of a table. */
  waitingOf(row: number): Histogram {
    return this.#waiting[row]!.times
  }

  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#host.hold(isHeld)
  }

  #wait(): void {
    this.#isWaiting = true
    if (this.#idle < this.#patience) return void setImmediate(this.#again)
    this.#hasSlept = true
    this.#patience = Math.max(1, this.#patience >> 1)
    // With nothing in hand it keeps no process alive.
    if (this.#isHeld && !this.#isUnderWay) this.#hold(false)
    void this.#waiter.seen(() => this.#isClosed || this.#lookAside() || undefined).then(this.#again)
  }

  /** Looks while the pump rests. */
  #lookAside(): boolean {
    const wasHeld = this.#pump.hold()
    const hasMoved = this.#move()
    if (hasMoved && !this.#isHeld) this.#hold(true)
    this.#pump.letGo(wasHeld)
    // Whether all wait for the reader is seen when the pump rests; and handlers that ran when it did have ended since.
    if (!hasMoved && this.#output.blocked) this.#pump.wake()
    return hasMoved
  }

  readonly #again = (): void => {
    this.#isWaiting = false
    if (!this.#isClosed) this.#wake()
  }

  /** Something is between its ends; or nothing more comes, and the end is. */
  get #isUnderWay(): boolean {
    return (
      this.head.isClosed ||
      this.plane.tables.some(table => table.up !== undefined && (isOpen(table) || queuedIn(table) > 0))
    )
  }
}

/** One for the source, one for each stage, one for the sink. */
function tablesOf(plans: readonly StagePlan[], output: Channel): TableShape[] {
  const behind = [...plans.slice(1).map(({ capacity }) => capacity.items), shareOf(output.capacity.items)]
  const most = (capacity: number) => Math.min(capacity, mostItems)
  return [
    { slots, seats: 1, capacity: most(plans[0]!.capacity.items) },
    ...plans.map(({ workers }, i) => ({ slots, seats: workers, capacity: most(behind[i]!) })),
    { slots, seats: 1, capacity: mostItems },
  ]
}
