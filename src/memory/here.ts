/**
 * The pool of this thread: the first thread of a process makes it, those that it starts join it.
 *
 * It is let go of when the last of them has exited, or, where there was none, with the last value in it. Whoever still has a
 * value then keeps the memory, which goes when the value does.
 */
import { type Place, Pool, type SharedPool } from './pool.ts'

/** Address space: what is not used takes no memory. */
const shape = { bytes: 512 * 1024 * 1024, pageBytes: 65_536, columns: 127 }

const little = 16 * 1024 * 1024 // bytes

let pool: Pool | undefined
let isRefused = false
/** This thread was started by another, whose pool it is. */
let hasJoined = false

export const poolHere = (): Pool | undefined => pool

/** Undefined where the system gives no such memory. */
export function poolForThreads(): Pool | undefined {
  if (pool || isRefused) return pool
  try {
    pool = Pool.make(shape)
  } catch {
    isRefused = true
    return undefined
  }
  const made = pool
  made.isIdle = () => {
    if (made.threads === 1) letGo(made)
  }
  return pool
}

export function joinPool(shared: SharedPool, place: Place): Pool {
  hasJoined = true
  pool = new Pool(shared, place.own)
  return pool
}

/** A thread has exited, and all that it had said was heard. */
export function leavePool(from: Pool, place: Place): void {
  from.leave(place)
  if (from.threads === 1) letGo(from)
}

/** Memory for what neighbouring threads have under way among them. Undefined where there is none. */
export function openTransit(): { readonly pool: Pool; readonly column: number } | undefined {
  const from = poolForThreads()
  const column = from?.enterTransit()
  return from && column !== undefined ? { pool: from, column } : undefined
}

/** Those threads are gone. */
export function closeTransit({ pool: from, column }: { readonly pool: Pool; readonly column: number }): void {
  from.leaveTransit(column)
  if (from.threads === 1) letGo(from)
}

/** One that takes little memory is used again: V8 does not see how much address space those take that wait to be collected. */
function letGo(gone: Pool): void {
  if (pool === gone && !hasJoined && gone.touched > little) pool = undefined
}
