/** Numbers for people. The language is fixed: what is printed must not depend on whose machine it is. */

const english = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `8,499` */
export function whole(n: number): string {
  return english.format(n)
}

/** `8.5k`: five characters at most. */
export function compact(n: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P']
  let unit = 0
  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000
  return `${unit > 0 && n < 99.95 ? n.toFixed(1) : Math.round(n)}${units[unit]}`
}

/** `17 B`, `1.05 MB`. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let unit = 0
  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000
  return `${unit === 0 ? n : digits(n)} ${units[unit]}`
}

/** Of milliseconds: `80 ns`, `210 µs`, `1.25 ms`, `12.3 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(millis: number): string {
  if (millis === 0) return '0 s'
  if (millis < 0.001) return `${Math.round(millis * 1e6)} ns`
  if (millis < 0.9995) return `${digits(millis * 1000)} µs`
  if (millis < 999.5) return `${digits(millis)} ms`
  if (millis < 59_950) return `${digits(millis / 1000)} s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${whole(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** The same by the clock, for what changes while one looks: `1.4 s`. */
export function elapsed(millis: number): string {
  return millis < 59_950 ? `${(millis / 1000).toFixed(1)} s` : duration(millis)
}

/** What nobody knows better than by the second: `8 s`. */
export function roughly(millis: number): string {
  return millis <= 59_000 ? `${Math.ceil(millis / 1000)} s` : duration(millis)
}

/** Of items in a second: `812/s`, `0.25/s`. */
export function rate(perSecond: number): string {
  return `${perSecond < 9.95 && perSecond > 0 ? digits(perSecond) : whole(perSecond)}/s`
}

/** `98 %` */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** Three that matter, and no more. */
function digits(n: number): string {
  if (n >= 99.95) return String(Math.round(n))
  return n >= 9.995 ? n.toFixed(1) : n.toFixed(2)
}
