// Sees:    InvalidBlueprint: orders/charge: unknown option `maxRestarts`: did you mean `.supervise({ maxRestarts: … })`? (UNKNOWN_OPTION)
// Mistake: unknown option `maxRestarts`
// Fix:     `.supervise({ maxRestarts: … })`

import { pipeline } from 'millrace'

const run = pipeline('orders')
  .from([1, 2, 3])
  .stage('charge', async order => order * 100, { onFailure: 'restart', maxRestarts: 5 })
  .run()

for await (const cents of run) console.log(cents)
