// Sees:    InvalidBlueprint: pages/fetch: `retry` must be { attempts, deaths, backoff }: whole numbers from 1 and a function of the attempt, got 3 (number): write { attempts: 3 } (INVALID_OPTION)
// Mistake: `retry` must be
// Fix:     write { attempts: 3 }

import { pipeline } from 'millrace'

const pages = pipeline('pages')
  .from(['/a', '/b'])
  .stage('fetch', async path => `content of ${path}`, { retry: 3 })

for await (const page of pages.run()) console.log(page)
