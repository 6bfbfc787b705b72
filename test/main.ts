/**
 * Runs all tests, or those whose path matches: `node dist/test/main.js [PATTERN]`.
 *
 * It is `uvu dist/test "\.test\.js$"`, except for two things that uvu lets pass: a suite whose `before` throws runs no test,
 * and fails here; and what goes on after the last test is named and ended, instead of holding the process for ever.
 */
import { getActiveResourcesInfo } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse } from 'uvu/parse'

const grace = 5_000 // ms for what the tests have started to end

/** What a suite gives: what to print of its failures, or true; and how many tests passed, were left out, and there were. */
type Outcome = [errors: string | true, passed: number, skipped: number, total: number]
type Queue = [name: string, ...suites: (() => Promise<Outcome>)[]][]

// As `uvu/run` has it.
const shared = globalThis as unknown as { UVU_DEFER: number; UVU_INDEX: number; UVU_QUEUE: Queue }
shared.UVU_DEFER = 1
const { exec } = (await import('uvu')) as unknown as { exec(): Promise<void> }
const { suites } = await parse(fileURLToPath(new URL('.', import.meta.url)), '\\.test\\.js$')
const wanted = new RegExp(process.argv[2] ?? '')
for (const { name, file } of suites.filter(({ name }) => wanted.test(name))) {
  shared.UVU_INDEX = shared.UVU_QUEUE.push([name]) - 1
  await import(pathToFileURL(file).href)
}
shared.UVU_QUEUE = shared.UVU_QUEUE.map(([name, ...suites]) => [name, ...suites.map(complete)])
await exec()

setTimeout(() => {
  process.stderr.write(`still busy ${grace} ms after the last test: ${getActiveResourcesInfo().join(', ')}\n`)
  process.exit(1)
}, grace).unref()

function complete(suite: () => Promise<Outcome>): () => Promise<Outcome> {
  return async () => {
    const [errors, passed, skipped, total] = await suite()
    const isCut = errors === true && passed < total
    return [isCut ? '  a hook of this suite threw: not all of its tests were run\n' : errors, passed, skipped, total]
  }
}
