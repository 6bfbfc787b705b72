import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { appendFile, chmod, lstat, mkdir, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Entry, FoundFile } from '../../actors/index.ts'
import { hash } from '../../examples/duplicates/hash.ts'
import { toLine, toText } from '../../examples/duplicates/name.ts'
import { duplicates, findDuplicates, walk } from '../../examples/duplicates/pipeline.ts'
import { jsonLines, report, unreadLines } from '../../examples/duplicates/report.ts'
import { pipeline } from '../../src/index.ts'
import { within } from '../support/within.ts'

const deadline = 30_000 // ms
const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const main = fileURLToPath(new URL('../../examples/duplicates/main.js', import.meta.url))

const example = suite<{ tree: string }>('examples/duplicates')

example.before(context => {
  context.tree = plant()
})
example.after(({ tree }) => rmSync(tree, { recursive: true }))

/* ── The groups ─────────────────────────────────────────────────────────── */

for (const workers of [1, 2, 3, 4, 5, 6, 7, 8]) {
  example(`gives the groups of plain code, byte for byte, with ${workers} workers`, async ({ tree }) => {
    assert.equal(await json(tree, workers), byPlainCode(tree))
    assert.equal(await json(tree, workers), byPlainCode(tree), 'and a second time')
  })
}

example('gives the groups that sha256sum gives', async ({ tree }) => {
  const script = 'find "$0" -type f -size +0 -print0 | xargs -0 sha256sum --zero'
  const sums = promisify(execFile)('sh', ['-c', script, tree], { encoding: 'latin1' }).catch(() => undefined)
  const output = await within(deadline, sums)
  if (!output) return // no such tool on this machine: the tests above compare with plain code
  const lines = output.stdout.split('\0').slice(0, -1)
  const files = lines.map(line => ({ sha256: line.slice(0, 64), path: Buffer.from(line.slice(66), 'latin1') }))
  assert.is(files.length, regular(tree).length)
  assert.equal(await json(tree, 4), grouped(files))
})

example('finds what the tree was planted with', async ({ tree }) => {
  const names = (await groups(tree)).map(({ files }) => files.map(file => file.slice(tree.length + 1)))
  assert.equal(
    names.map(files => files.length).sort((a, b) => a - b),
    [2, 2, 2, 2, 4, 12],
  )
  assert.ok(names.some(files => files.join() === 'large a,large b'))
  assert.ok(names.some(files => files.join() === 'hard link,the same file'))
  assert.ok(names.some(files => files.includes('two\nlines') && files.includes(' spaces at both ends ')))
  assert.not.ok(names.flat().some(name => /empty|alone|link to|pair/.test(name)))
})

example('sorts names by their bytes, also where JavaScript would not', async ({ tree }) => {
  assert.ok((await groups(tree)).some(({ files }) => files.join() === `${tree}/\uff5e,${tree}/\u{1f600}`))
})

example('puts the largest waste first, and the lower hash where two waste the same', async ({ tree }) => {
  const order = (await groups(tree)).map(({ bytes, files, sha256 }) => ({ waste: bytes * (files.length - 1), sha256 }))
  for (const [i, { waste, sha256 }] of order.entries()) {
    const before = order[i - 1]
    assert.ok(!before || before.waste > waste || (before.waste === waste && before.sha256 < sha256))
  }
  assert.is(new Set(order.map(({ waste }) => waste)).size, order.length - 1, 'two of them waste the same')
})

example('reads only files that share their size with another', async ({ tree }) => {
  const { files, hashed } = await within(deadline, findDuplicates(walk(tree)))
  const sizes = regular(tree).map(path => statSync(path).size)
  assert.is(files, sizes.length)
  assert.is(hashed, sizes.filter((size, i) => sizes.some((other, j) => i !== j && other === size)).length)
  assert.ok(hashed < files)
})

example('hashes the first two of a size while the walk still goes on', async ({ tree }) => {
  const hashing = gate()
  const run = duplicates(source(), { workers: 2 }).run()
  run.channel('same content').subscribe(() => hashing.open())
  const sizes: number[] = []
  await within(
    deadline,
    run.consume(({ files }) => {
      sizes.push(files.length)
    }),
  )
  assert.equal(sizes, [3])

  async function* source(): AsyncGenerator<Entry<Buffer>> {
    yield found(tree, 'large a')
    yield found(tree, 'large b')
    await hashing.opened // would wait for ever, if the pipeline waited for the end of the walk
    yield found(tree, 'large b')
  }
})

