/**
 * `npm run bench [-- NAME] [--quick] [--items N] [--rounds N] [--seed N] [--only TEXT] [--json FILE]`
 *
 * All benches, or one. The exit code is 1 when an answer was wrong and 2 when the command was.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Settings } from './harness/contender.ts'
import { machine } from './harness/machine.ts'
import { renderMachine } from './harness/report.ts'
import { runApart, runHere, type Suite } from './harness/suite.ts'

const suite: Suite = {
  'three-maps': () => import('./throughput/three-maps.ts'),
  'three-async-stages': () => import('./throughput/three-async-stages.ts'),
  'messages-100-bytes': () => import('./throughput/messages-100-bytes.ts'),
  'async-ladder': () => import('./micro/async-ladder.ts'),
  ring: () => import('./micro/ring.ts'),
  start: () => import('./throughput/start.ts'),
  memory: () => import('./throughput/memory.ts'),
  codec: () => import('./micro/codec.ts'),
  large: () => import('./throughput/large.ts'),
  chunks: () => import('./micro/chunks.ts'),
  threads: () => import('./threads/threads.ts'),
}

const usage = 'usage: npm run bench [-- NAME] [--quick] [--items N] [--rounds N] [--seed N] [--only TEXT] [--json FILE]'

const command = read(process.argv.slice(2))
const where = machine()
if (!command.part) process.stdout.write(`${renderMachine(where)}\n`)

const measured: Record<string, unknown> = {}
if (command.names.length === 1) {
  const name = command.names[0]!
  try {
    measured[name] = await runHere(suite, name, command.settings)
  } catch (error) {
    process.exitCode = 1
    console.error(error)
  }
} else {
  for (const name of command.names) {
    measured[name] = await runApart(fileURLToPath(import.meta.url), name, command.flags)
  }
}
if (command.json && !command.part) {
  writeFileSync(command.json, `${JSON.stringify({ machine: where, settings: command.settings, measured }, null, 2)}\n`)
}
if (command.part) process.disconnect()
if (process.exitCode) process.exit() // whatever hung may hold on to the event loop

function read(args: string[]) {
  const options = {
    quick: { type: 'boolean', default: false },
    items: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
    part: { type: 'boolean', default: false }, // set by the suite: one bench of a larger run
  } as const
  try {
    const { values, positionals, tokens } = parseArgs({ args, options, allowPositionals: true, tokens: true })
    const known = Object.keys(suite)
    if (values.help) {
      process.stdout.write(`${usage}\nbenches: ${known.join(', ')}\n`)
      process.exit()
    }
    const unknown = positionals.find(name => !known.includes(name))
    if (unknown !== undefined) throw new Error(`unknown bench \`${unknown}\`: there are ${known.join(', ')}`)
    const settings: Settings = {
      quick: values.quick,
      seed: wholeNumber('seed', values.seed, 0),
      ...(values.items !== undefined && { items: wholeNumber('items', values.items, 1) }),
      ...(values.rounds !== undefined && { rounds: wholeNumber('rounds', values.rounds, 1) }),
      ...(values.only !== undefined && { only: values.only }),
    }
    const places = tokens.filter(token => token.kind === 'positional').map(token => token.index)
    const flags = args.filter((_, place) => !places.includes(place))
    return {
      names: positionals.length > 0 ? positionals : known,
      settings,
      flags,
      json: values.json,
      part: values.part,
    }
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`\`--${option}\` must be a whole number from ${least}, got "${text}"`)
}
