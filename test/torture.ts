/**
 * Longer runs of what `npm test` runs shortly: `npm run torture -- NAME --seed S --cases N`.
 *
 * Prints the seed and, where something fails, the shrunk counterexample; then it exits with 1.
 */
import { carries } from './codec/carries.ts'
import { survives } from './codec/survives.ts'
import { commutes, commutesElsewhere, commutesInSections } from './model/commutes.ts'
import { longRuns } from './ring/long.ts'
import { torture } from './support/torture.ts'

const properties = {
  model: commutes,
  elsewhere: commutesElsewhere,
  sections: commutesInSections,
  codec: carries,
  corrupt: survives,
}
const args = process.argv.slice(2)
const long = Object.hasOwn(longRuns, args[0] ?? '') ? longRuns[args[0]!] : undefined
process.exit(await (long ? long(args) : torture(args, properties, Object.keys(longRuns))))