example('meets every regular file once, and nothing else', async ({ tree }) => {
  const names: string[] = []
  for await (const { path, error } of walk(`${tree}/`)()) {
    assert.is(error, undefined)
    names.push(String(path))
  }
  assert.equal(names.sort(), below(tree).sort())
})

example('finds nothing in an empty folder', async () => {
  await inFolder(async folder => {
    const findings = await within(deadline, findDuplicates(walk(folder)))
    assert.equal(findings, { groups: [], unread: [], files: 0, hashed: 0 })
    assert.equal([...report(findings)][0], 'No two files are the same.')
  })
})

/* ── Names ──────────────────────────────────────────────────────────────── */

example('opens files whose names are not UTF-8, and keeps them apart', async () => {
  await inFolder(async folder => {
    const names = [[0xff], [0xfe], [0xc3, 0x28], [0xed, 0xb3, 0xbf]].map(bytes => Buffer.from([0x6e, ...bytes]))
    const paths = names.map(name => Buffer.concat([Buffer.from(`${folder}/`), name]))
    const written = await Promise.allSettled(paths.map(path => writeFile(path, 'same')))
    if (written.some(({ status }) => status === 'rejected')) return // this file system wants names to be text
    const [line, ...others] = await json(folder, 2)
    assert.is(others.length, 0)
    const text = ['n\udcc3(', 'n\udced\udcb3\udcbf', 'n\udcfe', 'n\udcff'].map(name => `${folder}/${name}`)
    assert.equal(JSON.parse(line!).files, text)
    assert.ok(line!.includes('/n\\udcff"'), 'as an escape')
  })
})

example('writes a byte that is not UTF-8 as one lone surrogate, and all else as it is', () => {
  assert.is(toText(Buffer.from('a é \u{1f600}\n')), 'a é \u{1f600}\n')
  assert.is(
    toText(Buffer.from([0x61, 0xff, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xa9, 0xf0, 0x9f])),
    'a\udcff\u{1f600}é\udcf0\udc9f',
  )
  assert.is(toText(Buffer.alloc(0)), '')
})

example('quotes a name that a terminal would obey, and no other', () => {
  assert.is(toLine(Buffer.from('plain, with spaces, 日本語')), 'plain, with spaces, 日本語')
  assert.is(toLine(Buffer.from('two\nlines')), '"two\\nlines"')
  assert.is(toLine(Buffer.from('\u001b[31m \u007f \u009b \u202e')), '"\\u001b[31m \\u007f \\u009b \\u202e"')
  assert.is(toLine(Buffer.from('"two\\nlines"')), '"\\"two\\\\nlines\\""', 'nor is it taken for the one above')
  assert.is(toLine(Buffer.from([0xff])), '"\\udcff"')
})

/* ── What cannot be read ────────────────────────────────────────────────── */

example('names files that vanish once they were found, and goes on', async ({ tree }) => {
  const names = ['large a', 'not there', 'large b', 'nor\nthis']
  const findings = await within(
    deadline,
    findDuplicates(
      names.map(name => found(tree, name)),
      { workers: 2 },
    ),
  )
  assert.equal(
    [...unreadLines(findings)],
    [
      `not read: ${JSON.stringify(`${tree}/nor\nthis`)}: ENOENT: no such file or directory`,
      `not read: ${tree}/not there: ENOENT: no such file or directory`,
    ],
  )
  assert.is(findings.groups.length, 1)
  assert.is([...report(findings)].at(-1), '2 could not be read.')
})

example('names a file that vanishes between its size and its hash', async () => {
  await inFolder(async folder => {
    const sized = gate()
    for (const name of ['first', 'second', 'third']) await writeFile(join(folder, name), 'four')
    const run = duplicates(source(), { workers: 2 }).run()
    run.channel('same size').subscribe(() => sized.open())
    const dead: string[] = []
    run.deadLetters.subscribe(({ stage, item }) => dead.push(`${stage} ${(item as Entry<Buffer>).path}`))
    const groups: string[] = []
    await within(
      deadline,
      run.consume(({ files }) => {
        groups.push(files.join())
      }),
    )
    assert.equal(dead, [`hash ${folder}/first`])
    assert.equal(groups, [`${folder}/second,${folder}/third`])

    async function* source(): AsyncGenerator<Entry<Buffer>> {
      yield found(folder, 'first')
      await sized.opened
      await unlink(join(folder, 'first'))
      yield found(folder, 'second')
      yield found(folder, 'third')
    }
  })
})

