/**
 * Where items come from: anything that can be iterated, awaited, subscribed to, or sent.
 *
 *     array, iterable, generator     asked for the next when a stage asks: nothing is read ahead
 *     async iterable, Readable, …    read ahead, one at a time, until the channel is full
 *     Observable                     cannot be asked to wait: a full channel does what `overflow` says
 *     open pipeline                  `send` waits in line for room
 */
import type { Channel } from '../channel/channel.ts'
import { fullness, type Overflow, offer } from '../channel/overflow.ts'
import { Origin, type Tag } from '../channel/ticket.ts'
import { weigh } from '../channel/weigh.ts'
import { ChannelFull, SendAfterEnd, UndefinedItem } from '../errors.ts'

export interface SourceHost {
  readonly pipeline: string
  readonly time: number
  /** The source failed before item `sequence`: nothing more will come. */
  sourceFailed(error: unknown, sequence: number): void
  dropped(count: number): void
  /** Something came: go on. */
  pump(): void
}

/** What a run asks of its source. */
export interface Source {
  readonly received: number
  /** Begins to read. */
  start(): void
  /** Reads no more; what has come is still handled. */
  end(): void
  /** Room in the channel, or a slot end to end. */
  resume(): void
}

/** Items that have been taken from a source and not yet ended, with the bound on them. */
export class Entrance {
  readonly #most: number
  readonly #resumed: () => void
  #under = 0

  constructor(most: number, resumed: () => void) {
    this.#most = most
    this.#resumed = resumed
  }

  get isOpen(): boolean {
    return this.#under < this.#most
  }

  /** The tag of an item that enters. */
  admit(): Tag | undefined {
    if (this.#most === Infinity) return undefined
    this.#under++
    const origin = new Origin(() => {
      this.#under--
      this.#resumed()
    })
    return { origin, hold: undefined }
  }
}

/** The kinds of things that can be a source; `undefined` for what cannot. */
export function kindOf(value: unknown): string | undefined {
  if (typeof value === 'function') return 'function'
  if (typeof value === 'string') return 'iterable'
  if (typeof value !== 'object' || value === null) return undefined
  const shape = value as Shape
  if (typeof shape.subscribe === 'function' || typeof shape['@@observable'] === 'function') return 'observable'
  if (typeof shape[Symbol.asyncIterator] === 'function') return 'async iterable'
  if (typeof shape[Symbol.iterator] === 'function') return 'iterable'
  if (typeof shape.then === 'function') return 'promise'
  if (typeof shape.getReader === 'function') return 'stream'
  if (typeof shape.length === 'number') return 'array-like'
  return undefined
}

interface Shape {
  subscribe?: unknown
  '@@observable'?: unknown
  then?: unknown
  next?: unknown
  read?: unknown
  getReader?: unknown
  length?: unknown
  [Symbol.asyncIterator]?: unknown
  [Symbol.iterator]?: unknown
}

/** What a source is called that can be read only once; `undefined` for one that begins anew at each run. */
export function oneShot(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const shape = value as Shape
  if (typeof shape.getReader === 'function') return 'web stream'
  if (typeof shape.read === 'function' && typeof shape[Symbol.asyncIterator] === 'function') return 'Node stream'
  if (typeof shape.next === 'function') return typeof shape[Symbol.iterator] === 'function' ? 'generator' : 'async generator'
  return undefined
}

/** Connects a source to a channel. Observables are subscribed to at once, everything else is asked after `start`. */
export function connect(value: unknown, channel: Channel, overflow: Overflow, entrance: Entrance, host: SourceHost): Source {
  switch (kindOf(value)) {
    case 'function':
      return new Deferred(value as () => unknown, made => connect(made, channel, overflow, entrance, host), channel, host)
    case 'observable':
      return new PushedSource(value as Subscribable, channel, overflow, entrance, host)
    case 'async iterable':
      return new PulledSource(() => (value as AsyncIterable<unknown>)[Symbol.asyncIterator](), channel, overflow, entrance, host)
    case 'promise':
      return new PulledSource(() => once(value as Promise<unknown>), channel, overflow, entrance, host)
    case 'stream':
      return new PulledSource(() => read(value as WebStream), channel, overflow, entrance, host)
    case 'array-like':
      return new SyncSource(() => Array.from(value as ArrayLike<unknown>)[Symbol.iterator](), channel, entrance, host)
    default:
      return new SyncSource(() => (value as Iterable<unknown>)[Symbol.iterator](), channel, entrance, host, plainArray(value))
  }
}

async function* once(promise: Promise<unknown>): AsyncGenerator<unknown> {
  yield await promise
}

interface WebStream {
  getReader(): { read(): Promise<{ done: boolean; value?: unknown }>; releaseLock(): void; cancel(): Promise<void> }
}

async function* read(stream: WebStream): AsyncGenerator<unknown> {
  const reader = stream.getReader()
  let isDone = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isDone = done
      if (done) return
      yield value
    }
  } finally {
    if (!isDone) await reader.cancel()
    reader.releaseLock()
  }
}

