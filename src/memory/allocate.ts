/** Memory for values that are to travel. */
import { Buffer } from 'node:buffer'
import { InvalidOption } from '../errors.ts'
import { poolForThreads, poolHere } from './here.ts'
import { largeFrom, type Pool } from './pool.ts'

/**
 * A Buffer that travels between threads without a copy, if it is large (128 KiB or more). Its bytes are not zeroed: they are what
 * was there before. `bytes` is a whole number from 0. Do not write to it any more once it was emitted.
 */
export function allocate(bytes: number): Buffer {
  return memoryOf(checked(bytes) < largeFrom ? undefined : poolForThreads(), bytes)
}

/** The same for handlers: where there are no threads it is ordinary memory. */
export function allocateHere(bytes: number): Buffer {
  return memoryOf(poolHere(), checked(bytes))
}

/** A few bytes are copied anyway: a lease would cost more. */
function memoryOf(pool: Pool | undefined, bytes: number): Buffer {
  return (bytes < largeFrom ? undefined : pool?.allocate(bytes)) ?? Buffer.allocUnsafeSlow(bytes)
}

function checked(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new InvalidOption('bytes', 'a whole number from 0', bytes)
  return bytes
}
