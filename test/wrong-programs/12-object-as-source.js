// Sees:    InvalidBlueprint: stock/source: `from` takes an iterable, an async iterable, an Observable, a stream, or a function that makes one, got { apples: 3, pears: 5 } (object): the values of an object are `Object.values(…)` (NOT_A_SOURCE)
// Mistake: got { apples: 3, pears: 5 }
// Fix:     `Object.values(…)`

import { pipeline } from 'millrace'

const stock = { apples: 3, pears: 5 }

for await (const n of pipeline('stock').from(stock).run()) console.log(n)
