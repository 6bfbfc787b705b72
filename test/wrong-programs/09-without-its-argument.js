// Sees:    InvalidBlueprint: large/above: `setup` takes an argument, and nothing gives it one: hand in `above.with(…)` (NO_ARGUMENT)
// Mistake: `setup` takes an argument, and nothing gives it one
// Fix:     hand in `above.with(…)`

import { defineActor, pipeline } from 'millrace'

const above = defineActor('above', import.meta, {
  setup: ({ least }) => ({ least }),
  receive: (n, _state, { resources }) => (n >= resources.least ? n : undefined),
})

for await (const n of pipeline('large').from([1, 5, 9]).stage('above', above).run()) console.log(n)
