import * as fc from 'fast-check'
import { suite } from 'uvu'
import { commutes, commutesOnThreads } from './commutes.ts'

const property = suite('a run')

property('equals the model: 2,000 random pipelines', async () => {
  await fc.assert(commutes, { numRuns: 2_000, includeErrorInReport: true })
})

property('equals the model, whose stages have workers on threads: 25 random pipelines', async () => {
  await fc.assert(commutesOnThreads, { numRuns: 25, includeErrorInReport: true })
})

property.run()
