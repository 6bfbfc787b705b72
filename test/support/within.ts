/**
 * A deadline for a promise: no test may wait for ever.
 *
 * It is for a test that hangs, and measures nothing: on a machine that has other things to do all are stretched, by
 * `MILLRACE_PATIENCE`, or else by what is running on each of its processors.
 */
import { availableParallelism, loadavg } from 'node:os'

const patience = Number(process.env.MILLRACE_PATIENCE) || Math.max(2, (2 * loadavg()[0]!) / availableParallelism())

/** So many milliseconds, on a machine as busy as this one. */
export function patiently(millis: number): number {
  return Math.ceil(millis * patience)
}

export async function within<T>(millis: number, promise: Promise<T>, what = 'this'): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const most = patiently(millis)
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${most} ms`)), most)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
