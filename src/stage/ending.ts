/**
 * How a stage ends, and what it has under way with it.
 *
 *     input spent ─▶ works gone ─▶ flush, state by state ─▶ finish ─┐ the output is `done`, or `failed` as the input was
 *                                                                   ├─▶ leave ─▶ workers are stopped
 *     failure, teardown ─▶ abandon: nothing is handed on any more ──┘ the output is `failed`
 *
 * When it is time for which, the life of the stage says.
 */
import type { Origin } from '../channel/ticket.ts'
import type { Fault } from './failures.ts'
import type { Feeds } from './feeds.ts'
import type { StageHost } from './host.ts'
import type { KeyState } from './keys.ts'
import type { Parts } from './parts.ts'
import type { Stage } from './stage.ts'
import type { Work } from './work.ts'

export class Ending {
  /** Items that the stage held when it was torn down. */
  unfinished = 0
  readonly #stage: Stage
  readonly #parts: Parts
  readonly #host: StageHost
  /** What is left to be flushed. */
  #flushes: KeyState[] = []

  constructor(stage: Stage, parts: Parts, host: StageHost) {
    this.#stage = stage
    this.#parts = parts
    this.#host = host
  }

  /* ── when all is done ──────────────────────────────────────────────────── */

  /** Nothing is under way: goes on with the end, if it has come to that. */
  maybeEnd(): void {
    const { crew, feeds, keys, life } = this.#parts
    const { input, plan, phase } = this.#stage
    const isSpent = input.ending !== 'open' && input.count === 0
    if (feeds) return this.#maybeEndFeeds(feeds, isSpent)
    if (!isSpent) return
    if (phase === 'running') {
      const { body } = plan
      const flushes = input.ending === 'done' && body.kind === 'behaviour' && body.flush !== undefined
      if (flushes) this.#flushes = keys.inOrder()
      life.send({ type: 'spent' })
    }
    const [next] = this.#flushes
    // Its worker is being set up anew, and says when it is there.
    if (next && crew.workers[next.worker]!.restarting) return
    const key = this.#flushes.shift()
    if (key) this.#flush(key)
    else this.#finish()
  }

  #maybeEndFeeds(feeds: Feeds, isSpent: boolean): void {
    const { exit, crew, life } = this.#parts
    // No item comes any more that it could go with.
    if (exit.needsItem && (feeds.size === 0 || isSpent)) {
      exit.needsItem = false
      this.#stage.wake()
    }
    if (feeds.size === 0) {
      if (exit.extras === 0 && crew.slots > 0) this.#finish()
    } else if (isSpent && this.#stage.phase === 'running') {
      life.send({ type: 'spent' })
      if (this.#stage.input.ending === 'failed') this.#finish()
      else feeds.end()
    }
  }

  #flush(key: KeyState): void {
    const { works, crew, claims, attempts } = this.#parts
    const { received } = this.#stage
    const work = works.make()
    work.isFlush = true
    work.worker = crew.workers[key.worker]!
    work.sequence = received
    work.context.sequence = received
    work.key = key
    work.bornAt = -1
    key.busy = work
    works.open(work)
    claims.start(work)
    attempts.begin(work)
  }

  /** An item was handed to a body that ended without it. */
  leftOver(work: Work): void {
    const { works } = this.#parts
    const { worker, tag, hold } = work
    works.running--
    worker.inHand--
    works.close(work)
    this.unfinished++
    hold?.close()
    tag?.hold?.close()
    // Whoever asked for it hears of the end.
    if (!tag?.origin?.asker) tag?.origin?.close()
  }

  /** Everything has been handed on. */
  #finish(): void {
    const { works, life } = this.#parts
    const { input } = this.#stage
    const ending = input.ending === 'failed' ? 'failed' : 'done'
    works.isOver = true
    // A body that ended before its input did leaves the rest where it is.
    this.unfinished += input.clear()
    this.#leave(ending)
    life.send({ type: 'finished' })
  }

  /* ── before all is done ────────────────────────────────────────────────── */

  /** Something has failed that is not to be borne: the run says what becomes of it. */
  stop(fault: Fault): void {
    if (this.#parts.works.isOver) return this.#host.suppressed(fault.error)
    this.#host.failed(this.#stage, fault)
  }

  /** It is the turn of an item whose failure stops the pipeline. */
  stoppedBy(work: Work): void {
    this.#parts.works.close(work)
    if (!work.isFlush) this.unfinished++
    const { error, worker, sequence, attempts } = work.failure!
    this.stop({ error, worker, sequence, attempts })
  }

  /**
   * Takes no more, hands on no more; handlers that run are told by their signal. The output ends as `failed`: items before
   * the failure are still on their way.
   */
  abandon(reason: unknown): void {
    const { works, workHost, ways, exit } = this.#parts
    works.isOver = true
    workHost.aborted = true
    workHost.reason = reason
    ways.leaveLane()
    const open = works.all().filter(work => !work.isFlush).length
    this.unfinished += open + this.#stage.input.clear()
    for (const work of works.all()) {
      if (work.failure?.policy === 'stop') this.#host.suppressed(work.failure.error)
      if (work.isRunning) this.#abort(work, reason)
      else works.close(work)
    }
    ways.abort(reason)
    exit.abandon()
    this.#parts.claims.clear()
    this.#leave('failed')
    this.dismissWhenQuiet()
  }

  /**
   * Nobody waits any more for what is of this origin here: handlers that have something of it in hand are told by their
   * signal. In a pipeline that is a stage of another, where the next item waits for the place, they are not waited for.
   */
  forsake(origin: Origin, reason: unknown): void {
    const { works, failures } = this.#parts
    if (!origin.isOver(this.#stage.index)) return
    for (const work of works.isOver ? [] : works.all()) {
      if (work.tag?.origin !== origin || !work.isRunning) continue
      if (origin.asker?.contains) failures.replace(work, reason)
      else this.#abort(work, reason)
    }
    this.#stage.wake()
  }

  /** What is only waited for (a subscription, a generator at rest, a retry) ends here; a promise has to be waited for. */
  #abort(work: Work, reason: unknown): void {
    const ends = work.cancel !== undefined && !work.isPulling
    work.abort(reason)
    if (ends) this.#parts.claims.settled(work)
  }

  #leave(ending: 'done' | 'failed'): void {
    const { feeds, workHost, claims, failures } = this.#parts
    for (const work of feeds?.cancel(workHost.reason) ?? []) claims.settled(work)
    claims.letGo()
    failures.clear()
    this.#stage.output.end(ending)
  }

  /** Workers end when no handler uses what they were set up with. */
  dismissWhenQuiet(): void {
    const { works, life } = this.#parts
    if (this.#stage.phase === 'abandoned' && works.running === 0) life.send({ type: 'quiet' })
  }
}
