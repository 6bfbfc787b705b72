// Sees:    InvalidBlueprint: words/clean: the input of this pipeline is already connected: a stage must be an open one, which begins without `from` (CONNECTED)
// Mistake: the input of this pipeline is already connected
// Fix:     begins without `from`

import { pipeline } from 'millrace'

const clean = pipeline('clean')
  .from([' Mill ', ' Race '])
  .map(word => word.trim())

for await (const word of pipeline('words').from([' water ']).stage('clean', clean).run()) console.log(word)
