// Sees:    SourceUsed: the source of launch is a generator, which can be read only once, and an earlier run has it: give a function that makes a new one
// Mistake: can be read only once, and an earlier run has it
// Fix:     give a function that makes a new one

import { pipeline } from 'millrace'

function* countdown() {
  yield* [3, 2, 1]
}
const launch = pipeline('launch').from(countdown())

for await (const n of launch.run()) console.log(n)
for await (const n of launch.run()) console.log(n)
