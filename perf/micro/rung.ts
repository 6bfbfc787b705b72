/**
 * Three ordered asynchronous stages in as little code as does it, with K items in flight in each, and what a stage of the
 * framework has promised beside, one by one.
 *
 *     claim ─▶ handler ─ … ─▶ completed ─▶ values, by sequence ─▶ flush ─▶ the next stage
 *       ▲                         │
 *       └──── the next, at once ──┘
 *
 * Which promises are kept is said by the query of the module's address. So every rung of the ladder is a copy of this module,
 * with type feedback of its own: code that is shared by all would be measured as the sum of what they all need.
 */
import { Histogram } from '../../src/metrics/histogram.ts'
import type { AsyncStep, AsyncSteps, Sink } from '../throughput/three-functions.ts'

const kept = new URL(import.meta.url).searchParams
const isPrompt = kept.has('prompt')
const isCounting = kept.has('counters')
const hasSlices = kept.has('slices')
const isMetering = kept.has('metering')
const takesAnything = kept.has('anything')

const capacity = 1024
const mask = capacity - 1
const handful = 64
const soon = Promise.resolve()
const promiseThen = Promise.prototype.then
const stop = (error: unknown) => {
  throw error
}

class Channel {
  readonly items: unknown[] = new Array(capacity).fill(undefined)
  readonly weights = new Float64Array(capacity)
  taken = 0
  arrived = 0
  bytes = 0
  isWanted = true
  refill: (most: number) => void = () => {}
}

interface Member {
  isReady: boolean
  isLate: boolean
  advance(): void
}

/** Has everybody advance who has something to do, the last first. */
class Row {
  members: Member[] = []
  spentMs = 0
  #isScheduled = false
  #isRunning = false
  #isDirty = false
  #isYielding = false
  #sliceStart = performance.now()
  readonly #late: Member[] = []

  /** It has something to do as soon as it goes round. */
  ready(member: Member): void {
    member.isReady = true
    this.#isDirty = true
  }

