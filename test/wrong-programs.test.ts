/**
 * Programs as they are written by who has just come. Each is run, and says at its top what its author sees: the first line
 * of the error, and where in this line the mistake is named, and the fix.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patiently } from './support/within.ts'

const deadline = patiently(20_000) // ms
const root = fileURLToPath(new URL('../../', import.meta.url)) // dist/test → here
const folder = join(root, 'test/wrong-programs')
const programs = readdirSync(folder).sort()

/** Nobody has to wait ten seconds for a reader who does not come. */
const impatient = `data:text/javascript,${encodeURIComponent(
  'const wait = setTimeout; globalThis.setTimeout = (fn, ms, ...args) => wait(fn, ms === 10_000 ? 50 : ms, ...args)',
)}`

const wrong = suite('a wrong program')

wrong('is there twenty times and more', () => {
  assert.ok(programs.length >= 20)
})

const seen = new Map<string, Promise<string>>()
const see = (program: string) => {
  const line = seen.get(program) ?? firstLine(join(folder, program))
  seen.set(program, line)
  return line
}

for (const [index, program] of programs.entries()) {
  wrong(`says in one line what is wrong, and what to do: ${program}`, async () => {
    // The next begins meanwhile: most of the time of a program is that of starting Node.
    for (const each of programs.slice(index, index + 2)) void see(each)
    const promised = readFileSync(join(folder, program), 'utf8')
    const [, sees = '', mistake = '', fix = ''] =
      /^\/\/ Sees: {4}(.+)\n\/\/ Mistake: (.+)\n\/\/ Fix: {5}(.+)\n/.exec(promised) ?? []
    const line = await see(program)
    assert.is(line, sees)
    assert.ok(mistake !== '' && line.includes(mistake), `names the mistake: ${mistake}`)
    assert.ok(fix !== '' && line.includes(fix), `names the fix: ${fix}`)
  })
}

wrong.run()

/** The first line that is seen of a program that ends with an error. */
function firstLine(program: string): Promise<string> {
  const { NODE_V8_COVERAGE: _, FORCE_COLOR: __, ...env } = process.env
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...env, NO_COLOR: '1' }, timeout: deadline, killSignal: 'SIGKILL' } as const
    execFile(process.execPath, ['--import', impatient, program], options, (error, _stdout, stderr) => {
      if (error?.code !== 1) return reject(error ?? new Error(`${program} found nothing wrong`))
      resolve(stderr.split('\n').find(line => line !== '') ?? '')
    })
  })
}
