/**
 * What `npm run torture` does with its arguments, for whatever properties it is given. Gives the exit code.
 *
 * Apart from its command, so that a test can give it a property that is false.
 */
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'

export async function torture(
  args: readonly string[],
  properties: Readonly<Record<string, fc.IRawProperty<any>>>,
  others: readonly string[] = [],
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seed: { type: 'string' }, cases: { type: 'string' }, path: { type: 'string' } },
  })
  const name = positionals[0]
  const seed = Number(values.seed ?? Date.now() % 0x7fffffff)
  const cases = Number(values.cases ?? 20_000)
  if (!name || !Object.hasOwn(properties, name) || !Number.isSafeInteger(seed) || !(cases > 0)) {
    const names = [...Object.keys(properties), ...others].join(', ')
    console.error(`usage: npm run torture -- NAME [--seed S] [--cases N] [--path P]; NAME is one of ${names}`)
    return 2
  }
  console.log(`${name}: ${cases} cases, seed ${seed}, Node ${process.version}`)
  const startedAt = performance.now()
  const result = await fc.check(properties[name]!, {
    numRuns: cases,
    seed,
    ...(values.path !== undefined && { path: values.path }),
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  if (result.failed) {
    console.error(fc.defaultReportMessage(result))
    const cause = result.errorInstance
    if (cause) console.error(cause)
    console.error(
      `again: npm run torture -- ${name} --seed ${seed} --cases ${cases} --path ${result.counterexamplePath}`,
    )
    return 1
  }
  console.log(`${result.numRuns} cases passed in ${seconds} s`)
  return 0
}