  wake(member: Member): void {
    member.isReady = true
    if (this.#isRunning) this.#isDirty = true
    else if (!this.#isScheduled && !this.#isYielding) {
      this.#isScheduled = true
      void soon.then(this.run)
    }
  }

  wakeLate(member: Member): void {
    member.isLate = true
    if (this.#late.push(member) === 1) process.nextTick(this.#arrive)
  }

  readonly #arrive = (): void => {
    for (const member of this.#late) {
      member.isLate = false
      member.isReady = true
    }
    this.#late.length = 0
    this.run()
  }

  readonly run = (): void => {
    this.#isScheduled = false
    if (this.#isYielding || this.#isRunning) return
    this.#isRunning = true
    do {
      this.#isDirty = false
      for (const member of this.members) {
        if (!member.isReady) continue
        member.isReady = false
        member.advance()
        if (hasSlices && this.spentMs >= 2 && this.#isSliceOver()) break
      }
    } while (this.#isDirty && !this.#isYielding)
    this.#isRunning = false
  }

  get mayGoOn(): boolean {
    return this.spentMs < 2 && !this.#isYielding
  }

  #isSliceOver(): boolean {
    this.spentMs = 0
    if (performance.now() - this.#sliceStart < 10) return false
    this.#isYielding = true
    setImmediate(() => {
      this.#isYielding = false
      this.#sliceStart = performance.now()
      this.run()
    })
    return true
  }
}

/** One of the K places of a stage, with callbacks that live as long as it does. */
class Slot {
  item: unknown = undefined
  readonly context = { sequence: 0 }
  readonly worker: { inHand: number }
  readonly onValue: (value: unknown) => void

  constructor(stage: Stage) {
    this.worker = stage.worker
    this.onValue = value => stage.completed(this, value)
  }
}

class Stage implements Member {
  isReady = true
  isLate = false
  /** Who reads what it writes. */
  next: Member | undefined
  received = 0
  settled = 0
  emitted = 0
  readonly worker = { inHand: 0 }
  readonly #handler: (item: any, context: unknown) => unknown
  readonly #input: Channel
  readonly #output: Channel
  readonly #row: Row
  readonly #values: unknown[] = new Array(capacity).fill(undefined)
  readonly #free: Slot[]
  readonly #concurrency: number
  #head = 0
  #tail = 0
  #until = 0
  #untold = 0
  readonly #service = new Histogram()
  #toSkip = 0
  #unseen = 0
  #oneIn = 64
  #timedAt = -Infinity

  constructor(handler: AsyncStep, input: Channel, output: Channel, concurrency: number, row: Row) {
    this.#handler = handler
    this.#input = input
    this.#output = output
    this.#concurrency = concurrency
    this.#row = row
    this.#free = Array.from({ length: concurrency }, () => new Slot(this))
    output.refill = () => this.#flush()
  }

  advance(): void {
    this.#flush()
    while (this.#free.length > 0 && this.#more()) {
      if (isCounting) this.worker.inHand++
      this.#begin(this.#free.pop()!)
    }
    this.#input.isWanted = this.#free.length > 0
    this.#until = 0
  }

  /** Up to which position nothing speaks against claiming, looked at for many at once. */
  #more(): boolean {
    const input = this.#input
    if (isCounting || hasSlices || isMetering) this.#tell()
    if (hasSlices && !this.#row.mayGoOn) {
      this.#row.wake(this)
      return false
    }
    if (input.arrived === input.taken) input.refill(isPrompt ? handful : capacity)
    const output = this.#output
    const window = capacity - (this.#tail - this.#head) - (output.arrived - output.taken)
    let granted = input.arrived - input.taken
    if (granted > window) granted = window
    if (isPrompt && granted > 256) granted = 256
    if (isMetering && this.#toSkip > 0 && granted > this.#toSkip) granted = this.#toSkip
    this.#until = input.taken + granted
    return granted > 0
  }

  #begin(slot: Slot): void {
    if (isMetering && this.#toSkip <= 0) return this.#beginTimed(slot)
    this.#call(slot, slot.onValue)
  }

  #call(slot: Slot, onValue: (value: unknown) => void): void {
    const input = this.#input
    const at = input.taken++ & mask
    const item = input.items[at]
    input.items[at] = undefined
    if (takesAnything && input.bytes > 0) {
      input.bytes -= input.weights[at]!
      input.weights[at] = 0
    }
    slot.item = item
    slot.context.sequence = this.#tail++
    const handler = this.#handler
    if (!takesAnything) {
      void (handler(item, slot.context) as Promise<unknown>).then(onValue, stop)
      return
    }
    try {
      const result = handler(item, slot.context) as any
      if (result === undefined || result === null) throw new Error('the way of plain values')
      if (result.then !== promiseThen || result.constructor !== Promise) throw new Error('the long way')
      result.then(onValue, stop)
    } catch (error) {
      stop(error)
    }
  }

  completed(slot: Slot, value: unknown): void {
    if (takesAnything && typeof value !== 'number') throw new Error('has a weight')
    this.#values[slot.context.sequence & mask] = value
    if (this.#input.taken < this.#until) this.#call(slot, slot.onValue)
    else this.#goOn(slot)
  }

  #goOn(slot: Slot): void {
    if (isPrompt) this.#offer()
    if (this.#more()) return this.#begin(slot)
    if (isCounting) {
      this.settled++
      this.worker.inHand--
    }
    slot.item = undefined
    this.#free.push(slot)
    this.#input.isWanted = true
    if (!isPrompt || this.#input.arrived !== this.#input.taken) this.#row.wake(this)
  }

  /** Results wait for a reader that asks, or a handful for one that waits, or until no promise is about to come true. */
  #offer(): void {
    if (!this.isLate) this.#row.wakeLate(this)
    if (!this.#output.isWanted) return
    if (this.#tail - this.#head - this.#concurrency < handful) return
    this.#flush()
    this.#row.run()
  }

  #flush(): void {
    const { items } = this.#output
    const values = this.#values
    const from = this.#head
    const tail = this.#tail
    let { arrived } = this.#output
    let head = from
    for (; head < tail; head++) {
      const value = values[head & mask]
      if (value === undefined) break
      items[arrived++ & mask] = value
      values[head & mask] = undefined
    }
    if (head === from) return
    this.#head = head
    this.#output.arrived = arrived
    if (isCounting) this.emitted += head - from
    this.#row.ready(this.next!)
  }

  #tell(): void {
    const items = this.#tail - this.#untold
    this.#untold = this.#tail
    if (isCounting) this.received += items
    if (hasSlices) this.#row.spentMs += items * 0.0005
    if (isMetering) {
      this.#toSkip -= items
      this.#unseen += items
    }
  }

  /** One item in 64 is timed; one in 512 where they come in crowds. */
  #beginTimed(slot: Slot): void {
    const startedAt = performance.now()
    const standsFor = this.#unseen + 1
    this.#oneIn = startedAt - this.#timedAt > 0.05 ? 64 : Math.min(512, this.#oneIn * 2)
    this.#toSkip = this.#oneIn
    this.#unseen = 0
    this.#timedAt = startedAt
    this.#call(slot, value => {
      this.#service.record((performance.now() - startedAt) * 1e6, standsFor)
      slot.onValue(value)
    })
  }
}

export function threeStages(
  input: readonly number[],
  steps: AsyncSteps,
  concurrency: number,
  sink: Sink,
): Promise<void> {
  return new Promise(resolve => {
    const row = new Row()
    const channels = [new Channel(), new Channel(), new Channel(), new Channel()] as const
    const [first, , , last] = channels
    let next = 0
    first.refill = most => {
      for (; most > 0 && next < input.length; most--) first.items[first.arrived++ & mask] = input[next++]
    }
    const stages = steps.map((step, i) => new Stage(step, channels[i]!, channels[i + 1]!, concurrency, row))
    const reader = {
      isReady: true,
      isLate: false,
      advance() {
        for (; last.taken < last.arrived; last.taken++) {
          sink(last.items[last.taken & mask] as number)
          last.items[last.taken & mask] = undefined
        }
        if (last.taken === input.length) return resolve()
        // There is room again.
        for (const stage of stages) stage.isReady = true
      },
    }
    row.members = [reader, ...stages.toReversed()]
    stages.forEach((stage, i) => {
      stage.next = stages[i + 1] ?? reader
    })
    row.run()
  })
}
