// Sees:    InvalidBlueprint: pages/fetch: unknown option `concurency`: did you mean `concurrency`? (UNKNOWN_OPTION)
// Mistake: `concurency`
// Fix:     did you mean `concurrency`?

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { concurency: 8 })

for await (const page of pages.run()) console.log(page)
