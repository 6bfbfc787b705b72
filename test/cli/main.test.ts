import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refusalMessages } from '../../src/messages.ts'
import { inFolder } from '../support/folder.ts'
import { patiently } from '../support/within.ts'

const deadline = patiently(30_000) // ms
const root = fileURLToPath(new URL('../../../', import.meta.url))
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.js`, import.meta.url))

const cli = suite('millrace')

/* ── check ──────────────────────────────────────────────────────────────── */

cli('check says that nothing is wrong', async () => {
  const { code, stdout, stderr } = await millrace('check', fixture('good'))
  assert.equal([code, stderr], [0, ''])
  assert.is(stdout, 'pipeline good: nothing is wrong\ngood/map@1: runs inline, stays (functions without a name)\n')
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
  assert.is(code, 0)
  assert.match(stdout, /^pipeline open: nothing is wrong\n/)
})

cli('check tells warnings and notes, and is content', async () => {
  const { code, stdout } = await millrace('check', fixture('warned'))
  assert.is(code, 0)
  const [warning, note, ...stages] = stdout.trimEnd().split('\n')
  assert.match(warning!, /^warned\/sum: its state has no key, .* \(warning STATEFUL_AFTER_COMPLETION\)$/)
  assert.match(note!, /^warned\/pipe@3: operators .* \(note ASYNC_OPERATORS\)$/)
  assert.equal(stages, [
    'warned/ask: runs inline, stays (a function without a home)',
    'warned/sum: runs inline, stays (a behaviour without a home)',
    'warned/pipe@3: runs inline, stays (RxJS operators)',
  ])
})

cli('check tells what instances of classes lose on their way to a worker', async () => {
  const { code, stdout } = await millrace('check', fixture('losing'))
  assert.is(code, 0)
  const [argument, item, ...others] = stdout.trimEnd().split('\n')
  assert.match(
    argument!,
    /^losing\/tax: `rate` of the argument that `with` got is an instance of Rate, .* without its class:/,
  )
  assert.match(item!, /^losing\/tax: item 0 of the source is an instance of Order, .* without `total`: .*CLASS_LOST\)$/)
  assert.ok(others.every(line => !line.includes('CLASS_LOST')))
})

cli('run with --json has nothing but results on stdout, whatever workers elsewhere print', async () => {
  const { code, stdout, stderr } = await millrace('run', '--json', fixture('chatty'))
  assert.equal([code, stdout], [0, '1\n2\n3\n'])
  for (const n of [1, 2, 3]) assert.is(stderr.split(`handles ${n}\n`).length, 3)
  const plain = await millrace('run', fixture('chatty'))
  assert.is(plain.stdout.split('handles').length, 7)
})

cli('run tells warnings, and runs', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('warned'))
  assert.equal([code, stdout], [0, '-3\n'])
  assert.match(stderr, /^warned\/sum: .* \(warning STATEFUL_AFTER_COMPLETION\)\nwarned: 2 items in, 1 result out, /)
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
  assert.is(code, 0)
  assert.match(stderr, /^good: 3 items in, 3 results out, [\d.]+ m?s\n$/)
  assert.is(stdout, '{"n":1,"square":1}\n{"n":2,"square":4}\n{"n":3,"square":9}\n')
})

cli('run prints what came before a failure, then the failure in one line', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('failing'))
  assert.equal([code, stdout], [1, '1\n2\n'])
  const [failure, summary] = stderr.split('\n')
  assert.is(failure, 'StageFailed: failing/check failed on item 2 (attempt 1): RangeError: three is too many')
  assert.match(summary!, /^failing: \d items in, 2 results out, /)
})

cli('run names every item that was given up', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('skipping'))
  assert.equal([code, stdout], [0, '"A"\n"B"\n'])
  assert.match(stderr, /^skipping\/upper gave up item 1: TypeError: .*\nskipping: .* 1 given up, .*\n$/)
})

cli('run counts what was dropped', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('dropping'))
  assert.is(code, 0)
  const dropped = Number(/, (\d+) dropped, /.exec(stderr)?.[1])
  assert.is(stdout.trimEnd().split('\n').length + dropped, 4)
})

cli('run refuses a result that JSON cannot say', async () => {
  const big = await millrace('run', fixture('no-json'))
  assert.equal([big.code, big.stdout], [1, '1\n'])
  assert.match(big.stderr, /^NoJson: result 1 cannot be written as JSON: it is a bigint; /)
  const text = await millrace('run', fixture('no-text'))
  assert.equal([text.code, text.stdout], [1, ''])
  assert.match(text.stderr, /^NoJson: result 0 cannot be written as JSON: it is a function; /)
  const within = await millrace('run', fixture('cyclic'), '--', 'bigint')
  assert.match(within.stderr, /^NoJson: result 0 cannot be written as JSON: `next\.1\.price` is a bigint; /)
  const cycle = await millrace('run', fixture('cyclic'))
  assert.match(cycle.stderr, /^NoJson: result 0 cannot be written as JSON: `next\.above` contains itself; /)
})

cli('run starts nothing when the blueprint is wrong, or has no source', async () => {
  const wrong = await millrace('run', fixture('wrong'))
  assert.equal([wrong.code, wrong.stdout], [2, ''])
  assert.is(wrong.stderr.trimEnd().split('\n').length, 2)
  const open = await millrace('run', fixture('open'))
  assert.equal([open.code, open.stdout], [2, ''])
  assert.is(open.stderr, 'pipeline open has no source: give it one with `.from`\n')
})

cli('run gives a module its arguments', async () => {
  const { code, stdout } = await millrace('run', fixture('arguments'), '--', '--json', '-q', 'a b')
  assert.equal([code, stdout], [0, '"--json"\n"-q"\n"a b"\n'])
})

cli('run says in one line what a module has against its arguments, and where it is wrong itself', async () => {
  const none = await millrace('run', fixture('arguments'))
  assert.equal([none.code, none.stdout, none.stderr], [2, '', 'give a word; any word will do\n'])
  const bug = await millrace('run', fixture('arguments'), '--', 'bug')
  assert.is(bug.code, 2)
  assert.match(bug.stderr, /^the default export of [^\n]+ threw TypeError: [^\n]* \([^\n]*arguments\.js:\d+\)\n$/)
})

cli('run prints the report of a module, and with --json its results', async () => {
  const report = await millrace('run', fixture('report'))
  assert.equal([report.code, report.stdout], [0, 'the sum is 3\n1 had no half\n'])
  assert.match(report.stderr, /^no half of 3: 3 is odd\nreport: .*\n$/)
  const json = await millrace('run', '--json', fixture('report'))
  assert.equal([json.code, json.stdout], [0, '1\n2\n'])
  const said = json.stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(
    said.map(({ type }) => type),
    ['deadLetter', 'summary'],
  )
  assert.equal([said[0].stage, said[0].sequence, said[1].received, said[1].emitted], ['halve', 1, 3, 2])
})

cli('run says with --json by which code it failed', async () => {
  const { code, stderr } = await millrace('run', '--json', fixture('failing'))
  const [error, summary] = stderr
    .split('\n')
    .slice(0, 2)
    .map(line => JSON.parse(line))
  assert.equal([code, error.type, error.code, summary.type], [1, 'error', 'ERR_STAGE_FAILED', 'summary'])
})

cli('run says nothing but what goes wrong with --quiet', async () => {
  const good = await millrace('run', '--quiet', fixture('good'))
  assert.equal([good.code, good.stderr], [0, ''])
  const failing = await millrace('run', '-q', fixture('failing'))
  assert.is(failing.code, 1)
  assert.is(failing.stderr.trimEnd().split('\n').length, 1)
})

cli('run has stacks and causes with --debug alone', async () => {
  const { stderr } = await millrace('run', '--debug', fixture('failing'))
  assert.match(stderr, /^StageFailed: [\s\S]*\n {4}at [\s\S]*\[cause\]: RangeError: three is[\s\S]*\n {4,}at /)
  const throwing = await millrace('run', '--debug', fixture('throwing'))
  assert.match(throwing.stderr, /throwing\.js:\d+/)
})

cli('run says so when nothing is left that could end it', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('stuck'))
  assert.equal([code, stdout, stderr], [1, '1\n', 'stuck cannot end: it waits for something that never comes\n'])
})

cli('run says in one line what was thrown where nobody catches it', async () => {
  const { code, stdout, stderr } = await millrace('run', fixture('timed'))
  assert.equal([code, stdout, stderr], [1, '1\n', 'TypeError: in a timer\n'])
})

cli('run is slowed by a slow reader, to the source', async () => {
  const child = started(['run', fixture('wide')])
  const stillAt = Number((await heard(child.stderr, /still at (\d+)/))[1])
  assert.ok(stillAt < 2_000, `the source was asked for ${stillAt} items`)
  const { code, stdout } = await ended(child)
  assert.equal([code, stdout.split('\n').length], [0, 5_001])
})

/* ── How it ends ────────────────────────────────────────────────────────── */

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  cli(`run drains at the first ${signal}, and says what it did`, async () => {
    const child = started(['run', fixture('endless')])
    const { code, stdout, stderr } = await ended(child, signals(child, [['0\n', signal]]))
    assert.is(code, exitCode)
    const results = stdout.trimEnd().split('\n').map(Number)
    assert.equal(results, [...results.keys()])
    const [asked, summary, drained] = stderr.split('\n')
    assert.match(asked!, new RegExp(`^${signal}: takes no more input and finishes what is in hand;`))
    assert.match(summary!, new RegExp(`^endless: \\d+ items? in, ${results.length} results? out, `))
    assert.match(drained!, new RegExp(`^drained after ${signal}: \\d+ more results?, nothing left unfinished$`))
  })

  cli(`run stops at the second ${signal}: what is in hand is given up`, async () => {
    const child = started(['run', fixture('heeding')])
    const steps = signals(child, [
      ['1\n', signal],
      ['takes no more', signal],
    ])
    const { code, stdout, stderr } = await ended(child, steps)
    assert.equal([code, stdout], [exitCode, '1\n'])
    assert.match(stderr, new RegExp(`${signal}: stops, and gives up what is in hand; one more kills\n`))
    assert.match(stderr, new RegExp(`stopped after ${signal}: gave up what was in hand, and \\d items? that waited\n$`))
  })

  cli(`run is killed by the third ${signal}, whatever a handler does`, async () => {
    const child = started(['run', fixture('deaf')])
    const steps = signals(child, [
      ['1\n', signal],
      ['takes no more', signal],
      ['stops, and gives up', signal],
    ])
    const { code, stdout, stderr } = await ended(child, steps)
    assert.equal([code, stdout], [exitCode, '1\n'])
    assert.ok(stderr.endsWith(`${signal}: killed\n`))
  })
}

cli('run stops at the second signal though nobody reads its results', async () => {
  const child = started(['run', fixture('wide')])
  await heard(child.stderr, /still at/)
  child.kill('SIGINT')
  await heard(child.stderr, /takes no more/)
  child.kill('SIGINT')
  const code = await new Promise(resolve => child.on('exit', resolve))
  child.stdout.destroy()
  assert.is(code, 130)
})

cli('run says that it gave up what was being printed, when it is stopped then', async () => {
  const child = started(['run', fixture('slow-report')])
  const { code, stdout, stderr } = await ended(
    child,
    signals(child, [
      ['reporting\n', 'SIGINT'],
      ['takes no more', 'SIGINT'],
    ]),
  )
  assert.equal([code, stdout], [130, ''])
  assert.match(
    stderr,
    /stops, and gives up what is in hand[\s\S]*\nstopped after SIGINT: gave up what was being printed\n$/,
  )
})

cli('run names what would not end within its grace period', async () => {
  const child = started(['run', fixture('stubborn')])
  const { code, stdout, stderr } = await ended(child, signals(child, [['1\n', 'SIGTERM']]))
  assert.equal([code, stdout], [1, '1\n'])
  assert.match(stderr, /^GraceExceeded: .*stubborn\/hang#0 item 1.*$/m)
})

cli('run ends quietly when its reader has seen enough', async () => {
  const { code, stderr } = await millrace.readUntil('0\n', 'run', fixture('endless'))
  assert.equal([code, stderr], [0, ''])
})

cli('run says so when its results cannot be written', async () => {
  if (!existsSync('/dev/full')) return
  const { code, stderr } = await ended(started(['run', fixture('good')], openSync('/dev/full', 'w')))
  assert.is(code, 1)
  assert.match(stderr, /^UnwritableOutput: cannot write the results: ENOSPC: no space left on device, write\n/)
})

/* ── graph ──────────────────────────────────────────────────────────────── */

cli('graph draws what was written beside what runs', async () => {
  const { code, stdout, stderr } = await millrace('graph', fixture('good'))
  assert.equal([code, stderr], [0, ''])
  assert.is(
    stdout,
    `flowchart TB
  subgraph written["good, as written"]
    direction LR
    ws(["source"])
    w0["map"]
    we(["results"])
    ws --> w0
    w0 --> we
  end
  subgraph runs["what runs, and on the arrows how many items may wait"]
    direction LR
    rs(["source"])
    r0["map@1"]
    re(["results"])
    rs -->|1,024| r0
    r0 --> re
  end
  written ~~~ runs
