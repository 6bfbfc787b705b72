/** The words of the command line: commands and flags as rows of data, from which come the parser and the help. */
import { parseArgs } from 'node:util'
import { nearest } from '../nearest.ts'
import { Refused, refused } from './refused.ts'

interface Flag {
  readonly short?: string
  readonly of: readonly CommandName[]
  readonly says: string
}

type CommandName = 'run' | 'check' | 'graph'
type FlagName = keyof typeof flags

const commands: Readonly<Record<CommandName, string>> = {
  run: 'runs the pipeline, and prints each result as a line of JSON',
  check: 'says what is wrong with it, what travels, and what passes the main thread',
  graph: 'draws what was written beside what runs, as Mermaid',
}

const flags = {
  json: { of: ['run', 'check', 'graph'], says: 'for programs: all that is said is JSON, line by line, and no report' },
  quiet: { short: 'q', of: ['run'], says: 'no display and no summary; what goes wrong is still said' },
  svg: { of: ['graph'], says: 'as SVG' },
  debug: { of: ['run', 'check', 'graph'], says: 'errors with their stacks and causes' },
  help: { short: 'h', of: [], says: 'this text' },
  version: { short: 'v', of: [], says: 'the version of millrace' },
} as const satisfies Readonly<Record<string, Flag>>

export const usage = `usage: millrace run FILE [-- ARGS]
       millrace check FILE [-- ARGS]
       millrace graph FILE [-- ARGS]

FILE is a module whose default export is a pipeline, or a function of ARGS that gives one. TypeScript runs as it is on
Node 22.18 or newer, and on older ones where tsx is installed.

${table(Object.entries(commands))}

${table(Object.entries(flags).map(([name, flag]) => [signOf(name, flag), saysOf(flag)]))}

exit code: 0 it came to its end · 1 the run failed · 2 the command, the file or the blueprint is wrong, and nothing was run ·
130 ended by SIGINT (Ctrl-C) · 143 ended by SIGTERM. The first of these drains, the second stops, the third kills.`

export interface Command {
  readonly name: CommandName
  readonly file: string
  /** What came after `--`; undefined without one. */
  readonly args: readonly string[] | undefined
  readonly flags: ReadonlySet<FlagName>
}

/** @throws {Refused} when it is none that there is. */
export function parsed(words: readonly string[]): Command | 'help' | 'version' {
  const options = Object.fromEntries(
    Object.entries<Flag>(flags).map(([name, { short }]) => [
      name,
      { type: 'boolean' as const, ...(short && { short }) },
    ]),
  )
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true, allowPositionals: true })
  const end = tokens.find(token => token.kind === 'option-terminator')?.index ?? words.length
  const given = tokens.filter(token => token.index < end)
  const [command, ...files] = given.flatMap(token => (token.kind === 'positional' ? [token.value] : []))
  const set = new Set<FlagName>()
  for (const token of given) {
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(flags, token.name)) throw unknownFlag(token.rawName)
    if (token.value !== undefined) throw refused('FLAG_WITH_VALUE', { flag: token.name, value: token.value })
    set.add(token.name as FlagName)
  }
  if (set.has('help')) return 'help'
  if (set.has('version')) return 'version'
  if (command === undefined) throw new Refused(usage)
  if (!Object.hasOwn(commands, command)) throw unknownCommand(command)
  const name = command as CommandName
  for (const flag of set) {
    const { of }: Flag = flags[flag]
    if (!of.includes(name)) throw refused('FLAG_OF_ANOTHER', { command: name, flag, commands: of.join(', ') })
  }
  const [file] = files
  if (!file) throw refused('NO_FILE', { command: name })
  if (files.length > 1) throw refused('MANY_FILES', { command: name, count: files.length })
  return { name, file, args: end < words.length ? words.slice(end + 1) : undefined, flags: set }
}

function unknownFlag(word: string): Refused {
  const names = Object.keys(flags).map(name => `--${name}`)
  const near = nearest(word, names)
  return refused('UNKNOWN_FLAG', { word, near, help: near === undefined ? 'millrace --help' : undefined })
}

function unknownCommand(word: string): Refused {
  const names = Object.keys(commands)
  const near = nearest(word, names)
  return refused('UNKNOWN_COMMAND', { word, near, known: near === undefined ? names.join(', ') : undefined })
}

function signOf(name: string, { short }: Flag): string {
  return `${short ? `-${short}, ` : '    '}--${name}`
}

function saysOf({ of, says }: Flag): string {
  return of.length === 0 || of.length === Object.keys(commands).length ? says : `${of.join(', ')}: ${says}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, says]) => `  ${name.padEnd(width)}   ${says}`).join('\n')
}
