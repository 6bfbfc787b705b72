/**
 * Memory of a process over 10 million items through two workers on threads. Aim: flat.
 *
 * RSS is looked at every 50,000 results. Flat: its median over the last fifth is no more than 16 MiB above that over the second
 * fifth (in the first one heaps grow to their size and code is compiled). A row of one round, in a process of its own.
 */
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { spread } from '../harness/statistics.ts'
import { through } from './actors.ts'
import type { Row } from './race.ts'

export const items = ({ quick, items }: Settings): number => items ?? (quick ? 500_000 : 10_000_000)

const workers = 2
const samples = 200

export function memory(count: number): Row {
  let looked: Promise<readonly number[]>
  let before = 0
  const fifth = async (n: number) => spread((await looked).slice(n * (samples / 5), (n + 1) * (samples / 5))).median
  return {
    name: 'memory',
    title: `RSS over ${count.toLocaleString('en')} items through ${workers} workers`,
    unit: 'MiB',
    rounds: 1,
    isCold: true,
    entrants: [
      {
        name: 'before',
        open: async () => {
          before = process.memoryUsage.rss() / 2 ** 20
          looked = watched(count)
          await looked
        },
        figure: async () => before,
      },
      { name: 'second fifth', figure: () => fifth(1) },
      { name: 'third fifth', figure: () => fifth(2) },
      { name: 'fourth fifth', figure: () => fifth(3) },
      { name: 'last fifth', figure: () => fifth(4) },
    ],
    aims: [
      {
        says: 'MiB more in the last fifth than in the second',
        ratio: of => of('last fifth') - of('second fifth'),
        most: 16,
      },
      { says: 'MiB a worker, at the end', ratio: of => (of('last fifth') - of('before')) / workers },
    ],
  }
}

async function watched(count: number): Promise<readonly number[]> {
  const every = Math.floor(count / samples)
  const mebibytes: number[] = []
  let seen = 0
  let wrong = -1
  function* source() {
    for (let made = 0; made < count; made++) yield made
  }
  const run = pipeline('memory').from(source).stage('numbers', through.numbers, { workers, on: 'threads' }).run()
  run.output.subscribe(result => {
    if (result !== seen + 1) wrong = seen
    if (++seen % every === 0) mebibytes.push(process.memoryUsage.rss() / 2 ** 20)
  })
  await run.done
  if (wrong >= 0 || seen !== count) throw new Error(`${seen} of ${count} results, wrong: ${wrong}`)
  return mebibytes
}