example('gives no hash for a file that is not as it was when it was measured', async () => {
  await inFolder(async folder => {
    const meddle: Record<string, (path: string) => Promise<unknown>> = {
      grown: path => appendFile(path, 'more'),
      shrunk: path => truncate(path, 10),
      touched: path => utimes(path, 1, 1),
      'now a link': async path => [await unlink(path), await symlink('untouched', path)],
      'now a folder': async path => [await unlink(path), await mkdir(path)],
      untouched: async () => {},
    }
    const measured: FoundFile<Buffer>[] = []
    for (const name of Object.keys(meddle)) {
      const path = join(folder, name)
      await writeFile(path, 'x'.repeat(300_000))
      measured.push({ path: Buffer.from(path), size: 300_000, modified: (await lstat(path)).mtimeMs })
    }
    for (const [name, change] of Object.entries(meddle)) await change(join(folder, name))

    const run = pipeline('hashes').from(measured).stage('hash', hash, { onFailure: 'skip', concurrency: 3 }).run()
    const problems: string[] = []
    run.deadLetters.subscribe(({ error }) => problems.push((error as NodeJS.ErrnoException).code ?? String(error)))
    const hashes: string[] = []
    await within(
      deadline,
      run.consume(({ sha256 }) => {
        hashes.push(sha256)
      }),
    )
    const changed = 'FileChanged: changed while it was being looked at'
    assert.equal(problems.sort(), ['EISDIR', 'ELOOP', changed, changed, changed])
    assert.equal(hashes, [createHash('sha256').update('x'.repeat(300_000)).digest('hex')])
  })
})

example('names a folder that cannot be listed, and a file that may not be read', async () => {
  await inFolder(async folder => {
    const closed = { folder: join(folder, 'closed folder'), file: join(folder, 'closed file') }
    await mkdir(closed.folder)
    for (const name of ['a', 'b', 'closed file']) await writeFile(join(folder, name), 'same')
    await chmod(closed.file, 0)
    await chmod(closed.folder, 0)
    const findings = await within(deadline, findDuplicates(walk(folder)))
    await chmod(closed.folder, 0o700)
    const root = process.getuid?.() === 0 // may read everything
    const names = root ? [] : [closed.file, closed.folder]
    assert.equal(
      findings.unread,
      names.map(name => ({ path: Buffer.from(name), why: 'EACCES: permission denied' })),
    )
    assert.is(findings.groups[0]?.files.length, root ? 3 : 2)
  })
})

example('names a folder that vanishes before it is its turn', async ({ tree }) => {
  const findings = await within(deadline, findDuplicates(walk(join(tree, 'no folder'))))
  assert.equal([...unreadLines(findings)], [`not read: ${tree}/no folder: ENOENT: no such file or directory`])
})

example('stops at a mistake of its own, rather than call every file unreadable', async () => {
  const mistake = new TypeError('not a path')
  const found = { path: Buffer.from('a'), error: mistake }
  const outcome = await within(
    deadline,
    findDuplicates([found]).catch((error: Error) => error),
  )
  assert.is((outcome as Error).cause, mistake)
})

/* ── The report ─────────────────────────────────────────────────────────── */

example('says what is wasted in sizes that people read, and how much it leaves out', () => {
  const group = (bytes: number, names: string[]) => ({
    bytes,
    sha256: 'c0ffee'.repeat(11).slice(0, 64),
    files: names.map(name => Buffer.from(name)),
  })
  const findings = {
    groups: [
      group(999_500, ['a', 'b', 'c', 'd']),
      group(1_024, ['e', 'f', 'g']),
      group(17, ['h', 'i']),
      group(1, ['j', 'k']),
    ],
    unread: [],
    files: 12_345,
    hashed: 1_234,
  }
  assert.equal(
    [...report(findings, { most: 2, names: 2 })],
    [
      '3.00 MB wasted by 4 files of 1.00 MB (sha256 c0ffeec0ffee…)',
      '    a',
      '    b',
      '    … and 2 files more',
      '',
      '2.05 kB wasted by 3 files of 1.02 kB (sha256 c0ffeec0ffee…)',
      '    e',
      '    f',
      '    g',
      '',
      '… and 2 groups more, 18 B wasted: --json has all of them',
      '',
      '3.00 MB wasted: 7 files too many, in 4 groups.',
      '12,345 files looked at, without empty ones; 1,234 of them share their size with another.',
    ],
  )
})

/* ── The program ────────────────────────────────────────────────────────── */

for (const on of ['threads', 'processes'] as const) {
  example(`gives the same groups on ${on}`, async ({ tree }) => {
    const found = await within(deadline, findDuplicates(walk(tree), { workers: 2, on }))
    assert.equal([...jsonLines(found)], byPlainCode(tree))
  })
}

