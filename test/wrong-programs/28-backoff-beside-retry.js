// Sees:    InvalidBlueprint: pages/fetch: unknown option `backoff`: did you mean `retry: { backoff: … }`? (UNKNOWN_OPTION)
// Mistake: unknown option `backoff`
// Fix:     `retry: { backoff: … }`

import { exponential, pipeline } from 'millrace'

const urls = ['https://example.com/1']

const run = pipeline('pages')
  .from(urls)
  .stage('fetch', async url => url.length, { retry: { attempts: 3 }, backoff: exponential({ from: 100, to: 1000 }) })
  .run()

for await (const length of run) console.log(length)
