// Sees:    InvalidBlueprint: words/clean: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got run of clean (object): it is a run: hand in the pipeline itself, without `.run()` (NOT_A_BODY)
// Mistake: it is a run
// Fix:     hand in the pipeline itself, without `.run()`

import { pipeline } from 'millrace'

const clean = pipeline('clean')
  .from([])
  .map(word => word.trim())
  .run()

const run = pipeline('words').from([' a', 'b ']).stage('clean', clean).run()

for await (const word of run) console.log(word)
