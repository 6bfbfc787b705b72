/**
 * Finds duplicate files below a folder: arguments, output, exit codes.
 *
 *     npm start [-- [DIR] [--workers N] [--json]]
 *
 * 0: done, though some files may have been unreadable (they are named) · 1: the answer could not be written · 2: wrong arguments
 */
import { opendirSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findDuplicates } from './pipeline.ts'
import { jsonLines, report, unreadLines } from './report.ts'
import { walk } from './walk.ts'

const usage = 'usage: npm start [-- [DIR] [--workers N] [--json]]'

// npm runs a script in the folder of its project; the user means a DIR seen from where they are.
if (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)

process.stdout.on('error', leave)
process.stderr.on('error', leave)

const started = performance.now()
const { dir, workers, json } = readArguments()
const findings = await findDuplicates(() => walk(dir), { workers })
for (const line of json ? jsonLines(findings) : report(findings)) process.stdout.write(`${line}\n`)
for (const line of unreadLines(findings)) process.stderr.write(`${line}\n`)
if (!json) process.stderr.write(`${((performance.now() - started) / 1000).toFixed(2)} s, ${workers} workers\n`)

function readArguments(): { dir: string; workers: number; json: boolean } {
  const { values, positionals } = parsed()
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  const workers = Number(values.workers)
  if (!/^\d+$/.test(values.workers) || workers < 1 || workers > 64) {
    refuse(`--workers must be a whole number from 1 to 64, got ${JSON.stringify(values.workers)}`)
  }
  if (positionals.length > 1) refuse(`give one folder, not ${positionals.length}`)
  const dir = positionals[0] ?? ownModules()
  try {
    opendirSync(dir).closeSync()
  } catch (error) {
    const why = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder', EACCES: 'may not be read' }
    const { code } = error as NodeJS.ErrnoException
    refuse(
      `${JSON.stringify(dir)} ${why[code as keyof typeof why] ?? `cannot be read (${code})`}: give a folder to look into`,
    )
  }
  return { dir, workers, json: values.json }
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        workers: { type: 'string', default: '4' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    refuse((error as Error).message.split(/\.\s/)[0]!.replace(/\s+/g, ' '))
  }
}

/** The `node_modules` of this project, as seen from here. */
function ownModules(): string {
  return relative('.', fileURLToPath(new URL('../../../node_modules', import.meta.url))) || '.'
}

function refuse(why: string): never {
  process.stderr.write(`${why}; ${usage}\n`)
  process.exit(2)
}

/** A reader that has seen enough (`| head -1`) is no error. */
function leave(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`cannot write: ${error.message}\n`)
  process.exit(1)
}