example('prints the same for any number of workers, time apart', async ({ tree }) => {
  const [one, eight] = [await program([tree, '--workers', '1']), await program([tree, '--workers=8'])]
  assert.is(one.code, 0)
  assert.is(one.stdout, eight.stdout)
  assert.match(one.stdout, '600 kB wasted by 2 files of 600 kB')
  assert.match(one.stdout, '… and 7 files more')
  assert.match(eight.stderr, /^duplicates: \d+ items in, 6 results out, [\d.]+ m?s\n$/)
})

example('prints nothing but lines of JSON with --json', async ({ tree }) => {
  const { code, stdout, stderr } = await program(['--json', '--workers', '3', tree])
  assert.is(code, 0)
  assert.match(stderr, /^duplicates: .*\n$/)
  assert.is(
    stdout,
    byPlainCode(tree)
      .map(line => `${line}\n`)
      .join(''),
  )
})

example('names files as find does, with the folder as it was written', async ({ tree }) => {
  for (const [dir, first] of [
    ['.', './large a'],
    ['a/b', 'a/b/c/copy'],
    ['a/b/', 'a/b/c/copy'],
  ] as const) {
    const { stdout } = await program([dir, '--json'], { cwd: tree })
    assert.is(JSON.parse(stdout.split('\n')[0]!).files[0], first)
  }
})

example('goes through a folder that is given by a link, and through no other link', async ({ tree }) => {
  const { stdout } = await program([`${tree}/link to folder`, '--json'])
  assert.equal(
    JSON.parse(stdout).files,
    ['b/c/copy', 'b/c/d/copy', 'b/copy', 'copy'].map(name => `${tree}/link to folder/${name}`),
  )
})

example('looks into the node_modules of this project when no folder is given', async () => {
  const { code, stdout } = await program(['--json'], { cwd: tmpdir() })
  assert.is(code, 0)
  assert.match(stdout, /^\{"bytes":\d+,"sha256":"[0-9a-f]{64}","files":\["[^"]*node_modules\//)
})

const wrongWorkers = '`--workers` must be a whole number from 1 to 64, got'
for (const [wrong, args, says] of [
  ['an unknown option', ['--wrokers', '3'], 'unknown option `--wrokers`: did you mean `--workers`?, in npm start'],
  ['an option without its value', ['--workers'], `${wrongWorkers} true (boolean), in npm start`],
  ['a value where there is none', ['--json=yes'], '`--json` must be without a value, got "yes" (string), in npm start'],
  ['workers that are no number', ['--workers', 'four'], `${wrongWorkers} "four" (string), in npm start`],
  ['no workers', ['--workers', '0'], `${wrongWorkers} "0" (string), in npm start`],
  ['too many workers', ['--workers', '65'], `${wrongWorkers} "65" (string), in npm start`],
  ['less than no workers', ['--workers=-1'], `${wrongWorkers} "-1" (string), in npm start`],
  ['half a worker', ['--workers', '1.5'], `${wrongWorkers} "1.5" (string), in npm start`],
  ['two folders', ['.', '..'], 'give one folder, not 2'],
  ['a folder that does not exist', ['no such'], '"no such" does not exist: give a folder to look into'],
  ['no name at all', [''], '"" does not exist: give a folder to look into'],
  ['a file', [main], `${JSON.stringify(main)} is not a folder: give a folder to look into`],
] as const) {
  example(`refuses ${wrong} with one line that says what to do`, async () => {
    const { code, stdout, stderr } = await program(args)
    assert.equal([code, stdout], [2, ''])
    assert.is(stderr, `${says}; usage: npm start [-- [DIR] [--on inline|threads|processes] [--workers N] [--json]]\n`)
  })
}

example('ends in peace when nobody reads on', async ({ tree }) => {
  const { code, stderr } = await program([tree, '--json'], { stdout: 'closed' })
  assert.equal([code, stderr], [0, ''])
})

example('says so when its answer cannot be written', async ({ tree }) => {
  if (!existsSync('/dev/full')) return
  const { code, stderr } = await program([tree, '--json'], { stdout: '/dev/full' })
  assert.is(code, 1)
  assert.match(stderr, /^UnwritableOutput: cannot write the results: ENOSPC: no space left on device, write\n/)
})

example('says how it is used, when asked', async () => {
  const { code, stdout } = await program(['--help'])
  assert.equal(
    [code, stdout],
    [0, 'usage: npm start [-- [DIR] [--on inline|threads|processes] [--workers N] [--json]]\n'],
  )
})

example.run()

/* ── A tree with something of everything ────────────────────────────────── */

function plant(): string {
  const tree = mkdtempSync(join(tmpdir(), 'millrace duplicates ü '))
  const write = (name: string, content: string | Buffer) => writeFileSync(join(tree, name), content)

  const large = Buffer.alloc(600_000, 'more than one piece ')
  write('large a', large)
  write('large b', large)
  write('large c', Buffer.concat([large.subarray(0, -1), Buffer.from('!')]))

  for (const name of [' spaces at both ends ', 'two\nlines', 'tab\t', 'quote"s', "apostrophe's", 'back\\slash', '-n']) {
    write(name, 'named')
  }
  for (const name of ['--json', '$(exit)', 'é', 'e\u0301', '日本語']) write(name, 'named')

  mkdirSync(join(tree, 'a/b/c/d'), { recursive: true })
  for (const folder of ['a', 'a/b', 'a/b/c', 'a/b/c/d']) write(`${folder}/copy`, 'further down')

  write('the same file', 'two names!')
  linkSync(join(tree, 'the same file'), join(tree, 'hard link'))
  write('\uff5e', 'sort apart')
  write('\u{1f600}', 'sort apart')
  write('one byte', '1')
  write('one more byte', '1')
  write('pair 1', 'same size, not the same')
  write('pair 2', 'same size, and not same')
  write('alone', 'nothing else is as long as this is')
  write('empty 1', '')
  write('empty 2', '')

  symlinkSync('large a', join(tree, 'link to file'))
  symlinkSync('a', join(tree, 'link to folder'))
  symlinkSync('../..', join(tree, 'a/b/link to above'))
  symlinkSync('link to itself', join(tree, 'link to itself'))
  symlinkSync('nowhere', join(tree, 'link to nothing'))
  return tree
}

/** As `directory` gives it; one that is not there has a size of 600,000. */
function found(folder: string, name: string): FoundFile<Buffer> {
  const path = join(folder, name)
  const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 600_000, mtimeMs: 0 }
  return { path: Buffer.from(path), size, modified: mtimeMs }
}

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  try {
    await fn(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/* ── The same by other means ────────────────────────────────────────────── */

function byPlainCode(tree: string): string[] {
  const hashed = regular(tree).map(path => ({
    path: Buffer.from(path),
    sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
  }))
  return grouped(hashed)
}

/** Regular files that are not empty. */
function regular(tree: string): string[] {
  return below(tree).filter(path => statSync(path).size > 0)
}

// `readdirSync` could go down by itself (`recursive`), but through links as well, since some version after Node 20.
function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? below(path) : entry.isFile() ? [path] : []
  })
}

