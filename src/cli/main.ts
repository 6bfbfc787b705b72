#!/usr/bin/env node
/**
 * `millrace`: picks a command.
 *
 * The exit code is 0 when all went well, 1 when the run failed, and 2 when nothing was run, because the command, the file
 * or the blueprint is wrong. What went wrong is one line on stderr for each thing.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { nearest } from '../nearest.ts'
import { check } from './check.ts'
import { print, ReaderGone, Refused, warn } from './lines.ts'
import { run } from './run.ts'

const commands = { check, run }

const usage = `usage: millrace check FILE    says what is wrong with a pipeline, before anything starts
       millrace run FILE      runs it, and prints each result as a line of JSON

FILE is a module whose default export is a pipeline. TypeScript needs Node 22.18 or newer.

  -h, --help       this text
  -v, --version    the version of millrace

exit code: 0 all went well · 1 the run failed · 2 the command, the file or the blueprint is wrong`

// What cannot be written is told to whoever writes it (lines.ts).
process.stdout.on('error', () => {})

process.exit(await main(process.argv.slice(2)))

async function main(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parsed(args)
    if (values.help) return await said(usage)
    if (values.version) return await said(version())
    const [command, ...files] = positionals
    if (command === undefined) throw new Refused(usage)
    if (!Object.hasOwn(commands, command)) throw new Refused(unknown(command))
    if (files.length !== 1) throw new Refused(`\`millrace ${command}\` takes one FILE, got ${files.length || 'none'}`)
    return await commands[command as keyof typeof commands](files[0]!)
  } catch (error) {
    if (error instanceof ReaderGone) return 0
    if (!(error instanceof Refused)) throw error
    warn(error.message)
    return 2
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    })
  } catch (error) {
    // Node goes on to explain how a file whose name begins with `-` is given.
    throw new Refused(`${(error as Error).message.split('. ')[0]}: see \`millrace --help\``)
  }
}

function unknown(command: string): string {
  const near = nearest(command, Object.keys(commands))
  const hint = near ? `: did you mean \`${near}\`?` : `; there are ${Object.keys(commands).join(', ')}`
  return `unknown command \`${command}\`${hint}`
}

function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

async function said(text: string): Promise<0> {
  await print(text)
  return 0
}
