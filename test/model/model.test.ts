import * as fc from 'fast-check'
import { suite } from 'uvu'
import { commutes } from './commutes.ts'

const property = suite('a run')

property('equals the model: 2,000 random pipelines', async () => {
  await fc.assert(commutes, { numRuns: 2_000, includeErrorInReport: true })
})

property.run()
