// Sees:    InvalidBlueprint: pages/fetch: unknown option `maxParallel`: did you mean `concurrency`? (UNKNOWN_OPTION)
// Mistake: unknown option `maxParallel`
// Fix:     did you mean `concurrency`?

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { maxParallel: 8 })

for await (const page of pages.run()) console.log(page)
