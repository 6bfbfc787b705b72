// Sees:    InvalidBlueprint: pages/fetch: `inFlight` must be at least workers × concurrency (16), got 10: raise it, or have fewer workers (IN_FLIGHT)
// Mistake: `inFlight` must be at least workers × concurrency (16), got 10
// Fix:     raise it, or have fewer workers

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { workers: 2, concurrency: 8, inFlight: 10 })

for await (const page of pages.run()) console.log(page)
