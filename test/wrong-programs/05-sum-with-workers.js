// Sees:    InvalidBlueprint: total/sum: a stateful actor without a key has one state, so `workers` must be 1, got 4: give it a `key`, or leave the option out (STATEFUL_WORKERS)
// Mistake: `workers` must be 1, got 4
// Fix:     give it a `key`, or leave the option out

import { pipeline } from 'millrace'

const total = pipeline('total')
  .from([1, 2, 3])
  .stage(
    'sum',
    {
      start: () => ({ sum: 0 }),
      receive(n, state) {
        state.sum += n
      },
      flush: state => state.sum,
    },
    { workers: 4 },
  )

for await (const sum of total.run()) console.log(sum)
