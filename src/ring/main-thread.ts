/**
 * How the main thread waits, which must not block: it polls while there is much to do, and parks when there is not.
 *
 *     look ─▶ look, after a turn of the event loop ─▶ … ─▶ listen, look once more, `Atomics.waitAsync`
 *
 * A wait of that kind holds no process alive; the interval beside it does. `nap`, in milliseconds, is that of a thread (see seat.ts).
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Bell } from './bell.ts'
import type { SharedWords } from './words.ts'

/** Of the handle that keeps the process alive: nothing comes of it. */
const longestInterval = 0x7fffffff // ms

/** Resolves with the first thing that `look` gives, other than `undefined`. `polls`: turns of the event loop before it parks. */
export async function seen<T>(
  words: SharedWords,
  bell: Bell,
  look: () => T | undefined,
  polls: number,
  nap = 1_000,
): Promise<T> {
  for (;;) {
    for (let poll = 0; poll < polls; poll++) {
      const found = look()
      if (found !== undefined) return found
      await turn()
    }
    const heard = bell.listen()
    const found = look()
    if (found !== undefined) return found
    const handle = setInterval(() => {}, longestInterval)
    try {
      await words.waitAsync(bell.at, heard, nap)
    } finally {
      clearInterval(handle)
    }
  }
}
