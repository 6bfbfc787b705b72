// Sees:    InvalidBlueprint: squares/square: a function cannot travel to 'threads', which finds things by their module: make it with `defineActor('square', import.meta, …)`, or have it inline (CLOSURE)
// Mistake: a function cannot travel to 'threads'
// Fix:     make it with `defineActor('square', import.meta, …)`

import { pipeline } from 'millrace'

const squares = pipeline('squares')
  .from([1, 2, 3])
  .stage('square', n => n * n, { workers: 4, on: 'threads' })

for await (const square of squares.run()) console.log(square)
