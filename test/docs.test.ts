/**
 * The README and the guide keep their word: every program in them compiles, runs, and prints what stands below it.
 *
 * A program is a `ts` block that begins with an import; what it prints is the `text` block directly after it. If that has
 * lines like `$ millrace run FILE`, these commands are what is run, with the program as FILE. All of them
 * are written to a folder inside `dist`, compiled by one `tsc` with the options of the project, and run from there, where
 * `millrace` is the package as it ships.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patiently } from './support/within.ts'

const deadline = patiently(10_000) // ms, for each program
const root = fileURLToPath(new URL('../../', import.meta.url)) // dist/test → here
const folder = join(root, 'dist', '.docs')

interface Program {
  /** Where it stands, e.g. `docs/guide/1-stages.md:12`. */
  readonly place: string
  /** Without extension. */
  readonly file: string
  readonly source: string
  /** Undefined: nothing says what it prints. */
  readonly prints: string | undefined
}

const guides = readdirSync(join(root, 'docs/guide')).map(name => `docs/guide/${name}`)
const programs = ['README.md', ...guides].flatMap(programsIn)
const docs = suite('the docs')

let compiling: Promise<Ended> | undefined
const compiled = () => (compiling ??= compile())

const running = new Map<Program, Promise<Ended>>()

/** Runs a program, once. */
function start(program: Program): Promise<Ended> {
  const ended =
    running.get(program) ?? (program.prints?.startsWith('$ millrace ') ? type(program) : run(compiledTo(program)))
  running.set(program, ended)
  return ended
}

function compiledTo({ file }: Program): string {
  return join(folder, 'out', `${file}.js`)
}

/** Runs the commands that stand below a program, one after another. What one says on stderr counts if it is refused. */
async function type(program: Program): Promise<Ended> {
  let text = ''
  for (const [line, words] of program.prints!.matchAll(/^\$ millrace (.*)$/gm)) {
    const [file] = /\S+\.[jt]s\b/.exec(words!)!
    const here = relative(root, compiledTo(program))
    const args = words!.split(' ').map(word => (word === file ? here : word))
    const ended = await run(join(root, 'dist/src/cli/main.js'), ...args)
    text += `${line}\n${ended.text.replace(/\n+/g, '\n').replaceAll(here, file).trim()}\n`
  }
  return { code: 0, text }
}

docs('compile, every program of them', async () => {
  assert.is((await compiled()).text, '', 'tsc has nothing to say')
  assert.ok(programs.length > 20, 'programs were found')
})

for (const [index, { place, prints }] of programs.entries()) {
  docs(`print what they say: ${place}`, async () => {
    assert.ok(prints !== undefined, 'a `text` block directly after the program has to say what it prints')
    await compiled()
    // The next three begin meanwhile: most of the time of a program is that of starting Node.
    for (const program of programs.slice(index, index + 4)) start(program)
    const { code, text } = await start(programs[index]!)
    assert.is(text.trimEnd(), prints.trimEnd())
    assert.is(code, 0, 'exit code')
  })
}

docs('link to files that exist', () => {
  const pages = ['docs', 'examples'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => join(folder, name)),
  )
  const dead = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages].flatMap(page =>
    linksIn(page).flatMap(target => (existsSync(join(root, dirname(page), target)) ? [] : [`${page} → ${target}`])),
  )
  assert.equal(dead, [])
})

docs('link, from what is in the package, to what is in the package', () => {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const always = ['README.md', 'LICENSE', 'package.json']
  const ships = (path: string) =>
    always.includes(path) ||
    files.some(
      file => path === file || path.startsWith(`${file.replace('/**/*.md', '')}/`) || path === file.split('/')[0],
    )
  const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.md') && !/node_modules|^dist|^coverage/.test(name) && ships(name),
  )
  assert.ok(pages.length > 30, pages.join())
  const dead = pages.flatMap(page =>
    linksIn(page).flatMap(target => {
      const path = join(dirname(page), target)
      return ships(path.replace(/\/$/, '')) ? [] : [`${page} → ${target}`]
    }),
  )
  assert.equal(dead, [])
})

docs('number the decisions 0001, 0002 … without a gap', () => {
  const numbers = readdirSync(join(root, 'docs/decisions'))
    .filter(name => /^\d{4}-/.test(name))
    .map(name => Number(name.slice(0, 4)))
    .sort((a, b) => a - b)
  assert.equal(
    numbers,
    numbers.map((_, i) => i + 1),
  )
})

docs.run()

/** Where a page links to in this project, as it is written. */
function linksIn(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target!)
    .filter(target => !/^[a-z]+:/.test(target))
}

function programsIn(page: string): Program[] {
  const text = readFileSync(join(root, page), 'utf8')
  const found: Program[] = []
  for (const match of text.matchAll(/^```ts\n(import [\s\S]*?)^```\n(?:\n*^```text\n([\s\S]*?)^```$)?/gm)) {
    const line = text.slice(0, match.index).split('\n').length
    const file = `${page.replace(/\.md$/, '').replace(/\W+/g, '-')}-${line}`
    found.push({ place: `${page}:${line}`, file, source: match[1]!, prints: match[2] })
  }
  return found
}

/** Writes all programs, and compiles them at once. What it gives is empty if that went well. */
async function compile(): Promise<Ended> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { file, source } of programs) writeFileSync(join(folder, `${file}.ts`), source)
  const options = { rootDir: '.', outDir: 'out', declaration: false, declarationMap: false, sourceMap: false }
  const config = { extends: relative(folder, join(root, 'tsconfig.json')), compilerOptions: options, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return run(join(root, 'node_modules/typescript/bin/tsc'), '-p', folder)
}

interface Ended {
  readonly code: number
  /** What it wrote to stdout; to stderr as well, if it failed. */
  readonly text: string
}

function run(...args: string[]): Promise<Ended> {
  // Programs of the docs are no tests of the source, and are not counted as covering it; what they print has no colours.
  const { NODE_V8_COVERAGE: _, FORCE_COLOR: __, ...env } = process.env
  return new Promise(resolve => {
    execFile(
      process.execPath,
      args,
      { cwd: root, env, timeout: deadline, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error ? 1 : 0
        resolve({ code, text: error ? `${stdout}\n${stderr || error.message}` : stdout })
      },
    )
  })
}
