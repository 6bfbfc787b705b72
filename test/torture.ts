/**
 * Longer runs of what `npm test` runs shortly: `npm run torture -- NAME --seed S --cases N`.
 *
 * Prints the seed and, where something fails, the shrunk counterexample; then it exits with 1.
 */
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { commutes } from './model/commutes.ts'

const properties = { model: commutes }
const names = Object.keys(properties).join(', ')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, cases: { type: 'string' }, path: { type: 'string' } },
})
const name = positionals[0] as keyof typeof properties | undefined
const seed = Number(values.seed ?? Date.now() % 0x7fffffff)
const cases = Number(values.cases ?? 20_000)
if (!name || !Object.hasOwn(properties, name) || !Number.isSafeInteger(seed) || !(cases > 0)) {
  console.error(`usage: npm run torture -- NAME [--seed S] [--cases N] [--path P]; NAME is one of ${names}`)
  process.exit(2)
}
console.log(`${name}: ${cases} cases, seed ${seed}, Node ${process.version}`)
const startedAt = performance.now()
const result = await fc.check(properties[name], {
  numRuns: cases,
  seed,
  ...(values.path !== undefined && { path: values.path }),
})
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
if (result.failed) {
  console.error(fc.defaultReportMessage(result))
  const cause = result.errorInstance
  if (cause) console.error(cause)
  console.error(`again: npm run torture -- ${name} --seed ${seed} --cases ${cases} --path ${result.counterexamplePath}`)
  process.exit(1)
}
console.log(`${result.numRuns} cases passed in ${seconds} s`)
