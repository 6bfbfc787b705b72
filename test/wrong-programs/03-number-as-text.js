// Sees:    InvalidBlueprint: squares/square: `workers` must be a whole number from 0, { min, max } with min ≤ max, 'auto', or { inline, threads, processes }, got "4" (string): write it without quotes, 4 (INVALID_OPTION)
// Mistake: got "4" (string)
// Fix:     write it without quotes, 4

import { pipeline } from 'millrace'

const { WORKERS = '4' } = process.env
const squares = pipeline('squares')
  .from([1, 2, 3])
  .stage('square', n => n * n, { workers: WORKERS })

for await (const square of squares.run()) console.log(square)
