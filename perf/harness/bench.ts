/**
 * Runs contenders against each other on the same input, and says how their times compare.
 *
 *     answer ─▶ each contender: proof ─▶ warm-up until stable ─▶ rounds: shuffle, gc, run, check ─▶ medians
 *
 * Contenders take turns in every round, so that whatever else the machine does falls on all of them; a ratio is taken
 * within a round, against the baseline of that round, and the ratio of a contender is the median of those.
 * Invariant: no time enters a table unless its run gave the right answer.
 */

import type { Compared, Comparison, Settings } from './contender.ts'
import { type Answer, answerOf, fault } from './proof.ts'
import { shuffler } from './shuffle.ts'
import { isStable, spread } from './statistics.ts'
import { within } from './within.ts'

/** A warm-up ends when the last three runs agree within a tenth, or at the first of these bounds. */
const warmUp = { runs: 3, tolerance: 0.1, most: 12, millis: 4_000 }
const limitMillis = 120_000

export async function compare<Input, Result>(
  comparison: Comparison<Input, Result>,
  settings: Settings,
): Promise<Compared> {
  const { name, title, baseline, tally } = comparison
  const items = settings.items ?? (settings.quick ? comparison.quickItems : comparison.items)
  const rounds = settings.rounds ?? (settings.quick ? 5 : 9)
  const prepare = preparation(comparison)
  const entrants = comparison.contenders
    .filter(each => each.name === baseline || each.name.includes(settings.only ?? ''))
    .map(contender => {
      const share = Math.max(1, Math.round(items * (contender.share ?? 1)))
      return { contender, ...prepare(share), items: share, warmups: 0, times: [] as number[] }
    })
  type Entrant = (typeof entrants)[number]

  async function run({ contender, input, answer, items }: Entrant, tracing: boolean): Promise<number> {
    tally.start(tracing)
    // The young generation only: a full collection drops compiled code that refers to anything of the run before.
    globalThis.gc?.({ type: 'minor' } as never)
    const started = performance.now()
    try {
      const running = contender.run(input, tally.add)
      if (running) await within(limitMillis, running)
    } catch (error) {
      throw new Error(`${name}: contender "${contender.name}" failed`, { cause: error })
    }
    const nanos = (performance.now() - started) * 1e6
    const wrong = fault(tally, answer, contender.ordered ?? true)
    if (wrong) throw new Error(`${name}: contender "${contender.name}" gave a wrong answer: ${wrong}`)
    return nanos / items
  }

  for (const entrant of entrants) {
    await run(entrant, true)
    const deadline = performance.now() + (settings.quick ? warmUp.millis / 4 : warmUp.millis)
    const times: number[] = []
    while (times.length < warmUp.most && !isStable(times, warmUp.runs, warmUp.tolerance)) {
      times.push(await run(entrant, false))
      if (performance.now() > deadline) break
    }
    entrant.warmups = times.length
  }
  tally.start(false)

  const shuffle = shuffler(settings.seed)
  for (let round = 0; round < rounds; round++) {
    for (const entrant of shuffle(entrants)) entrant.times.push(await run(entrant, false))
  }

  const base = entrants.find(entrant => entrant.contender.name === baseline)
  if (!base) throw new Error(`${name}: there is no contender "${baseline}" to compare with`)
  const measured = entrants.map(({ contender, items, warmups, times }) => {
    const ratios = times.map((time, round) => time / base.times[round]!)
    const { name, remark } = contender
    return { contender: name, items, remark, warmups, times, ratios, time: spread(times), ratio: spread(ratios) }
  })
  return { name, title, items, rounds, seed: settings.seed, baseline, measured }
}

/** Input and answer for a number of items, made once for all contenders that get so many. */
function preparation<Input, Result>({ input, model }: Comparison<Input, Result>) {
  const prepared = new Map<number, { input: Input; answer: Answer }>()
  return (items: number) => {
    const known = prepared.get(items)
    if (known) return known
    const made = input(items)
    const fresh = { input: made, answer: answerOf(model(made)) }
    prepared.set(items, fresh)
    return fresh
  }
}
