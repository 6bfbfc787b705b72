import * as fc from 'fast-check'
import { suite } from 'uvu'
import { commutes, commutesElsewhere, commutesInSections } from './commutes.ts'

const property = suite('a run')

property('equals the model: 2,000 random pipelines', async () => {
  await fc.assert(commutes, { numRuns: 2_000, includeErrorInReport: true })
})

property('equals the model, where workers live elsewhere, and die: 25 random pipelines', async () => {
  await fc.assert(commutesElsewhere, { numRuns: 25, includeErrorInReport: true })
})

property('equals the model, where frames go from thread to thread, and workers die: 25 random pipelines', async () => {
  await fc.assert(commutesInSections, { numRuns: 25, includeErrorInReport: true })
})

property.run()
