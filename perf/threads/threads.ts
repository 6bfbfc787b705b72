/**
 * What stages on threads and in processes cost, row by row, each beside its aim.
 *
 * All of it goes through what the package exports, so that a row shows the engine as a user meets it. Each row runs in a process
 * of its own; the aims of all of them stand together at the end. `--only` takes rows whose name contains this.
 */
import { fileURLToPath } from 'node:url'
import type { Settings } from '../harness/contender.ts'
import { type Outcome, runApart } from '../harness/suite.ts'
import { betweenStages, sizes as step } from './between-stages.ts'
import { sizes as efficiency, parallel, uneven } from './efficiency.ts'
import { sizes as alone, handOver } from './hand-over.ts'
import { sizes as large, largeBuffers } from './large-buffers.ts'
import { items, memory } from './memory.ts'
import { count, messages } from './messages.ts'
import { type Raced, type Row, race, renderAims, renderRaced } from './race.ts'
import { start, sizes as starts } from './start.ts'
import { sizes as there, throughWorkers } from './through-workers.ts'

export const rows: Readonly<Record<string, (settings: Settings) => Row>> = {
  numbers: settings => throughWorkers('numbers', there(settings)),
  buffers: settings => throughWorkers('buffers', there(settings)),
  strings: settings => throughWorkers('strings', there(settings)),
  'flat-records': settings => throughWorkers('flatRecords', there(settings)),
  records: settings => throughWorkers('records', there(settings)),
  'step-numbers': settings => betweenStages('numbers', step(settings)),
  'step-buffers': settings => betweenStages('buffers', step(settings)),
  parallel: settings => parallel(efficiency(settings)),
  uneven: settings => uneven(efficiency(settings)),
  'hand-over': settings => handOver(alone(settings)),
  'messages-threads': settings => messages('threads', count(settings)),
  'messages-processes': settings => messages('processes', count(settings)),
  large: settings => largeBuffers(large(settings)),
  start: settings => start(starts(settings)),
  memory: settings => memory(items(settings)),
}

export async function run(settings: Settings): Promise<Outcome> {
  const names = Object.keys(rows)
  const only = settings.only ?? ''
  // The whole name of one is that one, even where others contain it.
  const chosen = names.includes(only) ? [only] : names.filter(name => name.includes(only))
  if (chosen.length === 0)
    return { text: `threads: no row is called "${only}": there are ${names.join(', ')}`, data: [] }
  if (chosen.length === 1) {
    const raced = await race(rows[chosen[0]!]!(settings), settings)
    return { text: renderRaced(raced), data: [raced] }
  }
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const data: Raced[] = []
  for (const name of chosen) {
    const [raced] = ((await runApart(main, 'threads', [...flags(settings), '--only', name])) ?? []) as Raced[]
    if (raced) data.push(raced)
  }
  const aims = data.flatMap(({ row, aims }) => aims.map(aim => [row, aim] as const))
  return { text: `threads: all aims\n\n${renderAims(aims)}`, data }
}

function flags({ quick, items, rounds, seed }: Settings): string[] {
  return [
    ...(quick ? ['--quick'] : []),
    ...(items === undefined ? [] : ['--items', String(items)]),
    ...(rounds === undefined ? [] : ['--rounds', String(rounds)]),
    '--seed',
    String(seed),
  ]
}
