/**
 * Where results leave the pipeline: one channel, and readers that each have a place in it.
 *
 *     taken              slow        fast      arrived
 *       ▼                  ▼           ▼          ▼
 *       ┣━━━━━━━━━━━━━━━━━━┿━━━━━━━━━━━┿━━━━━━━━━━┫      a subscriber is always at `arrived`
 *                          └ the slowest that pulls: what is before it is gone
 *
 * A subscriber (`output`) is handed every result at once. A reader that pulls (`for await`, `consume`) takes them as it
 * likes, and the channel is bounded: so the slowest of them sets the pace of the pipeline. While nobody reads, results
 * wait.
 */
import type { Channel } from '../channel/channel.ts'
import { Consumer } from './readers/consumer.ts'
import { Loop } from './readers/loop.ts'
import { PushedReader } from './readers/pushed-reader.ts'
import type { Ending, Reader, ReaderHost } from './readers/reader.ts'
import { Slots } from './readers/slots.ts'
import { type Listener, Results, reportUncaught } from './results.ts'

export interface OutletHost {
  /** Nobody is left to read, and the last one left on purpose; resolves when the run is over. */
  leave(): Promise<void>
  /** False if the run is over, and cannot fail any more. */
  readerThrew(error: unknown, position: number | undefined): boolean
  errorHeard(): void
  /** A reader came or went, or took what there was. */
  wake(): void
  /** Whether the pump runs, which must not be disturbed. */
  isPumping(): boolean
}

export class Outlet implements ReaderHost {
  readonly channel: Channel
  readonly output: Results<any>
  isReady = false
  readonly #host: OutletHost
  /** Replaced, never changed: a loop over it may go on while readers come and go. */
  #readers: readonly Reader[] = []
  readonly #slots = new Slots()
  /** How far readers had come that have left: what nobody else waits for, up to here, is gone. */
  #given = 0
  #isAdvancing = false
  /** From `unbind` on: results before this position have given their slots back. */
  #untagged: number | undefined
  /** The subscriber that results are being pushed to, perhaps through operators. */
  #pushing: PushedReader | undefined
  #ending: Ending | undefined

  constructor(channel: Channel, host: OutletHost) {
    this.channel = channel
    this.#host = host
    channel.onItems = () => {
      this.isReady = true
      host.wake()
    }
    this.output = new Results({
      attach: listener => this.#subscribe(listener),
      subscriberThrew: error => this.#subscriberThrew(error),
      errorHeard: () => host.errorHeard(),
    })
  }

  /* ── what the run asks ─────────────────────────────────────────────────── */

  /** A reader is still at work on what it was given. */
  get isWorking(): boolean {
    return this.#readers.some(reader => reader.isBusy)
  }

  /** Somebody will hear how it ends. */
  get isPulled(): boolean {
    return this.#readers.some(reader => reader.isPulling)
  }

  get hasReaders(): boolean {
    return this.#readers.length > 0
  }

  /** Positions of results that consumers are at work on. */
  holders(): number[] {
    return this.#readers.flatMap(reader => (reader instanceof Consumer ? [...reader.inHand] : []))
  }

  /** Hands out what has come, as far as readers take it. */
  advance(): void {
    if (this.#isAdvancing) {
      this.isReady = true
      return
    }
    this.#isAdvancing = true
    if (this.#untagged !== undefined) this.#untag(this.#untagged)
    // Within the pump, which comes again while there is something to do, once is enough; after the end there is no pump.
    do {
      this.isReady = false
      const readers = this.#readers
      for (const reader of readers) {
        if (reader instanceof PushedReader) this.#pushing = reader
        reader.deliver()
        this.#pushing = undefined
        if (readers !== this.#readers && !this.#readers.includes(reader)) this.#leftBy(reader)
      }
      this.#trim()
      this.#finish()
    } while (this.isReady && this.#ending)
    this.#isAdvancing = false
  }

  /** From now on everything is let in, and holds no slot until it is read. */
  unbind(): void {
    this.channel.unbind()
    this.#untag(0)
  }

  /** What has not been read is gone, for every reader. */
  clear(): void {
    this.channel.clear()
    for (const reader of this.#readers) reader.position = this.channel.arrived
  }

  /** The run is over: readers are told when they have had everything. */
  end(ending: Ending): void {
    this.#ending ??= ending
    this.#finish()
  }

  /* ── readers ───────────────────────────────────────────────────────────── */

  #subscribe(listener: Listener<any>): () => void {
    const reader = new PushedReader(this, listener)
    this.attach(reader)
    return () => {
      reader.close()
      this.detach(reader)
    }
  }

  /** One loop over the results. Leaving it cancels the run, unless others read. */
  iterate(): AsyncIterator<any> {
    return new Loop(this)
  }

  /** Calls `fn` with every result, at most `concurrency` at once. */
  consume(fn: (item: any) => unknown, concurrency: number): Promise<void> {
    return new Consumer(this, fn, concurrency).finished
  }

  /** Results are being handed out, or the pump runs: what is asked for comes with that. */
  get isBusy(): boolean {
    return this.#isAdvancing || this.#host.isPumping()
  }

  attach(reader: Reader): void {
    reader.position = this.channel.taken
    reader.done = this.channel.taken
    this.#readers = [...this.#readers, reader]
    this.isReady = true
    this.#host.wake()
    // After the end there is no pump any more.
    if (this.#ending) this.advance()
  }

  detach(reader: Reader): void {
    if (!this.#readers.includes(reader)) return
    this.#readers = this.#readers.filter(other => other !== reader)
    this.#leftBy(reader)
    if (!this.#isAdvancing) this.#trim()
    this.#host.wake()
  }

  wantsMore(): void {
    this.isReady = true
    this.#host.wake()
  }

  progress(): void {
    if (this.isBusy) return this.wantsMore()
    this.#trim()
    this.#finish()
    if (this.channel.count === 0) this.#host.wake()
  }

  leave(): Promise<void> {
    return this.#host.leave()
  }

  readerThrew(error: unknown, position: number | undefined): boolean {
    return this.#host.readerThrew(error, position)
  }

  errorHeard(): void {
    this.#host.errorHeard()
  }

  /** Behind operators: which result it was that made them emit, nobody knows. */
  #subscriberThrew(error: unknown): void {
    this.#pushing?.close()
    if (!this.readerThrew(error, undefined)) reportUncaught(error)
  }

  /* ── what nobody waits for any more ────────────────────────────────────── */

  #leftBy(reader: Reader): void {
    if (reader.position > this.#given) this.#given = reader.position
  }

  /** What has been handed to every reader leaves the channel. */
  #trim(): void {
    const { channel } = this
    let position = Infinity
    let done = Infinity
    for (const reader of this.#readers) {
      if (reader.isOver) {
        this.#leftBy(reader)
        continue
      }
      if (reader.position < position) position = reader.position
      if (reader.done < done) done = reader.done
    }
    if (position === Infinity) position = done = this.#given
    const count = position - channel.taken
    if (count > 0) {
      if (channel.tagged) this.#slots.keep(channel, count)
      else channel.passed(count)
    }
    if (channel.tagged) this.#slots.release(done)
  }

  #untag(from: number): void {
    this.#untagged = this.channel.arrived
    this.#slots.release(Infinity)
    this.channel.untag(from)
  }

  #finish(): void {
    if (!this.#ending) return
    for (const reader of this.#readers) {
      if (!reader.isOver && reader.position < this.channel.arrived) continue
      if (!this.#readers.includes(reader)) continue
      this.#readers = this.#readers.filter(other => other !== reader)
      this.#leftBy(reader)
      reader.end(this.#ending)
    }
  }
}
