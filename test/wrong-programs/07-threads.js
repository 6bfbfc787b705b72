// Sees:    InvalidBlueprint: squares/square: there is no runtime 'threads' in this version: leave `on` out, or say 'inline' (NO_RUNTIME), and 1 more mistake:
// Mistake: there is no runtime 'threads'
// Fix:     leave `on` out

import { pipeline } from 'millrace'

const squares = pipeline('squares')
  .from([1, 2, 3])
  .stage('square', n => n * n, { workers: 4, on: 'threads' })

for await (const square of squares.run()) console.log(square)
