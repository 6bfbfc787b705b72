/**
 * 50,000 messages of 100 bytes, source ─▶ stage ─▶ sink, in one event loop: warm, and cold in fresh processes.
 *
 * Aim: below the coroutine row of pipeline_lib. Its process starts once for one run, so the fair figure
 * to hold against it is the cold one.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compare } from '../harness/bench.ts'
import type { Comparison, Settings } from '../harness/contender.ts'
import { renderCompared, table } from '../harness/report.ts'
import { spread } from '../harness/statistics.ts'
import type { Outcome } from '../harness/suite.ts'
import { contenders, type Message, model, results } from './messages.ts'

const messages: Comparison<number, Message> = {
  name: 'messages-100-bytes',
  title: 'a source that generates, one named stage, a sink (warm)',
  items: 50_000,
  quickItems: 50_000,
  input: items => items,
  model,
  tally: results,
  baseline: 'one loop',
  contenders,
}

/** pipeline_lib 0.5.0, 50,000 messages, coroutine mode; facts/seeds.md §5.3, §5.4 and §7. Not measured by this run. */
const published = [
  ['pipeline_lib coroutine, seconds', 'sequential', 'buffered', 'parallel', 'where'],
  ['published', '0.00718', '0.00702', '0.00693', 'its author, on a desktop'],
  ['measured earlier', '0.0046', '0.0045', '0.0045', 'this kind of machine, under load'],
  ['measured earlier', '0.0050', '0.0049', '0.0048', 'this kind of machine, quiet'],
]

export async function run(settings: Settings): Promise<Outcome> {
  const compared = await compare(messages, settings)
  const starts = settings.rounds ?? (settings.quick ? 5 : 9)
  const cold: { contender: string; millis: number[] }[] = []
  for (const { contender } of compared.measured) {
    const millis: number[] = []
    for (let start = 0; start < starts; start++) millis.push(await firstRun(contender, compared.items))
    cold.push({ contender, millis })
  }
  const seconds = (millis: number) => (millis / 1000).toFixed(5)
  const rows = cold.map(({ contender, millis }) => {
    const { median, min, max } = spread(millis)
    const warm = compared.measured.find(each => each.contender === contender)!
    return [contender, seconds(median), seconds(min), seconds(max), seconds((warm.time.median * warm.items) / 1e6)]
  })
  const heads = [`first run of ${starts} fresh processes, seconds`, 'cold', 'min', 'max', 'warm']
  return {
    text: [renderCompared(compared), table([heads, ...rows]), table(published)].join('\n\n'),
    data: { ...compared, cold, published },
  }
}

async function firstRun(contender: string, count: number): Promise<number> {
  // As it is called once compiled: nothing rewrites a path in a string.
  const program = fileURLToPath(import.meta.resolve('./messages-cold.js'))
  const { stdout } = await promisify(execFile)(process.execPath, [program, contender, String(count)], {
    timeout: 60_000,
  })
  return Number(stdout)
}
