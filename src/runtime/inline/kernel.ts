/**
 * The innermost loops: one frame of items through one handler, synchronously.
 *
 * A kernel stops at the first item that needs more than a loop: one whose handler threw, or gave back a promise, a
 * generator or an Observable. Everything before it is then done, and the stage takes care of that one item.
 *
 * Kernels are made anew for each stage, from their own source text. V8 keeps one record of types for each function
 * *literal*: a loop shared by all stages calls a different handler every time, and can inline none of them. A copy of the
 * loop sees one handler: three named stages take less than half the time (docs/decisions/0008). Where code may not be made
 * from strings, the shared loop does the same, only slower.
 */

/** What a kernel leaves behind beside its outputs. A class, so that all of them have one shape. */
export class Scratch {
  /** How many outputs there are, and what they weigh. */
  pushed = 0
  bytes = 0
  /** What the handler of the item at which the kernel stopped gave back, or threw. */
  result: unknown = undefined
  threw = false
  stopped = false
  /** Fused kernels: the operation at which it stopped, and the value that it was given. */
  step = 0
  value: unknown = undefined
  /** Whether outputs are weighed, and where the frame has to end because of their weight. */
  readonly weighing: boolean
  limit = Infinity
  /** The handler asked for something that has to happen before the next item: the frame ends behind this one. */
  interrupted = false

  constructor(weighing: boolean) {
    this.weighing = weighing
  }
}

/** The part of a context that a kernel writes. */
export interface Counting {
  sequence: number
}

/** The part of a channel that a kernel writes: the ring, from position `arrived` on. It is long enough. */
export interface Ring {
  readonly items: unknown[]
  readonly weights: Float64Array
  readonly mask: number
  readonly arrived: number
}

/** Handles items[from … to), stores what leaves in `out`, and gives the index at which it stopped: `to` if it did not. */
export type Kernel = (
  items: readonly unknown[],
  from: number,
  to: number,
  out: Ring,
  sequence: number,
  context: Counting,
  state: unknown,
  scratch: Scratch,
) => number

/** One step of a fused run of maps and filters. */
export interface Step {
  readonly kind: 'map' | 'filter'
  readonly fn: (item: any) => unknown
}

type Weigh = (item: unknown) => number

const handlerLoop =
  (handler: (item: unknown, context: unknown) => unknown, weigh: Weigh): Kernel =>
  (items, from, to, out, sequence, context, _state, scratch) => {
    const { items: ring, weights, mask, arrived } = out
    let at = arrived
    let bytes = 0
    let i = from
    scratch.stopped = false
    const { weighing, limit } = scratch
    try {
      for (; i < to; i++) {
        context.sequence = sequence + i - from
        const result = handler(items[i], context)
        if (result === undefined) continue
        if (typeof result === 'object' && result !== null) {
          const { then, next, subscribe } = result as { then?: unknown; next?: unknown; subscribe?: unknown }
          if (typeof then === 'function' || typeof next === 'function' || typeof subscribe === 'function') {
            scratch.stopped = true
            scratch.threw = false
            scratch.result = result
            break
          }
        }
        ring[at & mask] = result
        at++
        if (typeof result !== 'number' && weighing) {
          const weight = weigh(result)
          weights[(at - 1) & mask] = weight
          bytes += weight
          if (bytes >= limit) {
            i++
            break
          }
        }
      }
    } catch (error) {
      scratch.stopped = true
      scratch.threw = true
      scratch.result = error
    }
    scratch.bytes = bytes
    scratch.pushed = at - arrived
    return i
  }

