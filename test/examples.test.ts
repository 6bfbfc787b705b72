/** Every example is run as its first comment says, and prints what this comment says. */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patiently } from './support/within.ts'

const deadline = patiently(30_000) // ms
const root = fileURLToPath(new URL('../../', import.meta.url))
const programs = readdirSync(join(root, 'examples')).filter(name => /^\d\d-.*\.ts$/.test(name))

const examples = suite('examples')

examples('are there', () => {
  assert.ok(programs.length >= 5, programs.join())
})

for (const program of programs) {
  examples(`${program} prints what it says`, async () => {
    const { command, printed } = promised(readFileSync(join(root, 'examples', program), 'utf8'))
    assert.is(command, `npm run build && node dist/examples/${program.replace(/ts$/, 'js')}`)
    const { code, output } = await run(program)
    assert.fixture(output.trimEnd(), printed)
    assert.is(code, 0)
  })
}

examples.run()

/** What the first comment of a program promises: the indented lines before the word "prints", and those after it. */
function promised(source: string): { command: string | undefined; printed: string } {
  const comment = source.slice(source.indexOf('/**'), source.indexOf('*/')).split('\n')
  const lines = comment.slice(1).map(line => line.replace(/^ \* ?/, ''))
  const prints = lines.findIndex(line => /^prints\b/.test(line))
  const after = lines.slice(prints + 1)
  const end = after.findIndex(line => /^\S/.test(line))
  const block = (text: string[]) => text.filter(line => line.startsWith('    ')).map(line => line.slice(4))
  return {
    command: block(lines.slice(0, prints))[0]?.replace(/ \[.*/, ''),
    printed: block(end < 0 ? after : after.slice(0, end)).join('\n'),
  }
}

/** Both streams go to one file, so that what is printed first comes first. */
async function run(program: string): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const log = join(folder, 'log')
  const file = openSync(log, 'w')
  try {
    const compiled = join(root, 'dist/examples', program.replace(/ts$/, 'js'))
    const { FORCE_COLOR: _, ...env } = process.env
    const child = spawn(process.execPath, [compiled], {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', file, file],
      timeout: deadline,
    })
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    return { code, output: readFileSync(log, 'utf8') }
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}
