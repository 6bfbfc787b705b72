import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Ended } from './support/program.ts'

const torture = suite('npm run torture')

torture('prints the seed and the shrunk counterexample of a false property, and exits with 1', async () => {
  const { code, stdout, stderr } = await wrong('model', '--seed', '1', '--cases', '200')
  assert.is(code, 1)
  assert.is(stdout, `model: 200 cases, seed 1, Node ${process.version}\n`)
  assert.match(stderr, '{ seed: 1, path: "')
  // The least that shows what this model does wrong: no stage, and one item that is just above 500.
  assert.match(stderr, /^Counterexample: \[\{"recipe":\[\],"input":\[501\],/m)
  assert.match(stderr, 'results: the model says [], the run [501]')
})

torture('gives the same counterexample again for the same seed, and for the path at once', async () => {
  const first = await wrong('model', '--seed', '7', '--cases', '200')
  const second = await wrong('model', '--seed', '7', '--cases', '200')
  assert.is(told(second), told(first))
  const [, args] = /^again: npm run torture -- (model --seed 7 --cases 200 --path [\d:]+)$/m.exec(first.stderr)!
  const again = await wrong(...args!.split(' '))
  assert.is(again.code, 1)
  assert.match(again.stderr, 'Property failed after 1 tests')
  assert.is(counterexampleOf(again), counterexampleOf(first))
})

torture('says how many cases passed, and exits with 0', async () => {
  const { code, stdout, stderr } = await run('../torture.js', 'model', '--seed', '1', '--cases', '20')
  assert.equal([code, stderr], [0, ''])
  assert.match(stdout, /^model: 20 cases, seed 1, Node v\S+\n20 cases passed in \d+\.\d s\n$/)
})

torture('says how it is used where it cannot make sense of its arguments, and exits with 2', async () => {
  for (const args of [[], ['nothing'], ['toString'], ['model', '--seed', 'x'], ['model', '--cases', '0']]) {
    const { code, stdout, stderr } = await run('../torture.js', ...args)
    assert.equal([code, stdout], [2, ''], args.join(' '))
    assert.match(
      stderr,
      /^usage: npm run torture -- NAME .*; NAME is one of model, elsewhere, sections, codec, corrupt, litmus, ring\n$/,
    )
  }
})

torture.run()

function wrong(...args: string[]): Promise<Ended> {
  return run('torture-wrong.js', ...args)
}

/** All but the stack, which says how the event loop came there. */
function told({ stderr }: Ended): string {
  return stderr.replaceAll(/^ {4}at .*\n/gm, '')
}

function counterexampleOf({ stderr }: Ended): string | undefined {
  return /^Counterexample: .*$/m.exec(stderr)?.[0]
}

/** `file`: seen from `test/support`. */
function run(file: string, ...args: string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(`support/${file}`, import.meta.url))
  return new Promise(resolve => {
    execFile(process.execPath, [path, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}