`,
  )
})

cli('graph draws it as SVG, and as JSON', async () => {
  const svg = await millrace('graph', '--svg', fixture('odd-names'))
  assert.is(svg.code, 0)
  assert.match(svg.stdout, /^<svg [\s\S]*<\/svg>\n$/)
  const json = await millrace('graph', '--json', fixture('odd-names'))
  assert.is(JSON.parse(json.stdout).pipeline, '"quotes" & <tags>')
})

cli('graph draws nothing of what is wrong', async () => {
  const { code, stdout, stderr } = await millrace('graph', fixture('wrong'))
  assert.equal([code, stdout, stderr.trimEnd().split('\n').length], [2, '', 2])
})

/* ── The command itself ─────────────────────────────────────────────────── */

cli('says how it is used, and its version', async () => {
  for (const flag of ['--help', '-h']) {
    const { code, stdout, stderr } = await millrace(flag)
    assert.equal([code, stderr], [0, ''])
    assert.match(stdout, /^usage: millrace run FILE .*\n {7}millrace check FILE/)
    assert.match(stdout, /exit code: 0 .* 1 .* 2 .*\n?130 .* 143 /s)
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
const seen = new Set<string>()
const refused: [args: string[], message: string][] = [
  [['chek', 'x.js'], 'unknown command `chek`: did you mean `check`?'],
  [['translate'], 'unknown command `translate`; there are run, check, graph'],
  [['toString', 'x.js'], 'unknown command `toString`; there are run, check, graph'],
  [['run'], '`millrace run` takes a FILE: the path of a module that exports a pipeline'],
  [
    ['check', 'a.js', 'b.js'],
    '`millrace check` takes one FILE, got 2: what the module is to be given stands after `--`',
  ],
  [['run', '--jsno', 'a.js'], 'unknown flag `--jsno`: did you mean `--json`?'],
  [['run', '-x', 'a.js'], 'unknown flag `-x`; see `millrace --help`, and give the module its own after `--`'],
  [['check', '--svg', 'a.js'], '`millrace check` knows no `--svg`: it is of graph'],
  [['run', '--quiet=yes', 'a.js'], '`--quiet` takes no value, got `yes`'],
  [
    ['run', fixture('good'), '--', 'a', '-b'],
    `${fixture('good')} takes no arguments, got a -b: its default export is no function of them`,
  ],
  [['run', `${root}package.json`], `cannot load ${root}package.json: give a module of JavaScript or TypeScript`],
  [['run', `${root}README.md`], `cannot load ${root}README.md: give a module of JavaScript or TypeScript`],
  [['run', fixture('unloaded')], `cannot load ${fixture('unloaded')}: it waits for something that never comes`],
  [['check', '--all', 'a.js'], 'unknown flag `--all`; see `millrace --help`, and give the module its own after `--`'],
  [['run', ''], '`millrace run` takes a FILE: the path of a module that exports a pipeline'],
  [['run', 'no/such/file.js'], 'there is no file no/such/file.js: give the path of a module that exports a pipeline'],
  [['run', root], `${root} is a folder: give the path of a module in it`],
  [
    ['check', fixture('other')],
    `the default export of ${fixture('other')} is no pipeline, but { not: 'a pipeline' }: it must be what \`pipeline(…)\` gives, or a function that gives it`,
  ],
  [['check', named], `${named} has no default export: it exports one, two by name, add \`export default one\``],
  [
    ['run', fixture('throwing')],
    `cannot load ${fixture('throwing')}: TypeError: not today, nor tomorrow (${relative('.', fixture('throwing'))}:1)`,
  ],
]
for (const [args, message] of refused) {
  cli(`refuses ${['millrace', ...args].join(' ').replaceAll(root, '')}`, async () => {
    const { code, stdout, stderr } = await millrace(...args)
    assert.equal([code, stdout], [2, ''])
    assert.is(stderr, `${message}\n`)
    const row = Object.entries(refusalMessages).find(([, { says }]) => patternOf(says).test(message))
    assert.ok(row, 'it is a row of src/messages.ts')
    seen.add(row[0])
  })
}

