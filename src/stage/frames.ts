/**
 * The way in frames: a run of items through a kernel, synchronously, straight into the next channel.
 *
 * Open only while nothing is under way, so that whatever a frame leads to is the next in order.
 */
import type { Channel } from '../channel/channel.ts'
import { FrameCutter } from '../channel/frame-cutter.ts'
import { type Kernel, Scratch } from '../runtime/inline/kernel.ts'
import type { Exit } from './exit.ts'
import type { KeyState, Keys } from './keys.ts'
import type { Meter } from './meter.ts'
import type { Pump } from './pump.ts'
import type { Work } from './work.ts'
import type { InlineWorker } from './worker.ts'
import type { Works } from './works.ts'

export interface FramesHost {
  /** So many items went through. */
  handled(items: number): void
  /**
   * The kernel stopped at the next item, whose handler has been called: it threw, or gave something that takes more than a
   * loop. The work is the one whose context the handler has.
   */
  stopped(work: Work, scratch: Scratch): void
}

interface Parts {
  readonly input: Channel
  readonly output: Channel
  readonly worker: InlineWorker
  /** Of an unkeyed actor with state. */
  readonly keys: Keys | undefined
  /** Whether its state has to be started before its first item. */
  readonly starts: boolean
  readonly exit: Exit
  readonly works: Works
  readonly meter: Meter
  readonly pump: Pump
  readonly most: number
}

export class Frames {
  readonly #kernel: Kernel
  readonly #parts: Parts
  readonly #host: FramesHost
  readonly #cutter: FrameCutter
  readonly #scratch: Scratch
  /** The work whose context the kernel uses. */
  #spare: Work

  constructor(kernel: Kernel, parts: Parts, host: FramesHost) {
    this.#kernel = kernel
    this.#parts = parts
    this.#host = host
    this.#cutter = new FrameCutter({ most: parts.most })
    this.#spare = parts.works.make()
    this.#scratch = new Scratch(parts.output.weighing)
  }

  /** The handler asked for something that has to happen before the next item. */
  interrupt(): void {
    this.#scratch.interrupted = true
  }

  /** Runs the next frame. False if there was nothing, or no room; undefined if the next item has to go alone. */
  run(): boolean | undefined {
    const { input, output, worker, keys, starts } = this.#parts
    if (worker.restarting) return undefined
    const room = output.room()
    if (room === 0) {
      output.blocked = true
      return false
    }
    const size = this.#cutter.cut(room)
    if (input.arrived === input.taken) input.refill?.(size)
    const available = Math.min(size, input.ready())
    if (available === 0) return false
    const key = keys?.of(undefined, input.sequence)
    if (key && starts && !key.started) return undefined
    this.#handle(available, key)
    return true
  }

  #handle(count: number, key: KeyState | undefined): void {
    const { input, output, worker, exit, meter, pump } = this.#parts
    const spare = this.#spare
    const scratch = this.#scratch
    spare.worker = worker
    spare.key = key
    scratch.limit = output.capacity.bytes - output.bytes
    scratch.interrupted = false
    output.reserve(count)
    const first = input.sequence
    const from = input.taken & input.mask
    const startedAt = pump.clock.now()
    const to = this.#kernel(input.items, from, from + count, output, first, spare.context, key?.state, scratch)
    const now = pump.clock.now()
    const done = to - from
    const spent = now - startedAt
    const items = done + (scratch.stopped ? 1 : 0)
    pump.spend(spent)
    meter.frame(items, spent)
    this.#cutter.measured(items, spent)
    if (spare.forget && !scratch.stopped) this.#forget(key)
    if (done > 0) {
      const bornAt = meter.taken(done, startedAt)
      input.passed(done)
      this.#host.handled(done)
      exit.passed(first, first + done, scratch.pushed, scratch.bytes, bornAt, now)
    }
    if (scratch.stopped) this.#stopped()
  }

  #stopped(): void {
    const work = this.#spare
    const scratch = this.#scratch
    this.#spare = this.#parts.works.make()
    this.#host.stopped(work, scratch)
    scratch.result = undefined
    scratch.value = undefined
  }

  #forget(key: KeyState | undefined): void {
    this.#spare.forget = false
    if (key) this.#parts.keys!.forget(key)
  }

  abort(reason: unknown): void {
    this.#spare.abort(reason)
  }
}
