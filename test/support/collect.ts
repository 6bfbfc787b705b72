/** Memory, as far as a test may rely on it: what is left when all garbage has been collected. */
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Collects all garbage. The event loop turns in between: what a microtask or a weak reference holds is let go of there. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn()
    gc()
  }
}

/** Bytes of the heap in use, without garbage. */
export async function heapUsed(): Promise<number> {
  await collect()
  return process.memoryUsage().heapUsed
}

/** Counts those of many objects that somebody still holds. */
export class Held {
  readonly #seen = new WeakSet<object>()
  readonly #refs: WeakRef<object>[] = []

  add<T extends object>(object: T): T {
    if (!this.#seen.has(object)) this.#refs.push(new WeakRef(object))
    this.#seen.add(object)
    return object
  }

  async count(): Promise<number> {
    await collect()
    return this.#refs.filter(ref => ref.deref() !== undefined).length
  }
}
