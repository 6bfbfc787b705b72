/** Waiting without a time: the event loop turns until something is so, or until nothing can be expected any more. */
import { setImmediate as turn } from 'node:timers/promises'
import { patiently } from './within.ts'

/** Lets the event loop turn so often: enough for everything that needs no timer. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** Lets the event loop turn until `isSo`; throws after `most` ms. */
export async function until(isSo: () => boolean, what = 'this', most = 5_000): Promise<void> {
  const deadline = performance.now() + patiently(most)
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${most} ms`)
    await turn()
  }
}
