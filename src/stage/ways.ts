/**
 * Which way the next items of a stage take.
 *
 *     nothing under way, nothing special asked    frames         a loop, synchronous
 *     its handler gives promises                  lane           many at a time, in order
 *     else                                        claims         one item at a time
 *
 * The first two are there only where a stage is plain: then one item that needs more changes over, and the others come back.
 */
import { runFused, type Scratch } from '../runtime/inline/kernel.ts'
import type { Claims } from './claims.ts'
import { Frames } from './frames.ts'
import type { StageHost } from './host.ts'
import { Lane } from './lane.ts'
import type { Parts } from './parts.ts'
import type { Body } from './plan.ts'
import type { Stage } from './stage.ts'
import type { Work } from './work.ts'
import type { Works } from './works.ts'

export class Ways {
  readonly #stage: Stage
  readonly #host: StageHost
  readonly #parts: Parts
  readonly #claims: Claims
  readonly #works: Works
  /** The ways that items may take while nothing special is asked of them. */
  readonly #frames: Frames | undefined
  readonly #lane: Lane | undefined

  /** `most`: of the largest frame, in items. */
  constructor(stage: Stage, parts: Parts, host: StageHost, most: number) {
    this.#stage = stage
    this.#host = host
    this.#parts = parts
    this.#claims = parts.claims
    this.#works = parts.works
    const { body } = stage.plan
    const isStateful = body.kind === 'behaviour' && body.stateful
    const isRemote = body.kind === 'behaviour' && body.remote !== undefined
    if (isRemote || !this.#isPlain(body)) return
    this.#frames = this.#makeFrames(body, isStateful, most)
    this.#lane = isStateful ? undefined : this.#makeLane(body)
  }

  /** Items have come, or the end. */
  came(): void {
    const { claims, works, crew, exit, pump } = this.#parts
    const stage = this.#stage
    // Whoever is done next goes on with it.
    if (claims.isAsync && works.running >= crew.slots) return
    const isFree = stage.phase === 'running' && pump.isHeld && !exit.isFlowing
    const goesByItself = claims.isAsync && isFree && this.#lane?.isOpen
    if (!goesByItself || stage.input.ending !== 'open') {
      if (!stage.isReady) stage.wake()
    } else this.#lane!.advance()
  }

  /** Takes the next items on whichever way is theirs; false when there are none, or they have to wait. */
  step(): boolean {
    const claims = this.#claims
    const lane = this.#lane
    if (lane && (claims.isAsync || lane.size > 0)) {
      lane.advance()
      return !claims.isAsync && lane.size === 0
    }
    const isClear = this.#works.size === 0 && !claims.isAsync
    return (isClear ? this.#frames?.run() : undefined) ?? claims.claim()
  }

  /** Something has to happen before the next item. */
  interrupt(): void {
    this.#frames?.interrupt()
  }

  /** Counters are as things are. */
  tell(): void {
    this.#lane?.tell()
  }

  /** Who may claim has to be looked at again. */
  revoke(): void {
    this.#lane?.revoke()
  }

  /** Items in the lane go on as those that are claimed one at a time. */
  leaveLane(): void {
    this.#lane?.leave()
  }

  abort(reason: unknown): void {
    this.#frames?.abort(reason)
  }

  /** Whether nothing is asked that would keep items from going in frames, as long as they answer at once. */
  #isPlain(body: Body): body is Exclude<Body, { kind: 'feed' }> {
    const { plan, input, output } = this.#stage
    // A source may drop from the channel what a kernel is working on, if a handler has it emit.
    const isSteady = plan.overflow !== 'drop-oldest'
    const asksLittle =
      isSteady && !plan.keyOf && !plan.schema && plan.timeout === Infinity && plan.inFlight === Infinity
    const leavesInOrder = plan.order === 'input' && plan.emit === 'whole' && this.#parts.exit.mayWait
    const hasRoom = !input.tagged && input.capacity.items > 0 && output.capacity.items > 0 && plan.workers > 0
    return (
      asksLittle && leavesInOrder && hasRoom && body.kind !== 'feed' && !(body.kind === 'behaviour' && body.snapshot)
    )
  }

  #makeFrames(body: Exclude<Body, { kind: 'feed' }>, isStateful: boolean, most: number): Frames {
    const { input, output } = this.#stage
    const { crew, exit, works, keys, meter, pump } = this.#parts
    const parts = {
      ...{ input, output, most, worker: crew.workers[0]!, exit, works, meter, pump },
      keys: isStateful ? keys : undefined,
      starts: body.kind === 'behaviour' && body.start !== undefined,
    }
    return new Frames(body.kernel, parts, {
      handled: items => {
        this.#stage.received += items
        if (this.#host.isCounting) this.#host.itemsEnded(this.#stage, items, false)
      },
      stopped: (work, scratch) => this.#stoppedAt(work, scratch),
    })
  }

  #stoppedAt(work: Work, { result, threw, step, value }: Scratch): void {
    const { claims, failures, attempts } = this.#parts
    claims.take(work, work.worker)
    if (work.key) work.key.busy = work
    claims.start(work)
    claims.isAsync = !threw
    if (threw) failures.threw(work, result)
    else if (this.#stage.plan.body.kind === 'fused') attempts.acceptFused(work, step, value, result)
    else attempts.accept(work, result)
  }

  #makeLane(body: Exclude<Body, { kind: 'feed' }>): Lane {
    const { input, output } = this.#stage
    const { crew, exit, works, meter, pump, claims, attempts, failures, workHost } = this.#parts
    const call =
      body.kind === 'fused'
        ? (item: unknown) => runFused(body.steps, 0, item)
        : body.kind === 'behaviour'
          ? (item: unknown, context: unknown) => body.receive(item, undefined, context)
          : body.handler
    const stage = this.#stage
    return new Lane(
      call,
      { input, output, crew, exit, works, meter, pump, expands: body.kind !== 'fused' },
      {
        stage,
        isCounting: this.#host.isCounting,
        ended: items => this.#host.itemsEnded(stage, items, false),
        wake: () => stage.wake(),
        goBackToFrames: () => {
          claims.isAsync = false
          stage.wake()
        },
        accept: (work, result) => attempts.accept(work, result),
        threw: (work, error) => failures.threw(work, error),
        resolved: (work, value) => workHost.resolved(work, value),
      },
    )
  }
}
