/** The display on a terminal, which \`script\` (util-linux) makes. Where there is none, there is nothing to see. */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patiently } from '../support/within.ts'

const deadline = patiently(30_000) // ms
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.js`, import.meta.url))
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

const terminal = suite('millrace on a terminal')

if (hasScript) {
  terminal('shows the stages while they run, and leaves the last look and a summary', async () => {
    const { code, text } = await onTerminal(['run', fixture('steady')], { NO_COLOR: '1' })
    assert.is(code, 0)
    const frames = text.split('steady · ')
    assert.ok(frames.length > 2, 'it was drawn more than once')
    assert.match(frames[1]!, /in · [\d,]+ out[\s\S]* of 40[\s\S]*stage +done queued service +busy/)
    assert.match(text, /\n\S*wait +40 [^\n]*\r\nsteady: 40 items in, 40 results out, [^\n]*\r\n$/)
    assert.is(stripVTControlCharacters(text).match(/^\r*\d+\r$/gm)?.length, 40, 'results stand above it')
  })

  terminal('changes no mode of the terminal', async () => {
    const { text } = await onTerminal(['run', fixture('steady')])
    assert.ok(text.includes('\u001b[J'), 'there was a display')
    assert.not.ok(text.includes('\u001b[?'))
  })

  terminal('has no colours with NO_COLOR, and no display where it is not wanted', async () => {
    const plain = await onTerminal(['run', fixture('steady')], { NO_COLOR: '1' })
    assert.ok(plain.text.includes('busy'))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.not.match(plain.text, /\u001b\[\d+m/)
    for (const [flags, env] of [
      [['--quiet'], {}],
      [['--json'], {}],
      [[], { TERM: 'dumb' }],
    ] as const) {
      const { text } = await onTerminal(['run', ...flags, fixture('steady')], env)
      assert.not.ok(text.includes('busy'), flags.join())
      assert.not.ok(text.includes('\u001b'), flags.join())
    }
  })

  terminal('drains at Ctrl-C, stops at the second and is killed by the third', async () => {
    const { code, text } = await onTerminal(['run', fixture('deaf')], {}, [
      ['1\r\n', '\x03'],
      ['takes no more', '\x03'],
      ['stops, and gives up', '\x03'],
    ])
    assert.is(code, 130)
    assert.match(text, /SIGINT: killed\r\n/)
  })
}

terminal.run()

/** Types `steps`, each once its text has been written. */
function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}, steps: [text: string, keys: string][] = []) {
  const { NO_COLOR: _, FORCE_COLOR: __, npm_lifecycle_event: ___, ...rest } = process.env
  const command = [process.execPath, main, ...args].map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...rest, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: deadline,
    killSignal: 'SIGKILL',
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', piece => {
    text += piece
    const [step] = steps
    if (!step || !text.includes(step[0])) return
    steps.shift()
    child.stdin.write(step[1])
  })
  return new Promise<{ code: number | null; text: string }>((resolve, reject) => {
    child.on('error', reject).on('close', code => resolve({ code, text }))
  })
}