cli('has a test for every reason to run nothing', () => {
  const elsewhere = [
    'FILE_OUT_OF_REACH',
    'NO_TYPESCRIPT',
    'NO_SOURCE',
    'NOTHING_GIVEN',
    'EXPORT_THREW',
    'NO_PIPELINE',
    'NOT_A_HOOK',
  ]
  assert.equal([...seen, ...elsewhere.filter(code => !seen.has(code))].sort(), Object.keys(refusalMessages).sort())
})

cli('says with --json by which code it is refused', async () => {
  const { code, stderr } = await millrace('run', '--json', 'no/such/file.js')
  const message = 'there is no file no/such/file.js: give the path of a module that exports a pipeline'
  assert.equal([code, JSON.parse(stderr)], [2, { type: 'error', code: 'FILE_MISSING', message }])
})

cli('names the line of a mistake in syntax, also in what a module imports, and runs nothing to find it', () =>
  inFolder(async folder => {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    write('first.mjs', "console.log('was run')\n")
    write('wrong.mjs', 'const right = 1\nconst wrong = +*\n')
    write('main.mjs', "import './first.mjs'\nimport './wrong.mjs'\nexport default 1\n")
    for (const name of ['wrong.mjs', 'main.mjs']) {
      const { code, stdout, stderr } = await millrace('run', join(folder, name))
      assert.equal([code, stdout], [2, ''])
      assert.is(
        stderr,
        `cannot load ${join(folder, name)}: SyntaxError: Unexpected token '*' (${folder}/wrong.mjs:2)\n`,
      )
    }
  }),
)