/** A function that makes the source, asked when the run begins. */
class Deferred implements Source {
  readonly #make: () => unknown
  readonly #connect: (value: unknown) => Source
  readonly #channel: Channel
  readonly #host: SourceHost
  #source: Source | undefined
  #isOver = false

  constructor(make: () => unknown, connect: (value: unknown) => Source, channel: Channel, host: SourceHost) {
    this.#make = make
    this.#connect = connect
    this.#channel = channel
    this.#host = host
  }

  get received(): number {
    return this.#source?.received ?? 0
  }

  start(): void {
    if (this.#isOver) return
    try {
      const made = this.#make()
      if (kindOf(made) === undefined || kindOf(made) === 'function') {
        throw new TypeError(`the source function must give something to iterate over, got ${made === null ? 'null' : typeof made}`)
      }
      this.#source = this.#connect(made)
    } catch (error) {
      return this.#host.sourceFailed(error, 0)
    }
    this.#source.start()
  }

  end(): void {
    this.#isOver = true
    if (this.#source) this.#source.end()
    else this.#channel.end('done')
  }

  resume(): void {
    this.#source?.resume()
  }
}

/** An array that is iterated as arrays are: its items can be read by index, without an iterator's result for each. */
function plainArray(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) && value[Symbol.iterator] === Array.prototype[Symbol.iterator] ? value : undefined
}

/** Asked for items when the first stage has nothing to do. */
class SyncSource implements Source {
  received = 0
  readonly #begin: () => Iterator<unknown>
  readonly #channel: Channel
  readonly #entrance: Entrance
  readonly #host: SourceHost
  readonly #array: readonly unknown[] | undefined
  #iterator: Iterator<unknown> | undefined
  #isOver = false

  constructor(
    begin: () => Iterator<unknown>,
    channel: Channel,
    entrance: Entrance,
    host: SourceHost,
    array?: readonly unknown[],
  ) {
    this.#begin = begin
    this.#array = array
    this.#channel = channel
    this.#entrance = entrance
    this.#host = host
  }

  start(): void {
    const channel = this.#channel
    channel.refill = most => {
      channel.isRefilling = true
      this.#refill(most)
      channel.isRefilling = false
      if (this.#isOver) channel.end('done')
    }
    this.#channel.onItems()
  }

  /** Makes up to `most` items, or as many as the channel may weigh. */
  #refill(most: number): void {
    if (this.#isOver) return
    try {
      this.#iterator ??= this.#begin()
      if (this.#channel.tagged) this.#refillTagged(most)
      else if (this.#array) this.#refillFrom(this.#array, most)
      else this.#refillPlain(most)
    } catch (error) {
      this.#isOver = true
      this.#host.sourceFailed(error, this.received)
    }
  }

  #refillTagged(most: number): void {
    const iterator = this.#iterator!
    for (let left = most; left > 0 && !this.#channel.full() && this.#entrance.isOpen; left--) {
      const { done, value } = iterator.next()
      if (done) {
        this.#isOver = true
        return
      }
      if (value === undefined) throw new UndefinedItem('the source', this.received)
      this.received++
      this.#channel.put(value, this.#entrance.admit(), this.#host.time, this.#host.time)
    }
  }

  #refillFrom(array: readonly unknown[], most: number): void {
    const channel = this.#channel
    const first = this.received
    const to = Math.min(array.length, first + most)
    channel.reserve(to - first)
    const { items, weights, mask, arrived, weighing } = channel
    const limit = channel.capacity.bytes - channel.bytes
    let index = first
    let bytes = 0
    while (index < to && bytes < limit) {
      const value = array[index]
      if (value === undefined) break
      const slot = (arrived + index - first) & mask
      items[slot] = value
      if (weighing && typeof value !== 'number') {
        weights[slot] = weigh(value)
        bytes += weights[slot]!
      }
      index++
    }
    this.received = index
    if (index > first) channel.pushed(index - first, bytes, this.#host.time, this.#host.time)
    if (index < to && array[index] === undefined) throw new UndefinedItem('the source', index)
    this.#isOver = index >= array.length
  }

  /** Without tags the items are stored in one go. */
  #refillPlain(most: number): void {
    const channel = this.#channel
    const iterator = this.#iterator!
    channel.reserve(most)
    const { items, weights, mask, arrived, weighing } = channel
    const limit = channel.capacity.bytes - channel.bytes
    let count = 0
    let bytes = 0
    try {
      while (count < most && bytes < limit) {
        const { done, value } = iterator.next()
        if (done) {
          this.#isOver = true
          break
        }
        if (value === undefined) throw new UndefinedItem('the source', this.received + count)
        const slot = (arrived + count) & mask
        items[slot] = value
        if (weighing && typeof value !== 'number') {
          weights[slot] = weigh(value)
          bytes += weights[slot]!
        }
        count++
      }
    } finally {
      this.received += count
      if (count > 0) channel.pushed(count, bytes, this.#host.time, this.#host.time)
    }
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#iterator?.return?.()
    } catch {
      // It was asked to end, and it has: what its `finally` throws changes nothing any more.
    }
    this.#channel.end('done')
  }

  resume(): void {
    this.#channel.onItems()
  }
}

/** Read ahead, one `next` at a time, while the channel has room. */
class PulledSource implements Source {
  received = 0
  readonly #begin: () => AsyncIterator<unknown>
  readonly #channel: Channel
  readonly #overflow: Overflow
  readonly #entrance: Entrance
  readonly #host: SourceHost
  #iterator: AsyncIterator<unknown> | undefined
  #isPulling = false
  #isOver = false

