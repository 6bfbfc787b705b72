/**
 * The way out of a stage: what items led to leaves in the order of the items, or as they finish, as far as there is room.
 *
 *     settled ──▶ next in order? ──yes──▶ room in the channel? ──yes──▶ gone
 *                     │ no                     │ no
 *                     ▼                        ▼
 *               reorder buffer           waits; the channel says when
 *
 * A failure that stops the pipeline stands in the order like any item: when its turn comes, everything before it has left.
 */
import type { Channel } from '../channel/channel.ts'
import { fullness, type Overflow, offer } from '../channel/overflow.ts'
import { ReorderBuffer } from '../channel/reorder-buffer.ts'
import type { Tag } from '../channel/ticket.ts'
import { weigh } from '../channel/weigh.ts'
import { ChannelFull } from '../errors.ts'
import type { Failure, StagePlan } from './plan.ts'
import type { Pump } from './pump.ts'
import type { Work } from './work.ts'
import type { Works } from './works.ts'

export interface ExitHost {
  /** Nothing of the work is left to do. */
  committed(work: Work): void
  /** It is the turn of a failure that stops the pipeline. */
  stopped(work: Work): void
  /** An output was put into a channel that fails when it is full. */
  overflowed(error: ChannelFull): void
  deadLetter(failure: Failure, isHeard: boolean): void
  /** An item was dropped from, or before, the channel behind. */
  dropped(stage: string, count: number): void
  /** A result left whose source item came in at `bornAt`. */
  left(bornAt: number): void
  /** Asks a generator that waited for more. */
  resume(work: Work): void
  /** Another item is the lowest that has not left. */
  advanced(): void
  /** Whether a work with a lower sequence has not left: asked where order is that of completion. */
  isLowest(work: Work): boolean
}

/** What was emitted without an item in hand. */
interface Extra {
  readonly value: unknown
  /** The item that waits to be taken, if there is one. */
  work: Work | undefined
  /** Sequence of the next item that the body will have: those before it leave first. */
  readonly before: number
}

export class Exit {
  emitted = 0
  deadLetters = 0
  /** Outputs that works hold back, beyond one each, and what all of them weigh: that counts against the window. */
  surplus = 0
  heldBytes = 0
  /** Streaming works that wait: to be asked for more, or for what they have yielded to leave. */
  readonly streams = new Set<Work>()
  /** What was emitted without an item in hand waits for one to leave with. */
  needsItem = false
  readonly #plan: StagePlan
  readonly #index: number
  readonly #output: Channel
  readonly #overflow: Overflow
  readonly #reader: string
  readonly #isLast: boolean
  readonly #isOrdered: boolean
  readonly #isStreaming: boolean
  readonly #pump: Pump
  readonly #works: Works
  readonly #host: ExitHost
  #isFlowing = false
  readonly #reorder = new ReorderBuffer<Work>()
  /** Settled works that do not wait for their turn, only for room: as they finished, or flushed. */
  #finished: Work[] = []
  /** What was emitted without an item in hand, waiting for room. It goes where what an item leads to goes that is to come. */
  readonly #extras: Extra[] = []
  /** Who waits until all that was emitted has left. */
  #waits: (() => void)[] = []

  /** `next`: the stage behind; absent behind the last. */
  constructor(
    plan: StagePlan,
    index: number,
    next: StagePlan | undefined,
    output: Channel,
    pump: Pump,
    works: Works,
    host: ExitHost,
  ) {
    this.#plan = plan
    this.#index = index
    this.#output = output
    this.#overflow = next?.overflow ?? 'wait'
    this.#reader = next?.name ?? 'output'
    this.#isLast = next === undefined
    this.#isOrdered = plan.order === 'input'
    this.#isStreaming = plan.emit === 'streaming'
    this.#pump = pump
    this.#works = works
    this.#host = host
  }

  get mayWait(): boolean {
    return this.#overflow === 'wait'
  }

  get extras(): number {
    return this.#extras.length
  }

