/**
 * Longer runs of what `npm test` runs shortly:
 *
 *     npm run torture -- litmus [--cases 100000000] [--seed S]     items through real threads; a hundredth of them with deaths
 *     npm run torture -- ring [--cases 20000] [--seed S]           the explorer: cases too large for a build, and more walks
 *     npm run soak                                                a thousand million items
 */
import { parseArgs } from 'node:util'
import { Bell } from '../../src/ring/bell.ts'
import { Seat } from '../../src/ring/seat.ts'
import { Table } from '../../src/ring/table.ts'
import * as view from '../../src/ring/view.ts'
import { cases, long, walks } from './cases.ts'
import { explore, wander } from './explorer.ts'
import { litmus } from './litmus.ts'
import { type Ring, scenario } from './scenarios.ts'

/** Ends the process when nothing has come through for so long: a lost wake-up, as nobody naps. */
const longestSilence = 60_000 // ms

export const longRuns: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  litmus: async args => {
    const { cases: items, seed } = read(args, 100_000_000)
    console.log(`litmus: ${items} items, seed ${seed}, Node ${process.version}`)
    await watched(progress => litmus({ items, stages: 2, seed, progress }))
    await watched(progress => litmus({ items: Math.ceil(items / 100), stages: 2, seed, killEvery: 100, progress }))
    return 0
  },
  ring: async args => {
    const { cases: walked, seed } = read(args, 20_000)
    console.log(`ring: ${walked} walks, seed ${seed}, Node ${process.version}`)
    const ring: Ring = { Bell, Seat, Table, view }
    for (const name of Object.keys(walks) as (keyof typeof walks)[]) {
      const steps = wander(() => scenario(ring, cases[name]), { walks: walked, seed })
      console.log(`${name}: ${steps} steps`)
    }
    for (const [name, config] of Object.entries(long)) {
      const { states, steps } = explore(() => scenario(ring, config), { states: 14_000_000 })
      console.log(`${name}: all of ${states} states, ${steps} steps`)
    }
    return 0
  },
}

function read(args: readonly string[], fallback: number): { cases: number; seed: number } {
  const options = { seed: { type: 'string' }, cases: { type: 'string' } } as const
  const { values } = parseArgs({ args: [...args], allowPositionals: true, options })
  return { cases: Number(values.cases ?? fallback), seed: Number(values.seed ?? Date.now() % 0x7fffffff) }
}

async function watched(run: (progress: (items: number) => void) => ReturnType<typeof litmus>): Promise<void> {
  let last = 0
  let movedAt = performance.now()
  const watch = setInterval(() => {
    if (performance.now() - movedAt < longestSilence) return
    console.error(`nothing came for ${longestSilence} ms after item ${last}: a wake-up was lost`)
    process.exit(1)
  }, 1_000)
  try {
    const { seconds, deaths, spills } = await run(items => {
      if (items !== last) movedAt = performance.now()
      last = items
    })
    console.log(`whole and in order, in ${seconds.toFixed(1)} s; ${deaths} deaths, ${spills} spills`)
  } finally {
    clearInterval(watch)
  }
}
