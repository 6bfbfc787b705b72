import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Settings } from '../../perf/harness/contender.ts'
import { sums } from '../../perf/threads/blocks.ts'
import { greedy } from '../../perf/threads/efficiency.ts'
import { answersOf } from '../../perf/threads/kinds.ts'
import { type Row, race } from '../../perf/threads/race.ts'
import { type Course, steady } from '../../perf/threads/steady.ts'
import { rows } from '../../perf/threads/threads.ts'
import { checked, throughWorkers } from '../../perf/threads/through-workers.ts'
import { pipeline } from '../../src/index.ts'
import { within } from '../support/within.ts'

const threads = suite('bench of threads')
const settings: Settings = { quick: true, seed: 1, rounds: 1 }

const row = (figures: Record<string, number>, aims: Row['aims']): Row => ({
  name: 'row',
  title: '',
  unit: 'ns',
  entrants: Object.entries(figures).map(([name, figure]) => ({ name, figure: async () => figure })),
  aims,
})

threads('says of each aim whether it is met', async () => {
  const ratio = (of: (name: string) => number) => of('slow') / of('fast')
  const aims = [
    { says: 'met', ratio, least: 3 },
    { says: 'missed', ratio, least: 3.1 },
    { says: 'not above', ratio, most: 3 },
    { says: 'above', ratio, most: 2.9 },
    { says: 'for information', ratio },
  ]
  const raced = await within(1_000, race(row({ slow: 6, fast: 2 }, aims), settings))
  assert.equal(
    raced.aims.map(({ isMet }) => isMet),
    [true, false, true, false, undefined],
  )
})

threads('has no figure for an answer that is wrong', async () => {
  const { items, values, value } = answersOf('numbers')
  const course: Course = {
    behind: source =>
      pipeline('wrong')
        .from(source)
        .stage('handle', (item: number) => (item === 150 ? 0 : item + 1)),
    item: place => items[place % items.length],
    isRight: (result, place) => value(result) === values[place % values.length],
    count: 1_000,
    warmMillis: 0,
    reading: 'subscribe',
  }
  const failure = await within(
    1_000,
    steady(course).catch((error: Error) => error.message),
  )
  assert.is(failure, 'result 100 is wrong, or in the wrong place')
})

threads('sees two results that changed places, and one that is missing', () => {
  const answers = answersOf('strings')
  const of = (places: readonly number[], count: number) => {
    const { sink, end } = checked(answers, count)
    for (const place of places) sink(answers.items[place])
    return end
  }
  of([0, 1, 2], 3)()
  assert.throws(of([0, 2, 1], 3), /result 1 is wrong/)
  assert.throws(of([0, 1], 3), /2 results instead of 3/)
  const value = (i: number) => i
  const swapped = (i: number) => (i === 0 ? 1 : i === 1 ? 0 : i)
  assert.is.not(sums(4_096, value)[0], sums(4_096, swapped)[0])
})

threads('gives each item to the thread that is free first', () => {
  assert.equal(greedy([4, 1, 1, 1, 1, 1]), [
    [4, 1],
    [1, 1, 1, 1],
  ])
})

threads('brings the same results by each pool, by hand and by millrace', async () => {
  const sizes = { run: 2_000, tasks: 200, byHand: 2_000, warmMillis: 1 }
  for (const kind of ['buffers', 'records'] as const) {
    const raced = await within(10_000, race(throughWorkers(kind, sizes), settings), kind)
    assert.ok(raced.entrants.every(({ figure }) => figure.median > 0))
  }
})

threads('knows each of its rows by name', () => {
  for (const [name, make] of Object.entries(rows)) assert.is(make(settings).name, name)
})

threads.run()
