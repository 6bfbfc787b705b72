/**
 * Bad input for workers elsewhere: modules that are not what they should be, and items that cannot travel, or are spoilt on
 * the way. Each is an error that says where, and no other item is lost.
 */
import { spawn } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ActorNotFound, defineActor, ModuleChanged, NotCloneable, pipeline } from '../../src/index.ts'
import { failureOf } from '../support/failure.ts'
import { within } from '../support/within.ts'
import * as actors from './actors.ts'
import * as burdens from './burdens.ts'
import { led } from './isolation.contract.ts'

const moduleOf = (name: string) => new URL(`./modules/${name}.js`, import.meta.url).href
const named = defineActor('named', { url: moduleOf('other') }, (n: number) => n)
const sources = new URL('../../src/', import.meta.url)

export function badInput(on: 'threads' | 'processes'): void {
  const workers = suite(`a worker on ${on}, given bad input,`)

  /* ── modules ───────────────────────────────────────────────────────────── */

  workers('says what its module threw while it was loaded', async () => {
    const actor = defineActor(`not loaded on ${on}`, { url: moduleOf('throwing') }, (n: number) => n)
    const { error } = await led(on, [1], actor)
    assert.instance(error.cause, RangeError)
    assert.is(error.cause.message, 'no such table')
  })

  workers('is told that its module exports another actor by that name', async () => {
    const { error } = await led(on, [1], named)
    assert.instance(error.cause, ActorNotFound)
    assert.match(error.cause.message, /^actor named is not in file:.*other\.js: define it there under this name/)
  })

  workers('does not take the place of one that had another version of its module', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace '))
    try {
      const path = join(folder, 'module.mjs')
      const write = (factor: number) =>
        writeFileSync(
          path,
          `import { defineActor } from '${new URL('index.js', sources)}'
           export const changing = defineActor('changing', import.meta, n => n < 0 ? process.exit(3) : n * ${factor})`,
        )
      write(2)
      const { changing } = await import(pathToFileURL(path).href)
      const run = (pipeline('p') as any).stage('s', changing, { on }).run()
      const results: number[] = []
      run.output.subscribe({ next: (n: number) => results.push(n), error() {} })
      assert.equal(await within(10_000, run.ask(1)), [2])
      write(3)
      await run.send(-1)
      const error: any = await failureOf(run.done, 20_000)
      assert.instance(error.cause, ModuleChanged)
      // As soon as there is one, a run that has no worker yet says so at once.
      const { error: other } = await led(on, [1], changing)
      assert.instance(other.cause, ModuleChanged)
      write(2)
      assert.equal((await led(on, [1], changing)).results, [2])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  workers('is not tried again where its module has its actor no more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace '))
    try {
      const [path, mark] = [join(folder, 'module.mjs'), join(folder, 'mark')]
      // Slower than the restarts that a budget counts.
      writeFileSync(
        path,
        `import { existsSync } from 'node:fs'
         import { defineActor } from '${new URL('index.js', sources)}'
         const isGone = existsSync(${JSON.stringify(mark)})
         if (isGone) await new Promise(resolve => setTimeout(resolve, 1_900))
         export const passing = isGone ? 0 : defineActor('passing', import.meta, n => n < 0 ? process.exit(3) : n)`,
      )
      const { passing } = await import(pathToFileURL(path).href)
      const run = (pipeline('p') as any).stage('s', passing, { on }).run()
      run.output.subscribe({ error() {} })
      assert.equal(await within(10_000, run.ask(1)), [1])
      writeFileSync(mark, '')
      await run.send(-1)
      const error: any = await failureOf(run.done, 12_000)
      assert.instance(error.cause, ActorNotFound)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  /* ── items ─────────────────────────────────────────────────────────────── */

  workers('is not sent a buffer whose memory is gone: that says which', async () => {
    const gone = new Uint8Array(8)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    const { results, letters } = await led(on, [1, { of: [gone] }, 3], actors.same, { onFailure: 'skip' })
    assert.equal([results, letters.length], [[1, 3], 1])
    assert.instance(letters[0]!.error, NotCloneable)
    assert.match(
      (letters[0]!.error as Error).message,
      /^`of\[0\].*` of the item is a buffer whose memory was handed over/,
    )
    const back = await led(on, [0, 1, 2], burdens.detaching, { onFailure: 'skip' })
    assert.equal([back.results.length, back.letters[0]!.sequence], [2, 1])
    assert.instance(back.letters[0]!.error, NotCloneable)
  })

  workers('that hands its input over to somebody else has it whole when it tries again', async () => {
    const items = [new Uint8Array([7, 0, 0]), new Uint8Array(100_000).fill(1)]
    const { results } = await led(on, items, burdens.squandering, { retry: { attempts: 2 } })
    assert.equal(results, [10, 100_001])
    const { letters } = await led(on, items, burdens.squandering, { onFailure: 'skip' })
    assert.equal(
      letters.map(({ item }) => (item as Uint8Array).length),
      [3, 100_000],
    )
  })

  /* ── what cannot be bytes ──────────────────────────────────────────────── */

  const { port1, port2 } = new MessageChannel()
  const said = new Promise(resolve => port1.once('message', resolve))
  const special = [
    ['blob', new Blob(['of text']), 'of text'],
    ['key', createSecretKey(Buffer.from('secret')), Buffer.from('secret').toString('hex')],
    ['port', port2, 'port'],
  ] as const

  if (on === 'threads') {
    workers('counts in the very memory that it was sent', async () => {
      const shared = new Int32Array(new SharedArrayBuffer(4))
      const { results } = await led(on, [shared, shared, shared], burdens.counted, { workers: 2 })
      assert.is(Atomics.load(shared, 0), 3)
      assert.ok(
        results.every((each: Int32Array) => each.buffer instanceof SharedArrayBuffer && Atomics.load(each, 0) === 3),
      )
    })

    workers('gets, and gives, what goes by a port beside the bytes', async () => {
      for (const [name, value, found] of special) {
        const { results, error } = await led(on, [{ [name]: value }], burdens.looked)
        assert.is(error, undefined, name)
        assert.is(results[0][0], found)
        if (name !== 'port') assert.is(results[0][1][name].constructor, value.constructor)
      }
      assert.is(await within(5_000, said), 'hello from there')
      port1.close()
    })
  } else {
    workers('is not sent what stays in its process: that says what it is', async () => {
      for (const [name, value] of [...special, ['shared', new Int32Array(new SharedArrayBuffer(4))] as const]) {
        const { results, letters } = await led(on, [1, { [name]: value }, 3], actors.same, { onFailure: 'skip' })
        assert.equal([results, letters[0]!.sequence], [[1, 3], 1], name)
        assert.is((letters[0]!.error as any).code, 'ERR_NOT_CLONEABLE')
        const path = name === 'shared' ? 'shared.buffer' : name
        assert.ok((letters[0]!.error as Error).message.startsWith(`\`${path}\` of the item is a`), name)
      }
      port1.close()
    })
  }

  /* ── what it prints ────────────────────────────────────────────────────── */

  workers('that prints 50 MB loses neither an item nor a line', async () => {
    const program = fileURLToPath(new URL('./flood.js', import.meta.url))
    const child = spawn(process.execPath, [program, on], { stdio: ['ignore', 'pipe', 'pipe'] })
    let bytes = 0
    let told = ''
    child.stdout.on('data', (text: Buffer) => {
      bytes += text.length
    })
    child.stderr.on('data', (text: Buffer) => {
      told += text
    })
    const code = await within(60_000, new Promise(resolve => child.on('close', resolve)), 'the flood')
    assert.equal([code, told, bytes], [0, '500 items, 0 restarts\n', 50_000_000])
  })

  workers.run()
}