const receiveLoop =
  (receive: (item: unknown, state: unknown, context: unknown) => unknown, weigh: Weigh): Kernel =>
  (items, from, to, out, sequence, context, state, scratch) => {
    const { items: ring, weights, mask, arrived } = out
    let at = arrived
    let bytes = 0
    let i = from
    scratch.stopped = false
    const { weighing, limit } = scratch
    try {
      for (; i < to; i++) {
        context.sequence = sequence + i - from
        const result = receive(items[i], state, context)
        if (result === undefined && !scratch.interrupted) continue
        if (typeof result === 'object' && result !== null) {
          const { then, next, subscribe } = result as { then?: unknown; next?: unknown; subscribe?: unknown }
          if (typeof then === 'function' || typeof next === 'function' || typeof subscribe === 'function') {
            scratch.stopped = true
            scratch.threw = false
            scratch.result = result
            break
          }
        }
        if (result !== undefined) {
          ring[at & mask] = result
          at++
          if (typeof result !== 'number' && weighing) {
            const weight = weigh(result)
            weights[(at - 1) & mask] = weight
            bytes += weight
          }
        }
        if (scratch.interrupted || bytes >= limit) {
          i++
          break
        }
      }
    } catch (error) {
      scratch.stopped = true
      scratch.threw = true
      scratch.result = error
    }
    scratch.bytes = bytes
    scratch.pushed = at - arrived
    return i
  }

const fusedLoop =
  (steps: readonly Step[], weigh: Weigh): Kernel =>
  (items, from, to, out, _sequence, _context, _state, scratch) => {
    const { items: ring, weights, mask, arrived } = out
    let at = arrived
    let bytes = 0
    let i = from
    let step = 0
    let value: any
    scratch.stopped = false
    const { weighing, limit } = scratch
    try {
      next: for (; i < to; i++) {
        value = items[i]
        for (step = 0; step < steps.length; step++) {
          const { kind, fn } = steps[step]!
          const result: any = fn(value)
          if (typeof result === 'object' && result !== null && typeof result.then === 'function') {
            scratch.stopped = true
            scratch.threw = false
            scratch.result = result
            scratch.step = step
            scratch.value = value
            scratch.bytes = bytes
            scratch.pushed = at - arrived
            return i
          }
          if (kind === 'map') {
            if (result === undefined) continue next
            value = result
          } else if (!result) continue next
        }
        ring[at & mask] = value
        at++
        if (typeof value !== 'number' && weighing) {
          const weight = weigh(value)
          weights[(at - 1) & mask] = weight
          bytes += weight
          if (bytes >= limit) {
            i++
            break
          }
        }
      }
    } catch (error) {
      scratch.stopped = true
      scratch.threw = true
      scratch.result = error
      scratch.step = step
      scratch.value = value
    }
    scratch.bytes = bytes
    scratch.pushed = at - arrived
    return i
  }

/** `fusedLoop` with its inner loop written out, a line or two for each step. */
function fusedText(steps: readonly Step[]): string {
  const stop = (step: number) =>
    `if (typeof r === 'object' && r !== null && typeof r.then === 'function') {
       s.stopped = true; s.threw = false; s.result = r; s.step = ${step}; s.value = v; s.bytes = bytes; s.pushed = at - arrived; return i
     }`
  const lines = steps.map(({ kind }, step) =>
    kind === 'map'
      ? `step = ${step}; r = f${step}(v); if (r === undefined) continue; ${stop(step)} v = r`
      : `step = ${step}; r = f${step}(v); if (r !== true) { if (!r) continue; ${stop(step)} }`,
  )
  return `([${steps.map((_, step) => `f${step}`)}], weigh) => (items, from, to, out, _sequence, _context, _state, s) => {
    const { items: ring, weights, mask, arrived } = out
    let at = arrived, bytes = 0, i = from, step = 0, v, r, w
    const { weighing, limit } = s
    s.stopped = false
    try {
      for (; i < to; i++) {
        v = items[i]
        ${lines.join('\n        ')}
        ring[at & mask] = v
        at++
        if (typeof v !== 'number' && weighing) {
          weights[(at - 1) & mask] = w = weigh(v)
          bytes += w
          if (bytes >= limit) { i++; break }
        }
      }
    } catch (error) { s.stopped = true; s.threw = true; s.result = error; s.step = step; s.value = v }
    s.bytes = bytes
    s.pushed = at - arrived
    return i
  }`
}

/** A loop for one handler: (item, context) => result. */
export function handlerKernel(handler: (item: any, context: any) => unknown, weigh: Weigh): Kernel {
  return learned(handlerKernels, handler, handlerLoop(handler, weigh), () =>
    copied(String(handlerLoop), handlerLoop)(handler, copiedWeigh(weigh)),
  )
}

