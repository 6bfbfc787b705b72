// Sees:    InvalidOptions: unknown option `sise`: did you mean `size`?, in batch; `size` is missing: it must be a whole number from 1, or Infinity, in batch
// Mistake: unknown option `sise`
// Fix:     did you mean `size`?

import { pipeline } from 'millrace'
import { batch } from 'millrace/actors'

const pages = pipeline('pages')
  .from([1, 2, 3])
  .stage('batch', batch({ sise: 2 }))

for await (const page of pages.run()) console.log(page)
