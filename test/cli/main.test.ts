import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const deadline = 30_000 // ms
const root = fileURLToPath(new URL('../../../', import.meta.url))
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.js`, import.meta.url))

const cli = suite('millrace')

/* ── check ──────────────────────────────────────────────────────────────── */

cli('check says that nothing is wrong', async () => {
  const { code, stdout, stderr } = await millrace('check', fixture('good'))
  assert.equal([code, stdout, stderr], [0, 'pipeline good: nothing is wrong\n', ''])
})

cli('check says all that is wrong, a line for each', async () => {
  const { code, stdout, stderr } = await millrace('check', fixture('wrong'))
  assert.is(code, 2)
  assert.is(stderr, '')
  const [first, second, ...rest] = stdout.trimEnd().split('\n')
  assert.is(first, 'wrong/first: unknown option `worker`: did you mean `workers`? (UNKNOWN_OPTION)')
  assert.match(second!, /^wrong\/second: `retry` must be .* got \{ attempts: 0 \} \(object\) \(INVALID_OPTION\)$/)
  assert.equal(rest, [])
})

cli('check takes an open pipeline, and ends though its module holds on to the process', async () => {
  const { code, stdout } = await millrace('check', fixture('open'))
  assert.equal([code, stdout], [0, 'pipeline open: nothing is wrong\n'])
})

cli('check tells warnings and notes, and is content', async () => {
  const { code, stdout } = await millrace('check', fixture('warned'))
  assert.is(code, 0)
  const [warning, note, ...rest] = stdout.trimEnd().split('\n')
  assert.match(warning!, /^warned\/sum: its state has no key, .* \(warning STATEFUL_AFTER_COMPLETION\)$/)
  assert.match(note!, /^warned\/pipe@3: operators .* \(note ASYNC_OPERATORS\)$/)
  assert.equal(rest, [])
})

cli('run tells warnings, and runs', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('warned'))
  assert.equal([code, stdout], [0, '-3\n'])
  assert.match(stderr, /^warned\/sum: .* \(warning STATEFUL_AFTER_COMPLETION\)\n$/)
})

cli('check knows which pipelines can be found where they travel to: those that are exported as they are', async () => {
  const { code, stdout } = await millrace('check', fixture('travelling'))
  assert.is(code, 2)
  const found = [...stdout.matchAll(/^(\S+): .*\(NOT_EXPORTED\)$/gm)].map(([, place]) => place)
  assert.equal(found, ['travelling/hidden', 'travelling/changed', 'travelling/nest/nest/inner'])
})

/* ── run ────────────────────────────────────────────────────────────────── */

cli('run prints each result as a line of JSON', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('good'))
  assert.equal([code, stderr], [0, ''])
  assert.is(stdout, '{"n":1,"square":1}\n{"n":2,"square":4}\n{"n":3,"square":9}\n')
})

cli('run prints what came before a failure, then the failure in one line', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('failing'))
  assert.equal([code, stdout], [1, '1\n2\n'])
  assert.is(stderr, 'StageFailed: failing/check failed on item 2 (attempt 1): RangeError: three is too many\n')
})

cli('run names every item that was given up', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('skipping'))
  assert.equal([code, stdout], [0, '"A"\n"B"\n'])
  assert.match(stderr, /^skipping\/upper gave up item 1: TypeError: .*\n$/)
})

cli('run counts what was dropped', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('dropping'))
  assert.is(code, 0)
  const dropped = Number(/^dropping dropped (\d+) items\n$/.exec(stderr)?.[1])
  assert.is(stdout.trimEnd().split('\n').length + dropped, 4)
})

cli('run refuses a result that JSON cannot say', async () => {
  const big = await millrace('run', fixture('no-json'))
  assert.equal([big.code, big.stdout], [1, '1\n'])
  assert.match(big.stderr, /^TypeError: result 1 cannot be written as JSON: TypeError: .*BigInt\n$/)
  const text = await millrace('run', fixture('no-text'))
  assert.equal([text.code, text.stdout], [1, ''])
  assert.is(text.stderr, 'TypeError: result 0 cannot be written as JSON: it is a function\n')
})

cli('run starts nothing when the blueprint is wrong, or has no source', async () => {
  const wrong = await millrace('run', fixture('wrong'))
  assert.equal([wrong.code, wrong.stdout], [2, ''])
  assert.is(wrong.stderr.trimEnd().split('\n').length, 2)
  const open = await millrace('run', fixture('open'))
  assert.equal([open.code, open.stdout], [2, ''])
  assert.is(open.stderr, 'pipeline open has no source: give it one with `.from`\n')
})

cli('run finishes what is in hand when it is asked to end', async () => {
  const { code, stdout, stderr } = await millrace.stoppedAfter('0\n', 'run', fixture('endless'))
  assert.equal([code, stderr], [0, ''])
  const results = stdout.trimEnd().split('\n').map(Number)
  assert.equal(results, [...results.keys()])
})

cli('run names what would not end within its grace period', async () => {
  const { code, stdout, stderr } = await millrace.stoppedAfter('1\n', 'run', fixture('stubborn'))
  assert.equal([code, stdout], [1, '1\n'])
  assert.match(stderr, /^GraceExceeded: .*stubborn\/hang#0 item 1.*\n$/)
})

cli('run ends quietly when its reader has seen enough', async () => {
  const { code, stderr } = await millrace.readUntil('0\n', 'run', fixture('endless'))
  assert.equal([code, stderr], [0, ''])
})

/* ── The command itself ─────────────────────────────────────────────────── */

cli('says how it is used, and its version', async () => {
  for (const flag of ['--help', '-h']) {
    const { code, stdout, stderr } = await millrace(flag)
    assert.equal([code, stderr], [0, ''])
    assert.match(stdout, /^usage: millrace check FILE .*\n {7}millrace run FILE/)
  }
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }
  for (const flag of ['--version', '-v']) {
    const { code, stdout } = await millrace(flag)
    assert.equal([code, stdout], [0, `${version}\n`])
  }
  const { code, stdout, stderr } = await millrace()
  assert.equal([code, stdout], [2, ''])
  assert.match(stderr, /^usage: /)
})

const named = fixture('named')
const refused: [args: string[], message: string][] = [
  [['chek', 'x.js'], 'unknown command `chek`: did you mean `check`?'],
  [['translate'], 'unknown command `translate`; there are check, run'],
  [['toString', 'x.js'], 'unknown command `toString`; there are check, run'],
  [['run'], '`millrace run` takes one FILE, got none'],
  [['check', 'a.js', 'b.js'], '`millrace check` takes one FILE, got 2'],
  [['check', '--all', 'a.js'], "Unknown option '--all': see `millrace --help`"],
  [['run', 'no/such/file.js'], 'there is no file no/such/file.js'],
  [['run', root], `there is no file ${root}`],
  [['check', fixture('other')], `the default export of ${fixture('other')} is no pipeline, but { not: 'a pipeline' }`],
  [
    ['check', named],
    `the default export of ${named} is no pipeline: it exports one, two by name, add \`export default one\``,
  ],
  [['run', fixture('throwing')], `cannot load ${fixture('throwing')}: TypeError: not today, nor tomorrow`],
]
for (const [args, message] of refused) {
  cli(`refuses ${['millrace', ...args].join(' ').replaceAll(root, '')}`, async () => {
    const { code, stdout, stderr } = await millrace(...args)
    assert.equal([code, stdout], [2, ''])
    assert.is(stderr, `${message}\n`)
  })
}