export type Receive = (item: any, state: any, context: any) => unknown

/** A loop for one handler with state; `known`: what it is known by from run to run. */
export function receiveKernel(receive: Receive, weigh: Weigh, known: object = receive): Kernel {
  return learned(receiveKernels, known, receiveLoop(receive, weigh), () =>
    copied(String(receiveLoop), receiveLoop)(receive, copiedWeigh(weigh)),
  )
}

/** A loop for a run of maps and filters, without anything between them. */
export function fusedKernel(steps: readonly Step[], weigh: Weigh): Kernel {
  let known = fusedKernels
  for (const { kind, fn } of steps) {
    const next = known[kind].get(fn) ?? new Fused()
    known[kind].set(fn, next)
    known = next
  }
  known.kernel ??= learning(fusedLoop(steps, weigh), () => {
    const fallback = (_: unknown, weigher: Weigh) => fusedLoop(steps, weigher)
    const loop = copied<(fns: Step['fn'][], weigh: Weigh) => Kernel>(fusedText(steps), fallback)
    return loop(
      steps.map(step => step.fn),
      copiedWeigh(weigh),
    )
  })
  return known.kernel
}

/** The kernel of the steps that lead here, and of more: each by a step of its own, so that all of them may be forgotten. */
class Fused {
  kernel: Kernel | undefined
  readonly map = new WeakMap<object, Fused>()
  readonly filter = new WeakMap<object, Fused>()
}

/**
 * Kernels keep nothing but their handler, and what V8 has learned about it: the next stage, or the next run, with the same
 * handler begins with that.
 */
const handlerKernels = new WeakMap<object, Kernel>()
const receiveKernels = new WeakMap<object, Kernel>()
const fusedKernels = new Fused()

function learned(kernels: WeakMap<object, Kernel>, handler: object, shared: Kernel, copy: () => Kernel): Kernel {
  const known = kernels.get(handler)
  if (known) return known
  const kernel = learning(shared, copy)
  kernels.set(handler, kernel)
  return kernel
}

/** Items after which a copy of the loop is made: that costs about 0.1 ms, which a short run would never see again. */
const worthACopy = 1_000

/** The shared loop, until it has proved worth a copy of its own. */
function learning(shared: Kernel, copy: () => Kernel): Kernel {
  let kernel = shared
  let handled = 0
  return (items, from, to, out, sequence, context, state, scratch) => {
    if (handled <= worthACopy && (handled += to - from) > worthACopy) kernel = copy()
    return kernel(items, from, to, out, sequence, context, state, scratch)
  }
}

/** Weighing looks at every property of an item: a copy of its own sees the shapes of one stage only. */
function copiedWeigh(weigh: Weigh): Weigh {
  return copied<() => Weigh>(`() => ${String(weigh)}`, () => weigh)()
}

let copies = 0

/**
 * A copy of a function from its source text; the function itself where that is not allowed. Each has a text of its own: V8
 * keeps what it has compiled from a text, and what it has learned about it, and would give all copies the same.
 */
function copied<F>(text: string, shared: F): F {
  try {
    return new Function(`'use strict'; return ${text} // ${++copies}`)() as F
  } catch {
    return shared
  }
}

/** One value through the steps from `step` on: what is left of it, `undefined` if nothing, or a promise of that. */
export function runFused(steps: readonly Step[], step: number, value: unknown): unknown {
  let current = value
  for (let at = step; at < steps.length; at++) {
    const { kind, fn } = steps[at]!
    const result = fn(current) as any
    if (typeof result === 'object' && result !== null && typeof result.then === 'function') {
      return continueFused(steps, at, current, result)
    }
    if (kind === 'filter' ? !result : result === undefined) return undefined
    if (kind === 'map') current = result
  }
  return current
}

/** The same from a step whose `result` for `value` is still a promise. */
export async function continueFused(
  steps: readonly Step[],
  step: number,
  value: unknown,
  pending: unknown,
): Promise<unknown> {
  const result = await pending
  if (steps[step]!.kind === 'filter') return result ? runFused(steps, step + 1, value) : undefined
  return result === undefined ? undefined : runFused(steps, step + 1, result)
}
