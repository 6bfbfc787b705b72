// Sees:    StageFailed: doubles/pipe@1 failed: InvalidOperator: `pipe` takes RxJS operators, and one of them gave NaN instead of an Observable: a function of the item belongs in `map`
// Mistake: one of them gave NaN instead of an Observable
// Fix:     a function of the item belongs in `map`

import { pipeline } from 'millrace'

const doubles = pipeline('doubles')
  .from([1, 2, 3])
  .pipe(n => n * 2)

for await (const n of doubles.run()) console.log(n)
