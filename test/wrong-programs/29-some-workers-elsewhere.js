// Sees:    InvalidBlueprint: thumbnails/resize: `workers` wants 3 threads, and there are no threads or processes in this version: say `workers: 4` (NO_OTHER_WORKERS)
// Mistake: `workers` wants 3 threads, and there are no threads
// Fix:     say `workers: 4`

import { pipeline } from 'millrace'

const run = pipeline('thumbnails')
  .from(['a.png', 'b.png'])
  .stage('resize', async path => path.replace('.png', '.jpg'), { workers: { inline: 1, threads: 3 } })
  .run()

await run.consume(console.log)
