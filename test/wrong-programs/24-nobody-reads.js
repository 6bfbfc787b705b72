// Sees:    UnreadOutput: 3 results of squares have waited 10000 ms for a reader: subscribe to `run.output`, loop with `for await`, use `run.consume`, or end with a stage that returns nothing
// Mistake: 3 results of squares have waited 10000 ms for a reader
// Fix:     loop with `for await`

import { pipeline } from 'millrace'

await pipeline('squares')
  .from([1, 2, 3])
  .stage('square', n => n * n)
  .run().done