cli('says of a module what it lacks', () =>
  inFolder(async folder => {
    const file = join(folder, 'module.mjs')
    const says = async (text: string) => {
      writeFileSync(file, text)
      const { code, stderr } = await millrace('check', file)
      assert.is(code, 2)
      return stderr.trimEnd().replaceAll(file, 'FILE')
    }
    const pipeline = 'it must be what `pipeline(…)` gives, or a function that gives it'
    assert.is(await says(''), `FILE has no default export: ${pipeline}`)
    assert.is(await says('export default 3'), `the default export of FILE is no pipeline, but 3: ${pipeline}`)
    assert.is(
      await says('export default () => {}'),
      'the default export of FILE gave nothing: it must return what `pipeline(…)` gives',
    )
    assert.is(await says("throw 'a text'"), 'cannot load FILE: "a text"')
    assert.match(await says("import './no.mjs'"), /^cannot load FILE: Error: Cannot find module '[^']*no.mjs' .* FILE$/)
    assert.is(
      await says('\nexport default nothing'),
      'cannot load FILE: ReferenceError: nothing is not defined (FILE:2)',
    )
    const surface = pathToFileURL(join(root, 'dist/src/index.js'))
    const made = `import { pipeline } from '${surface}'\nexport default { pipeline: pipeline('p').from([1]), report: 3 }`
    assert.is(await says(made), '`report` of FILE must be a function, got 3')
    const loop = join(folder, 'loop.mjs')
    symlinkSync(loop, loop)
    const { code, stderr } = await millrace('run', loop)
    assert.equal([code, stderr.split(':')[1]], [2, ' ELOOP'])
  }),
)