  /** A frame went through in order; `count` outputs, `bytes` in all, are stored in the channel behind what had arrived. */
  passed(from: number, to: number, count: number, bytes: number, bornAt: number, now: number): void {
    this.#reorder.pass(from, to)
    if (count === 0) return
    this.emitted += count
    this.#output.pushed(count, bytes, bornAt, now)
    if (this.#isLast && bornAt >= 0) this.#host.left(bornAt)
  }

  /** Whether everything before this item has left: by completion everything of its key. */
  isNext(work: Work): boolean {
    if (this.#isOrdered) return work.isFlush || this.#reorder.next === work.sequence
    if (work.key === undefined || this.#finished.length === 0) return true
    return !this.#finished.some(({ key, sequence }) => key === work.key && sequence < work.sequence)
  }

  /** Whether others may wait for this item, which is not begun: for its turn, or for a failure that waits for that. */
  isAwaited(work: Work): boolean {
    return this.#isOrdered ? this.isNext(work) : this.#works.isFailing
  }

  /** It lets go: whatever that leads to, nothing else may be let go of, nor begun, before this is at its end. */
  get isFlowing(): boolean {
    return this.#isFlowing
  }

  /** The handler is done with the item, well or not: it leaves as soon as it may. */
  settled(work: Work): void {
    const wasFlowing = this.#isFlowing
    this.#isFlowing = true
    this.#settled(work)
    this.#isFlowing = wasFlowing
  }

  #settled(work: Work): void {
    if (work.isFlush || !this.#isOrdered) {
      this.#finished.push(work)
    } else if (this.#reorder.next === work.sequence && this.#isIdle() && this.#commit(work)) {
      // The usual case: it is the next one, nobody waits, and there is room.
      if (this.#works.isOver) return
      this.#reorder.pass(work.sequence, work.sequence + 1)
      return this.#host.committed(work)
    } else {
      this.#reorder.put(work.sequence, work.sequence + 1, work)
    }
    this.#flow()
    if (!work.settled || this.#works.isOver) return
    if (work.one !== undefined) this.holdOne(work)
    else this.holdBack(work)
  }

  /** The one output of a work has to wait. */
  holdOne(work: Work): void {
    if (work.bytes === 0 && this.#output.weighing) work.bytes = weigh(work.one)
    this.holdBack(work)
  }

  /** Counts what of a work waits, for its turn or for room, as it is now. */
  holdBack(work: Work): void {
    const surplus = Math.max(0, work.waiting - 1)
    this.surplus += surplus - work.surplus
    this.heldBytes += work.bytes - work.heldBytes
    work.surplus = surplus
    work.heldBytes = work.bytes
  }

  #isIdle(): boolean {
    return this.#reorder.held === 0 && this.streams.size === 0 && this.#extras.length === 0
  }

  /** Lets go of all that may leave by now. */
  flow(): void {
    const wasFlowing = this.#isFlowing
    this.#isFlowing = true
    this.#flow()
    this.#isFlowing = wasFlowing
  }

  #flow(): void {
    if (this.#works.isOver) return
    do {
      if (!this.#leaveExtras()) return
      if (this.#reorder.held > 0) this.#flowInOrder()
    } while (this.#isDue(this.#extras[0]))
    if (this.streams.size > 0) this.#flowStreams()
    if (this.#waits.length > 0) this.#maybeRelease()
    if (this.#finished.length > 0) this.#flowFinished()
  }

  #flowInOrder(): void {
    for (
      let work = this.#reorder.peek();
      work && this.#isTurnOf(work) && this.#commit(work);
      work = this.#reorder.peek()
    ) {
      if (this.#works.isOver) return
      this.#reorder.shift()
      this.#host.committed(work)
      // It was one dead letter too many.
      if (this.#works.isOver) return
      // Another item is the lowest now: if it streams, what it has yielded may leave.
      if (this.#isStreaming) {
        this.#flowStreams()
        this.#host.advanced()
      }
    }
  }

  /** Nothing was emitted before it that still waits. */
  #isTurnOf(work: Work): boolean {
    return this.#extras.length === 0 || work.sequence < this.#extras[0]!.before
  }

  #flowFinished(): void {
    do {
      const works = this.#finished
      this.#finished = []
      const waiting: Work[] = []
      for (const work of works) {
        if (this.#works.isOver) return
        if (this.#commit(work)) this.#host.committed(work)
        else waiting.push(work)
      }
      this.#finished = [...waiting, ...this.#finished]
      if (waiting.length === works.length) return
      // Others of their keys are the lowest now.
      if (this.#isStreaming && this.streams.size > 0) this.#flowStreams()
      // Somebody left, and a failure that stops the pipeline may have waited for just that.
    } while (this.#awaitsLowest)
  }

  get #awaitsLowest(): boolean {
    return this.#works.isFailing && this.#finished.some(({ failure }) => failure?.policy === 'stop')
  }

  /** Streaming works let go of what they may, and ask their generators for more. */
  #flowStreams(): void {
    for (const work of this.streams) {
      this.leave(work)
      this.#host.resume(work)
    }
  }

  /** Lets all go that one item led to; false if some of it has to wait. */
  #commit(work: Work): boolean {
    const { failure, tag } = work
    if (tag?.origin?.isOver(this.#index)) work.clearOutputs()
    if (!this.leave(work)) return false
    if (work.surplus > 0 || work.heldBytes > 0) {
      work.bytes = 0
      this.holdBack(work)
    }
    if (failure) {
      if (failure.policy === 'stop' && !tag?.origin?.asker?.contains) return this.#commitStop(work)
      this.#commitDead(work, failure)
    }
    tag?.origin?.close()
    work.hold?.close()
    return true
  }

  /** This failure ends the stage: but first everything before it has to leave. */
  #commitStop(work: Work): boolean {
    if (!this.#isOrdered && !work.isFlush && !this.#host.isLowest(work)) return false
    this.#host.stopped(work)
    return true
  }

  /** The item is given up: whoever asked for it is told, or else everybody. */
  #commitDead(work: Work, { policy, ...failure }: NonNullable<Work['failure']>): void {
    const origin = work.tag?.origin
    const asker = origin?.asker
    // Its source item has failed before it, in this stage or further down.
    if (origin?.isOver(this.#index)) return
    if (asker && (policy === 'stop' || !asker.contains)) {
      origin.failedAt = this.#index
      asker.fail(this.#plan.pipeline, failure)
    }
    if (policy === 'stop') return
    this.deadLetters++
    this.#host.deadLetter(failure, asker !== undefined && !asker.contains)
  }

  /** Lets the outputs of a work leave; false if some have to wait for room, or for their turn. */
  leave(work: Work): boolean {
    if (work.many === undefined) return work.one === undefined || this.#leaveOne(work)
    return work.waiting === 0 || (this.#isStreaming ? this.#stream(work, work.many) : this.#leaveMany(work, work.many))
  }

  #leaveOne(work: Work): boolean {
    if (!this.#hasRoom(work)) {
      this.#output.blocked = true
      return false
    }
    const value = work.one
    work.one = undefined
    this.#put(work, value, this.#tagFor(work))
    return true
  }

  /** Outputs of one item leave together. */
  #leaveMany(work: Work, many: unknown[]): boolean {
    if (!this.#hasRoom(work)) {
      this.#output.blocked = true
      return false
    }
    const tag = this.#tagFor(work)
    for (let left = 0; left < many.length && !this.#works.isOver; left++) this.#put(work, many[left], tag)
    many.length = 0
    return true
  }

  /** Or each when its turn and the room have come. */
  #stream(work: Work, many: unknown[]): boolean {
    if (this.#works.isOver) return false
    if (this.isNext(work) && this.#isTurnOf(work)) {
      const tag = this.#tagFor(work)
      // What came before it of the same source item has failed: then it leads to nothing.
      if (tag?.origin?.isOver(this.#index)) work.gone = many.length
      while (work.waiting > 0 && !this.#works.isOver && this.#hasRoom(work)) {
        const value = many[work.gone]
        many[work.gone++] = undefined
        if (work.bytes > 0 && typeof value !== 'number') work.bytes = Math.max(0, work.bytes - weigh(value))
        this.#put(work, value, tag)
      }
      if (work.waiting === 0 || this.#works.isOver) many.length = work.gone = work.bytes = 0
      if (work.surplus > 0 || work.heldBytes > 0) this.holdBack(work)
      if (many.length === 0) return true
      this.#output.blocked = true
    }
    this.streams.add(work)
    return false
  }

  #hasRoom(work: Work | undefined): boolean {
    return this.#overflow !== 'wait' || this.#output.room() > 0 || this.#asker(work) !== undefined
  }

  /** Whoever results of the work go to alone. */
  #asker(work: Work | undefined) {
    return this.#isLast ? work?.tag?.origin?.asker : undefined
  }

  #tagFor(work: Work): Tag | undefined {
    const origin = work.tag?.origin
    return origin || work.hold ? { origin, hold: work.hold } : undefined
  }

  #put(work: Work, value: unknown, tag: Tag | undefined): void {
    const asker = tag && this.#asker(work)
    if (asker) {
      this.emitted++
      if (work.bornAt >= 0) this.#host.left(work.bornAt)
      return asker.take(value)
    }
    tag?.origin?.add(1)
    tag?.hold?.add(1)
    this.#into(value, tag, work.bornAt)
  }

  /** Puts one output into the channel, or does what that does when it is full. */
  #into(value: unknown, tag: Tag | undefined, bornAt: number): void {
    this.emitted++
    if (this.#isLast && bornAt >= 0) this.#host.left(bornAt)
    const { time } = this.#pump
    if (this.#overflow === 'wait') return this.#output.put(value, tag, bornAt, time)
    const fate = offer(this.#output, this.#overflow, this.#reader, value, tag, bornAt, time)
    if (fate === 'dropped') this.#host.dropped(this.#reader, this.#output.dropped)
    if (fate === 'full') this.#host.overflowed(new ChannelFull(this.#reader, fullness(this.#output)))
  }

  /** How many outputs of a work may wait before its generator is asked for no more; below 0: nobody waits for any. */
  patience(work: Work): number {
    if (this.#works.isOver || work.tag?.origin?.isOver(this.#index)) return -1
    if (!this.#isStreaming) return Infinity
    this.streams.add(work)
    const { count, capacity } = this.#output
    const isFull = this.mayWait && this.#output.full()
    const hasRoomForAll = this.mayWeighMore() && this.surplus + (this.mayWait ? count : 0) < capacity.items
    if (this.isNext(work) && !isFull) {
      // What ran ahead may have taken all room: then this one goes on when what is in the channel has been read.
      if (hasRoomForAll || count === 0 || !this.mayWait) return Infinity
      this.#output.blocked = true
      return 0
    }
    this.#output.blocked = true
    // What comes later runs ahead as long as there would be room for all that waits.
    return hasRoomForAll && !isFull ? Infinity : 1
  }

  /**
   * How many items more the channel behind could take beside all that are under way, or wait; but as many as there are slots
   * may always be under way.
   */
  windowLeft(slots: number): number {
    const { capacity, arrived, taken } = this.#output
    const window = capacity.items > slots ? capacity.items : slots
    const left = window - this.#works.size - this.surplus
    if (!this.mayWait) return left
    if (this.mayWeighMore() && left > arrived - taken) return left - (arrived - taken)
    this.#output.blocked = true
    return 0
  }

  /** Whether the channel behind could weigh more, beside all that is held back and `bytes` more. */
  mayWeighMore(bytes = 0): boolean {
    const output = this.#output
    return !this.mayWait || output.bytes + this.heldBytes + bytes < output.capacity.bytes
  }

  /** Whether an item that waits for its worker may be begun: what it leads to may wait, or all others wait for it. */
  mayBegin(work: Work): boolean {
    if (this.mayWeighMore() || (this.#isOrdered && this.isNext(work) && this.#output.count === 0)) return true
    this.#output.blocked = true
    return false
  }

  /* ── what belongs to no item ───────────────────────────────────────────── */

  /** Something that comes between what was settled and `before`; `work` is the item that waits to be taken. */
  extra(value: unknown, work: Work | undefined, before: number): void {
    this.#extras.push({ value, work, before })
  }

  /** An item was handed to a body: what that has emitted without one goes where this one will go. False if there is none. */
  adopt(work: Work): boolean {
    for (const extra of this.#extras) extra.work ??= work
    return this.#extras.length > 0
  }

  /** A promise of the moment at which what was emitted has left, if it has not. */
  room(work: Work | undefined): Promise<void> | undefined {
    const waits = this.#extras.length > 0 || (this.#isStreaming && (work?.waiting ?? 0) > 0)
    return waits && !this.#works.isOver ? new Promise(resolve => this.#waits.push(resolve)) : undefined
  }

  /** False if there is no room for what is due. */
  #leaveExtras(): boolean {
    for (let extra = this.#extras[0]; this.#isDue(extra); extra = this.#extras[0]) {
      if (!this.#hasRoom(extra.work)) {
        this.#output.blocked = true
        return false
      }
      this.#extras.shift()
      const tag = extra.work && this.#tagFor(extra.work)
      if (tag) this.#put(extra.work!, extra.value, tag)
      else this.#into(extra.value, undefined, -1)
    }
    return true
  }

  /** Where bodies run side by side nobody waits for another. */
  #isDue(extra: Extra | undefined): extra is Extra {
    if (extra === undefined || (this.needsItem && !extra.work)) return false
    return !this.#isOrdered || this.#reorder.next >= extra.before
  }

  #maybeRelease(): void {
    if (this.#extras.length > 0) return
    // A body that streams waits for its outputs, too.
    for (const work of this.streams) if (work.waiting > 0) return
    this.#release()
  }

  #release(): void {
    const waits = this.#waits
    this.#waits = []
    for (const resolve of waits) resolve()
  }

  /** The stage is torn down: nobody has to wait any more. */
  abandon(): void {
    this.#extras.length = 0
    this.streams.clear()
    this.#release()
  }
}