  constructor(
    begin: () => AsyncIterator<unknown>,
    channel: Channel,
    overflow: Overflow,
    entrance: Entrance,
    host: SourceHost,
  ) {
    this.#begin = begin
    this.#channel = channel
    this.#overflow = overflow
    this.#entrance = entrance
    this.#host = host
  }

  start(): void {
    if (this.#isOver) return
    this.#channel.onRoom = () => this.resume()
    try {
      this.#iterator = this.#begin()
    } catch (error) {
      return this.#failed(error)
    }
    this.resume()
  }

  resume(): void {
    if (this.#isPulling || this.#isOver || !this.#iterator) return
    if (this.#overflow === 'wait' && this.#channel.full()) {
      this.#channel.blocked = true
      return
    }
    if (!this.#entrance.isOpen) return
    this.#isPulling = true
    try {
      const next = this.#iterator.next()
      if (next instanceof Promise) next.then(this.#came, this.#failed)
      else Promise.resolve(next).then(this.#came, this.#failed)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #came = (result: IteratorResult<unknown>): void => {
    this.#isPulling = false
    if (this.#isOver) return
    if (result.done) {
      this.#isOver = true
      this.#channel.end('done')
      return this.#host.pump()
    }
    if (result.value === undefined) {
      this.#leave()
      return this.#failed(new UndefinedItem('the source', this.received))
    }
    this.received++
    const now = this.#host.time
    const fate = offer(this.#channel, this.#overflow, result.value, this.#entrance.admit(), now, now)
    if (fate === 'dropped') this.#host.dropped(this.#channel.dropped)
    if (fate === 'full') {
      this.#leave()
      return this.#failed(new ChannelFull('the first stage', fullness(this.#channel)))
    }
    this.#host.pump()
    this.resume()
  }

  readonly #failed = (error: unknown): void => {
    this.#isPulling = false
    if (this.#isOver) return
    this.#isOver = true
    this.#host.sourceFailed(error, this.received)
    this.#host.pump()
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leave()
    this.#channel.end('done')
  }

  /** Tells the iterator; nobody waits for it, as it may have to wait for its own next item first. */
  #leave(): void {
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => {})
    } catch {}
  }
}

interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void
  }
  '@@observable'?: () => Subscribable
}

/** An Observable emits when it likes. Subscribed to at once: a Subject may emit in the turn in which the run was made. */
class PushedSource implements Source {
  received = 0
  readonly #channel: Channel
  readonly #overflow: Overflow
  readonly #entrance: Entrance
  readonly #host: SourceHost
  #subscription: { unsubscribe(): void } | undefined
  #isOver = false
  #hasStarted = false
  /** What happened before the run had begun. */
  #early: (() => void) | undefined

  constructor(observable: Subscribable, channel: Channel, overflow: Overflow, entrance: Entrance, host: SourceHost) {
    this.#channel = channel
    this.#overflow = overflow
    this.#entrance = entrance
    this.#host = host
    const subject = observable['@@observable']?.() ?? observable
    try {
      this.#subscription = subject.subscribe({
        next: value => this.#next(value),
        error: error => this.#fail(error),
        complete: () => this.#complete(),
      })
      if (this.#isOver) this.#subscription.unsubscribe()
    } catch (error) {
      this.#fail(error)
    }
  }

  start(): void {
    this.#hasStarted = true
    this.#early?.()
  }

  #next(value: unknown): void {
    if (this.#isOver) return
    if (value === undefined) return this.#fail(new UndefinedItem('the source', this.received))
    this.received++
    const now = this.#host.time
    const isFull = this.#channel.full() || !this.#entrance.isOpen
    const fate = isFull && this.#overflow === 'wait' ? 'full' : offer(this.#channel, this.#overflow, value, this.#entrance.admit(), now, now)
    if (fate === 'dropped') this.#host.dropped(this.#channel.dropped)
    if (fate === 'full') return this.#fail(new ChannelFull('the first stage', fullness(this.#channel)))
    this.#host.pump()
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#subscription?.unsubscribe()
    this.#once(() => this.#host.sourceFailed(error, this.received))
  }

  #complete(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#once(() => this.#channel.end('done'))
  }

  /** The run hears of an end only once it has begun. */
  #once(end: () => void): void {
    if (this.#hasStarted) {
      end()
      this.#host.pump()
    } else this.#early = end
  }

