// Sees:    InvalidBlueprint: pages/fetch: `order` must be 'input' or 'completion', got "complete" (string) (INVALID_OPTION)
// Mistake: got "complete"
// Fix:     must be 'input' or 'completion'

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { concurrency: 2, order: 'complete' })

for await (const page of pages.run()) console.log(page)
