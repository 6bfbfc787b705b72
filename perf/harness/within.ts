/**
 * Waits for a contender, but not for ever.
 *
 * The timer also keeps the event loop alive: one that waits for nothing is named, instead of ending the process in silence.
 */
export async function within<T>(millis: number, running: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${millis} ms`)), millis)
  })
  try {
    return await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}
