/**
 * Listening to a signal that many may listen to: one listener for all of them. Node takes more than ten for a leak, and one
 * signal for a whole program, with a hundred runs, is what `AbortSignal` is for.
 */
interface Listeners {
  readonly all: Set<() => void>
  /** Ends listening, once nobody is left. */
  leave(): void
}

const known = new WeakMap<AbortSignal, Listeners>()

/** Calls `fn` when the signal aborts, which it has not yet; gives back how to stop listening. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  const listeners = known.get(signal) ?? listen(signal)
  const { all, leave } = listeners
  all.add(fn)
  return () => {
    all.delete(fn)
    if (all.size === 0) leave()
  }
}

function listen(signal: AbortSignal): Listeners {
  const all = new Set<() => void>()
  const leave = () => {
    if (known.get(signal) === listeners) known.delete(signal)
    signal.removeEventListener('abort', abort)
  }
  const abort = () => {
    leave()
    for (const fn of [...all]) fn()
  }
  const listeners = { all, leave }
  known.set(signal, listeners)
  signal.addEventListener('abort', abort, { once: true })
  return listeners
}
