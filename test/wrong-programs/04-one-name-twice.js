// Sees:    InvalidBlueprint: words/clean: two stages have this name: each needs one of its own (DUPLICATE_NAME)
// Mistake: two stages have this name
// Fix:     each needs one of its own

import { pipeline } from 'millrace'

const words = pipeline('words')
  .from([' Mill ', ' Race '])
  .stage('clean', word => word.trim())
  .stage('clean', word => word.toLowerCase())

for await (const word of words.run()) console.log(word)
