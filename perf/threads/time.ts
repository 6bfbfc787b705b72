/** Microseconds by a clock that all threads of a process share. */
export function microseconds(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + nanos / 1e3
}
