// Sees:    InvalidOptions: unknown option `recieve`: did you mean `receive`?, in actor count
// Mistake: `recieve`
// Fix:     did you mean `receive`?

import { defineActor, pipeline } from 'millrace'

const count = defineActor('count', import.meta, {
  start: () => ({ seen: 0 }),
  recieve: (_item, state) => ++state.seen,
})

for await (const n of pipeline('counting').from('abc').stage('count', count).run()) console.log(n)
