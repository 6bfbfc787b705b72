/** Stretches of the stream: so many items, or so much time. */
import {
  type Actor,
  type Clock,
  checkOptions,
  defineActor,
  type Home,
  InvalidOption,
  type Options,
} from '../src/index.ts'
import { isSpan, mustNotBeBody, oneOf, whole } from './accepts.ts'

export interface WindowOptions {
  /** Items a window holds. A whole number from 1. */
  size?: number
  /** Or the milliseconds that it lasts. A number above 0. */
  millis?: number
  /** How many items, or milliseconds, after one window the next begins. @default as many: one follows the other */
  every?: number
  /** What becomes, at the end, of items that no window has held yet: a last, shorter window, or nothing. @default 'flush' */
  partial?: 'flush' | 'drop'
  /** With `millis`: items that may be held at a time. A whole number from 1. @default 1_000_000 */
  most?: number
}

export const windowOptions = {
  size: {
    expected: 'a whole number from 1',
    accepts: whole(1),
    default: 'left out where `millis` is given',
    doc: 'Items a window holds.',
  },
  millis: {
    expected: 'a number of milliseconds above 0',
    accepts: isSpan,
    default: 'left out where `size` is given',
    doc: 'Or the milliseconds that it lasts.',
  },
  every: {
    expected: 'a number above 0; with `size`, a whole one',
    accepts: isSpan,
    default: 'as many as a window has: one follows the other',
    doc: 'How many items, or milliseconds, after one window the next begins.',
  },
  partial: {
    expected: "'flush' or 'drop'",
    accepts: oneOf('flush', 'drop'),
    value: 'flush',
    doc: 'What becomes, at the end, of items that no window has held yet: a last, shorter window, or nothing.',
  },
  most: {
    expected: 'a whole number from 1',
    accepts: whole(1),
    value: 1_000_000,
    doc: 'With `millis`: items that may be held at a time; one more fails.',
  },
} satisfies Options

/**
 * Emits windows, arrays of items in order: the last `size` of them, or those of `millis` milliseconds.
 *
 *     window({ size: 3 })                  0 1 2 │ 3 4 5 │ 6            tumbling: one after the other
 *     window({ size: 3, every: 1 })        0 1 2 │ 1 2 3 │ 2 3 4 …      sliding
 *     window({ size: 3, every: 4 })        0 1 2 │ 4 5 6                with gaps: 3 and 7 are in none
 *     window({ millis: 60_000, every: 10_000 })                         the last minute, every ten seconds
 *
 * A window goes out when it is whole. At the end of the input, items that no window has held go out in a last one that is
 * shorter, or are dropped (`partial`). By count, each key has windows of its own, and they survive restarts of the worker.
 *
 * By time, windows go by the clock of the run. The first begins with the first item; number n lasts from n × `every` until
 * n × `every` + `millis` after that. An item is in those during which this stage took it. A window without items is not
 * emitted, and while there are none no timer runs. A stage of it has no key and no restart, as its body holds the whole
 * stream; more than `most` items at a time fail. It travels.
 *
 * @throws {InvalidOptions}
 * @throws {InvalidOption} without `size` and `millis`, or with both.
 */
export function window<T>(options: WindowOptions): Actor<T, T[], Home>
export function window(options: WindowOptions, second?: unknown): Actor<any, any[], Home> {
  mustNotBeBody(second, window, 'window({ size: 3 })')
  checkOptions(options, windowOptions, 'window')
  const { size, millis, every } = options ?? {}
  if ((size === undefined) === (millis === undefined)) {
    throw new InvalidOption('window', 'given either `size` or `millis`', options)
  }
  if (size !== undefined && every !== undefined && !whole(1)(every)) {
    throw new InvalidOption('every', 'a whole number from 1, with `size`', every, 'window')
  }
  const actor = size === undefined ? byTime : byCount
  return actor.with(options)
}

/* ── By count ───────────────────────────────────────────────────────────── */

interface Counted {
  readonly options: WindowOptions
  /** Of the window under way. */
  items: unknown[]
  /** How many of them no window has held. */
  fresh: number
  /** Items before the next window begins. */
  gap: number
}

