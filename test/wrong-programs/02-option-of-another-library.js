// Sees:    InvalidBlueprint: pages/fetch: unknown option `maxParallel`; there are workers, concurrency, on, key, order, capacity, inFlight, emit, overflow, timeout, retry, onFailure, schema (UNKNOWN_OPTION)
// Mistake: unknown option `maxParallel`
// Fix:     there are workers, concurrency,

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { maxParallel: 8 })

for await (const page of pages.run()) console.log(page)