cli('runs TypeScript as it is, where Node does not by means of tsx', async () => {
  const { code, stdout, stderr } = await millrace('run', `${root}test/cli/fixtures/good.ts`)
  assert.is(stderr.replace(/\(node:\d+\) ExperimentalWarning[\s\S]*?created\)\n/, '').split('\n').length, 2, stderr)
  assert.equal([code, stdout], [0, '{"n":1,"square":1}\n{"n":2,"square":4}\n{"n":3,"square":9}\n'])
})

cli.run()

/** What a message can look like. */
function patternOf(says: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^$()|\\]/g, '\\$&').replace(/\{\w+\}/g, '[^]+')
  const parts = says.split(/\[([^\]]*)\]/).map((part, i) => (i % 2 ? `(${literal(part)})?` : literal(part)))
  return new RegExp(`^${parts.join('')}$`)
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

type Child = ReturnType<typeof started>

function started(args: readonly string[], stdout: 'pipe' | number = 'pipe') {
  const { FORCE_COLOR: _, npm_lifecycle_event: __, ...env } = process.env
  return spawn(process.execPath, [main, ...args], {
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', stdout, 'pipe'],
    timeout: deadline,
    killSignal: 'SIGKILL',
  }) as ChildProcessByStdio<null, Readable, Readable>
}

