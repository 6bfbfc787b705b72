/** Whether what a handler gave back takes more than a loop: a promise, a generator, an Observable. */
export function isLoose(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false
  const { then, next, subscribe } = result as { then?: unknown; next?: unknown; subscribe?: unknown }
  return typeof then === 'function' || typeof next === 'function' || typeof subscribe === 'function'
}
