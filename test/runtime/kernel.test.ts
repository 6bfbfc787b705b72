import * as assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import { continueFused, fusedKernel, handlerKernel, type Kernel, Scratch } from '../../src/runtime/inline/kernel.ts'

const kernels = suite('kernels')
const run = promisify(execFile)

kernels('are the shared loops, and do the same, where code may not be made from strings', async () => {
  const torture = fileURLToPath(new URL('../torture.js', import.meta.url))
  const args = ['--disallow-code-generation-from-strings', torture, 'model', '--cases', '300', '--seed', '11']
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  assert.match(stdout, /300 cases passed/)
})

kernels('stop at the item that threw, with everything before it done', () => {
  const kernel = handlerKernel((n: number) => {
    if (n === 3) throw new Error('three')
    return n * 2
  }, weighNothing)
  const { stopped, scratch, outputs } = through(kernel, [1, 2, 3, 4])
  assert.equal(stopped, 2)
  assert.deepEqual(outputs, [2, 4])
  assert.equal(scratch.threw, true)
  assert.equal((scratch.result as Error).message, 'three')
})

kernels('end a frame behind the item whose output fills the channel by weight', () => {
  const kernel = handlerKernel(
    (text: string) => text,
    text => String(text).length,
  )
  const { stopped, scratch, outputs } = through(kernel, ['ab', 'cde', 'f'], 4)
  assert.equal(stopped, 2)
  assert.deepEqual(outputs, ['ab', 'cde'])
  assert.equal(scratch.bytes, 5)
  assert.equal(scratch.stopped, false)
})

kernels('say at which step a fused run met a promise, and with which value', async () => {
  const steps = [
    { kind: 'map', fn: (n: number) => n + 1 },
    { kind: 'filter', fn: async (n: number) => n > 1 },
    { kind: 'map', fn: (n: number) => n * 10 },
  ] as const
  const { stopped, scratch } = through(fusedKernel(steps, weighNothing), [5])
  assert.equal(stopped, 0)
  assert.deepEqual([scratch.step, scratch.value], [1, 6])
  assert.equal(await continueFused(steps, scratch.step, scratch.value, scratch.result), 60)
  assert.equal(await continueFused(steps, 1, 1, Promise.resolve(false)), undefined)
  assert.equal(await continueFused(steps, 0, 1, Promise.resolve(undefined)), undefined)
})

kernels.run()

function weighNothing(): number {
  return 0
}

function through(kernel: Kernel, items: readonly unknown[], limit = Infinity) {
  const ring = { items: new Array<unknown>(8).fill(undefined), weights: new Float64Array(8), mask: 7, arrived: 0 }
  const scratch = new Scratch(true)
  scratch.limit = limit
  const stopped = kernel(items, 0, items.length, ring, 0, { sequence: 0 }, undefined, scratch)
  return { stopped, scratch, outputs: ring.items.slice(0, scratch.pushed) }
}
