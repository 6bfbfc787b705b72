#!/usr/bin/env node
/**
 * `millrace`: picks a command.
 *
 * The exit code is 0 when it came to its end, 1 when the run failed, 2 when nothing was run, because the command, the file or the
 * blueprint is wrong, and 130 or 143 when a signal ended it. What went wrong is one line on stderr for each thing.
 */
import { readFileSync } from 'node:fs'
import { check } from './check.ts'
import { type Command, parsed, usage } from './flags.ts'
import { graph } from './graph.ts'
import { Output } from './output.ts'
import { codeOf, ReaderGone, Refused, told } from './refused.ts'
import { run } from './run.ts'

const commands = { check, graph, run }
const words = process.argv.slice(2)
// Wanted also where the words cannot be parsed.
const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
const [debug, json] = [own.includes('--debug'), own.includes('--json')]
const output = new Output()

process.on('beforeExit', () => {
  if (!output.lastWords) return
  const { text, code } = output.lastWords
  output.hide()
  output.say(json ? JSON.stringify({ type: 'error', message: text }) : text)
  end(code)
})
// Thrown by nobody's caller: in a timer of the module, or a promise that it left alone.
process.on('uncaughtException', async error => {
  const code = failed(error)
  // What was printed before it is out, unless nobody takes it.
  await Promise.race([output.flush().catch(() => {}), new Promise(resolve => setTimeout(resolve, 1_000))])
  await end(code)
})

main().then(end, error => end(failed(error)))

async function main(): Promise<number> {
  const command = parsed(words)
  if (command === 'help') return said(usage)
  if (command === 'version') return said(version())
  return commands[command.name](command satisfies Command, output)
}

function failed(error: unknown): number {
  if (error instanceof ReaderGone) return 0
  output.hide()
  const message = error instanceof Refused ? refusal(error) : told(error, debug)
  output.say(json ? JSON.stringify({ type: 'error', code: codeOf(error), message }) : message)
  return error instanceof Refused ? 2 : 1
}

function refusal(error: Refused): string {
  return debug && error.cause !== undefined ? `${error.message}\n${told(error.cause, debug)}` : error.message
}

async function said(text: string): Promise<number> {
  output.print(text)
  await output.flush()
  return 0
}

async function end(code: number): Promise<void> {
  output.lastWords = undefined
  await output.end()
  process.exit(code)
}

function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
