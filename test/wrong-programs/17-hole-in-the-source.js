// Sees:    StageFailed: rows/source failed on item 1 (attempt 1): UndefinedItem: the source gave `undefined` as item 1: undefined means "nothing here"; leave it out, or give null
// Mistake: gave `undefined` as item 1
// Fix:     leave it out, or give null

import { pipeline } from 'millrace'

const rows = new Map([['a', 1]])

for await (const n of pipeline('rows')
  .from(['a', 'b'].map(name => rows.get(name)))
  .map(n => n + 1)
  .run()) {
  console.log(n)
}