const byCount = defineActor('window', import.meta, {
  start: (options: WindowOptions): Counted => ({ options, items: [], fresh: 0, gap: 0 }),
  receive(item: unknown, counted): unknown[] | undefined {
    if (counted.gap > 0) {
      counted.gap--
      return undefined
    }
    const { size = 1, every = size } = counted.options
    counted.items.push(item)
    counted.fresh++
    if (counted.items.length < size) return undefined
    const whole = counted.items
    counted.items = whole.slice(every)
    counted.fresh = 0
    counted.gap = Math.max(0, every - size)
    return whole
  },
  flush({ items, fresh, options }): unknown[] | undefined {
    return fresh > 0 && options.partial !== 'drop' ? items : undefined
  },
  // No copy: nothing can fail half-way.
  snapshot: counted => counted,
  restore: (counted: Counted) => counted,
})

/* ── By time ────────────────────────────────────────────────────────────── */

/** Items, and the windows that they are in; time comes in as a number. */
class Spans {
  readonly #millis: number
  readonly #every: number
  readonly #most: number
  #held: { readonly item: unknown; readonly at: number; isOut: boolean }[] = []
  /** When the first window began, and the number of the one that ends next. */
  #origin = 0
  #next = 0
  #hasBegun = false

  constructor({ millis = 1, every = millis, most = 1_000_000 }: WindowOptions) {
    this.#millis = millis
    this.#every = every
    this.#most = most
  }

  get #start(): number {
    return this.#origin + this.#next * this.#every
  }

  /** When the next window ends that has an item; undefined if none has. */
  get due(): number | undefined {
    return this.#held.length > 0 ? this.#start + this.#millis : undefined
  }

  /** Takes an item at `now`, when what was due by then has gone. */
  take(item: unknown, now: number): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#origin = now
    }
    if (this.#held.length === 0) {
      const over = Math.floor((now - this.#origin - this.#millis) / this.#every) + 1
      this.#next = Math.max(this.#next, over)
    }
    if (this.#every > this.#millis && now < this.#start) return // between two windows
    if (this.#held.length === this.#most) {
      throw new RangeError(`a window of ${this.#millis} ms holds more than ${this.#most} items: raise \`most\``)
    }
    this.#held.push({ item, at: now, isOut: false })
  }

  /** The windows that are over by `now`. */
  *over(now: number): Generator<unknown[]> {
    for (let end = this.due; end !== undefined && end <= now; end = this.due) {
      const inside = this.#held.filter(({ at }) => at < end!)
      for (const each of inside) each.isOut = true
      this.#next++
      const start = this.#start
      this.#held = this.#held.filter(({ at }) => at >= start)
      if (inside.length > 0) yield inside.map(({ item }) => item)
    }
  }

  /** What no window has held, with what else is in the one under way. */
  rest(): unknown[][] {
    return this.#held.some(({ isOut }) => !isOut) ? [this.#held.map(({ item }) => item)] : []
  }
}

const due = Symbol('due')

const byTime = defineActor('window-of-time', import.meta, {
  async *stream(
    items: AsyncIterable<unknown>,
    { clock }: { clock: Clock },
    options: WindowOptions,
  ): AsyncGenerator<unknown[]> {
    const iterator = items[Symbol.asyncIterator]()
    const spans = new Spans(options)
    let timer: unknown
    try {
      for (let next = iterator.next(); ; ) {
        const at = spans.due
        const isDue = new Promise<typeof due>(resolve => {
          if (at !== undefined) timer = clock.setTimeout(() => resolve(due), Math.max(0, at - clock.now()))
        })
        const came = await (at === undefined ? next : Promise.race([next, isDue]))
        clock.clearTimeout(timer)
        yield* spans.over(clock.now())
        if (came === due) continue
        if (came.done) {
          if (options.partial !== 'drop') yield* spans.rest()
          return
        }
        spans.take(came.value, clock.now())
        next = iterator.next()
      }
    } finally {
      clock.clearTimeout(timer)
    }
  },
})
