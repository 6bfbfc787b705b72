/**
 * Listening to a signal that many may listen to: one listener for all of them, so that a signal shared by a hundred runs
 * is not taken for a leak.
 */
const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `fn` when the signal aborts, which it has not yet; gives back how to stop listening. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  const known = listeners.get(signal)
  const all = known ?? new Set()
  all.add(fn)
  const abort = () => {
    listeners.delete(signal)
    for (const each of [...all]) each()
  }
  if (!known) {
    listeners.set(signal, all)
    signal.addEventListener('abort', abort, { once: true })
    leave.set(all, () => signal.removeEventListener('abort', abort))
  }
  return () => {
    all.delete(fn)
    if (all.size > 0 || listeners.get(signal) !== all) return
    listeners.delete(signal)
    leave.get(all)?.()
  }
}

/** How each set stops listening, once it is empty. */
const leave = new WeakMap<Set<() => void>, () => void>()
