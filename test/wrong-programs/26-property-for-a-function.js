// Sees:    InvalidBlueprint: names/map@1: `map` takes a function, got "name": write `item => item.name` (NOT_A_FUNCTION)
// Mistake: got "name"
// Fix:     write `item => item.name`

import { pipeline } from 'millrace'

for await (const name of pipeline('names')
  .from([{ name: 'mill' }])
  .map('name')
  .run()) {
  console.log(name)
}
