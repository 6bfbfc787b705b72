/**
 * Whether a row is a mix of several rows, each of which keeps its order.
 *
 *     rows  a b c          a x b y c  is such a mix
 *           x y            a x c …    is not: `b` has to come before `c`
 *
 * What is equal may stand in more than one row, and then a wrong choice shows only later: so choices are taken back.
 * To choose is hard in the worst case, so after many steps the answer is yes: a test must not fail for what is right.
 */
const mostSteps = 100_000

/**
 * How far `mixed` is such a mix: its length if it is one, else the index of the first that cannot stand there, whatever was
 * chosen before. Items are equal when their numbers are.
 */
export function interleavedUpTo(mixed: readonly number[], rows: readonly (readonly number[])[]): number {
  /** Where each row stands. */
  const places = rows.map(() => 0)
  /** Rows that may go on with an item, by that item. */
  const heads = new Map<number, Set<number>>()
  const lookAt = (row: number, there: boolean) => {
    const item = rows[row]![places[row]!]
    if (item === undefined) return
    const set = heads.get(item) ?? new Set()
    heads.set(item, set)
    if (there) set.add(row)
    else set.delete(row)
  }
  const move = (row: number, by: 1 | -1) => {
    lookAt(row, false)
    places[row] = places[row]! + by
    lookAt(row, true)
  }
  for (const row of rows.keys()) lookAt(row, true)

  /** What may still be tried for each item up to the one at hand, and what was chosen. */
  const choices: { rest: number[]; chosen: number }[] = []
  let furthest = 0
  for (let steps = 0; choices.length < mixed.length; steps++) {
    if (steps > mostSteps) return mixed.length
    // Of equal rows that stand at equal places one is as good as another: the first is tried.
    const candidates = distinct([...(heads.get(mixed[choices.length]!) ?? [])], rows, places)
    choices.push({ rest: candidates, chosen: -1 })
    for (;;) {
      const last = choices.at(-1)
      if (!last) return furthest
      if (last.chosen >= 0) move(last.chosen, -1)
      const row = last.rest.shift()
      if (row === undefined) choices.pop()
      else {
        last.chosen = row
        move(row, 1)
        break
      }
    }
    furthest = Math.max(furthest, choices.length)
  }
  return mixed.length
}

/** Rows with the same rest lead to the same. Only the next few items are looked at: that is what matters nearly always. */
function distinct(candidates: number[], rows: readonly (readonly number[])[], places: readonly number[]): number[] {
  if (candidates.length < 2) return candidates
  const seen = new Set<string>()
  return candidates.filter(row => {
    const rest = rows[row]!
    if (rest.length - places[row]! > 8) return true
    const text = rest.slice(places[row]).join()
    return !seen.has(text) && seen.add(text)
  })
}
