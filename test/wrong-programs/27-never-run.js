// Sees:    NotRunning: `for await` is of a run, and squares is only what was written: call `.run()`, and ask what that gives
// Mistake: squares is only what was written
// Fix:     call `.run()`

import { pipeline } from 'millrace'

const squares = pipeline('squares')
  .from([1, 2, 3])
  .map(n => n * n)

for await (const square of squares) console.log(square)