  end(): void {
    this.#subscription?.unsubscribe()
    if (this.#isOver) return
    this.#isOver = true
    this.#channel.end('done')
  }

  resume(): void {}
}

/** What `send` and `ask` hand in; they wait in line while there is no room. */
export class SentSource implements Source {
  received = 0
  readonly #channel: Channel
  readonly #overflow: Overflow
  readonly #entrance: Entrance
  readonly #host: SourceHost
  readonly #line: { item: unknown; origin: Origin | undefined; sent: () => void; failed: (error: unknown) => void }[] = []
  #isEnded = false
  #hasStarted = false

  constructor(channel: Channel, overflow: Overflow, entrance: Entrance, host: SourceHost) {
    this.#channel = channel
    this.#overflow = overflow
    this.#entrance = entrance
    this.#host = host
    channel.onRoom = () => this.resume()
  }

  start(): void {
    this.#hasStarted = true
    this.resume()
  }

  send(item: unknown, origin?: Origin): Promise<void> {
    if (this.#isEnded) return Promise.reject(new SendAfterEnd(this.#host.pipeline, item))
    if (item === undefined) return Promise.reject(new UndefinedItem('send', this.received + this.#line.length))
    return new Promise((resolve, reject) => {
      this.#line.push({ item, origin, sent: resolve, failed: reject })
      this.resume()
      this.#host.pump()
    })
  }

  resume(): void {
    const channel = this.#channel
    while (this.#line.length > 0 && this.#entrance.isOpen) {
      if (this.#overflow === 'wait' && channel.full()) {
        channel.blocked = true
        return
      }
      const { item, origin, sent, failed } = this.#line.shift()!
      if (origin?.forsaken) continue
      const admitted = this.#entrance.admit()
      // An asked item that holds a slot end to end gives it back with its answer.
      if (origin && admitted) origin.also(() => admitted.origin?.close())
      const now = this.#host.time
      const tag = origin ? { origin, hold: undefined } : admitted
      const fate = offer(channel, this.#overflow, item, tag, now, now)
      if (fate === 'full') {
        failed(new ChannelFull('the first stage', fullness(channel)))
        continue
      }
      this.received++
      if (fate === 'dropped') this.#host.dropped(channel.dropped)
      sent()
    }
    if (this.#isEnded && this.#line.length === 0) channel.end('done')
  }

  /** What waits in line is still taken. */
  end(): void {
    this.#isEnded = true
    if (this.#line.length === 0) this.#channel.end('done')
  }

  /** The run is over: what waits in line is not taken. */
  refuse(error: unknown): void {
    this.#isEnded = true
    for (const { failed } of this.#line.splice(0)) failed(error)
  }

  get hasStarted(): boolean {
    return this.#hasStarted
  }
}
