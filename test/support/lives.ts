/** For tests of the lives: where a machine is, and a table of where it goes. */
import * as assert from 'uvu/assert'

/** What every event leads to, state by state: `·` where it is not heard. */
export type Table = Record<string, readonly [path: string, ...next: string[]]>

/** The value of a state as it is drawn: `renewing.backoff`. */
export function named(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as object)
    .map(([outer, inner]) => `${outer}.${named(inner)}`)
    .join(' ')
}

/** A life that words are said to: names of events, or a number of ms that pass. */
export interface Told {
  say(word: string): void
  readonly state: string
}

/** Leads a new life to each state of the table, and says each of the events there. */
export function follows(table: Table, events: readonly string[], born: () => Told): void {
  for (const [state, [path, ...next]] of Object.entries(table)) {
    for (const [i, event] of events.entries()) {
      const life = born()
      for (const word of path.split(' ').filter(word => word !== '')) life.say(word)
      assert.is(life.state, state, `the way to ${state}: ${path}`)
      life.say(event)
      assert.is(life.state, next[i] === '·' ? state : next[i], `${state} ─${event}─▶`)
    }
  }
}
