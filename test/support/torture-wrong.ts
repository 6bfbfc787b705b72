/** The command `torture` with a model that is wrong by intent: it loses what is above 500 at the very end. */
import { model } from '../../src/model/model.ts'
import { commutesWith } from '../model/commutes.ts'
import { torture } from './torture.ts'

const wrong = commutesWith(async (pipeline, items) => {
  const outcome = await model(pipeline, items)
  return { ...outcome, results: outcome.results.filter(result => (result as number) <= 500) }
})

process.exit(await torture(process.argv.slice(2), { model: wrong }))