function grouped(files: readonly { sha256: string; path: Buffer }[]): string[] {
  const bySha256 = new Map<string, Buffer[]>()
  for (const { sha256, path } of files) bySha256.set(sha256, [...(bySha256.get(sha256) ?? []), path])
  return [...bySha256]
    .filter(([, paths]) => paths.length > 1)
    .map(([sha256, paths]) => ({
      bytes: statSync(paths[0]!).size,
      sha256,
      files: paths.sort(Buffer.compare).map(String),
    }))
    .sort((a, b) => b.bytes * (b.files.length - 1) - a.bytes * (a.files.length - 1) || (a.sha256 < b.sha256 ? -1 : 1))
    .map(group => JSON.stringify(group))
}

/* ── Running it ─────────────────────────────────────────────────────────── */

async function json(tree: string, workers: number): Promise<string[]> {
  return [...jsonLines(await within(deadline, findDuplicates(walk(tree), { workers })))]
}

async function groups(tree: string): Promise<{ bytes: number; sha256: string; files: string[] }[]> {
  return (await json(tree, 4)).map(line => JSON.parse(line))
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** As `npm start` runs it. `stdout`: kept, closed by its reader before anything is written, or a file. */
async function program(args: readonly string[], { cwd = '.', stdout = 'kept' } = {}): Promise<Outcome> {
  const { npm_lifecycle_event, ...env } = process.env // as a shell would start it, not as npm does
  const out = stdout.startsWith('/') ? openSync(stdout, 'w') : 'pipe'
  const child = spawn(process.execPath, [cli, 'run', main, '--', ...args], { cwd, env, stdio: ['ignore', out, 'pipe'] })
  if (stdout === 'closed') child.stdout!.destroy()
  const texts = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', text => (texts.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', text => (texts.stderr += text))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  try {
    return { code: await within(deadline, ended), ...texts }
  } finally {
    child.kill()
    if (typeof out === 'number') closeSync(out)
  }
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}