cli('loads TypeScript where Node does, and says so where it does not', async () => {
  const file = `${root}test/cli/fixtures/good.ts`
  const { code, stdout, stderr } = await millrace('check', file)
  const { typescript } = process.features as { typescript?: unknown } // newer than the types, and than Node 20
  if (typescript) assert.equal([code, stdout], [0, 'pipeline good: nothing is wrong\n'])
  else {
    assert.is(code, 2)
    const wanted = `Node ${process.version} cannot load ${file}: compile it to JavaScript, or use Node 22.18 or newer\n`
    assert.is(stderr, wanted)
  }
})

cli.run()

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Child = ReturnType<typeof started>

function started(args: string[]) {
  const { FORCE_COLOR: _, ...env } = process.env
  return spawn(process.execPath, [main, ...args], {
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadline,
    killSignal: 'SIGKILL',
  })
}

function ended(child: Child, heard: (stdout: string) => void = () => {}): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
    heard(stdout)
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', code => resolve({ code, stdout, stderr }))
  })
}

function millrace(...args: string[]): Promise<Ended> {
  return ended(started(args))
}

/** Asks it to end once it has printed `text`. */
millrace.stoppedAfter = (text: string, ...args: string[]): Promise<Ended> => {
  const child = started(args)
  let asked = false // a second time would kill it
  return ended(child, stdout => {
    if (!asked && stdout.startsWith(text)) asked = child.kill('SIGTERM')
  })
}

/** Closes its stdout once it has printed `text`. */
millrace.readUntil = (text: string, ...args: string[]): Promise<Ended> => {
  const child = started(args)
  return ended(child, stdout => {
    if (stdout.startsWith(text)) child.stdout.destroy()
  })
}
