// Sees:    InvalidBlueprint: thumbnails/resize: a function cannot travel to 'threads', which finds things by their module: make it with `defineActor('resize', import.meta, …)`, or have it inline (CLOSURE)
// Mistake: a function cannot travel to 'threads'
// Fix:     make it with `defineActor('resize', import.meta, …)`

import { pipeline } from 'millrace'

const run = pipeline('thumbnails')
  .from(['a.png', 'b.png'])
  .stage('resize', async path => path.replace('.png', '.jpg'), { workers: { inline: 1, threads: 3 } })
  .run()

await run.consume(console.log)