/** `hears` is told what it has written so far, on either stream, each time that it writes something. */
function ended(child: Child, hears: (stdout: string, stderr: string) => void = () => {}): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', text => {
    stdout += text
    hears(stdout, stderr)
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
    hears(stdout, stderr)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', code => resolve({ code, stdout, stderr }))
  })
}

/** Resolves when a stream has said something like it. */
function heard(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  let text = ''
  return new Promise((resolve, reject) => {
    const hear = (piece: unknown) => {
      text += piece
      const found = pattern.exec(text)
      if (!found) return
      stream.off('data', hear)
      resolve(found)
    }
    stream.on('data', hear).on('end', () => reject(new Error(`never said ${pattern}: ${text}`)))
  })
}

/** Sends signals, one after another, each as soon as a text has been written. */
function signals(child: Child, steps: [text: string, signal: NodeJS.Signals][]) {
  return (stdout: string, stderr: string) => {
    const [step] = steps
    if (!step || !(stdout + stderr).includes(step[0])) return
    steps.shift()
    child.kill(step[1])
  }
}

function millrace(...args: string[]): Promise<Ended> {
  return ended(started(args))
}

/** Closes its stdout once it has printed `text`. */
millrace.readUntil = (text: string, ...args: string[]): Promise<Ended> => {
  const child = started(args)
  return ended(child, stdout => {
    if (stdout.startsWith(text)) child.stdout.destroy()
  })
}
