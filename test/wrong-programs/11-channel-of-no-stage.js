// Sees:    UnknownStage: photos has no stage "lable": did you mean "label"?
// Mistake: no stage "lable"
// Fix:     did you mean "label"?

import { pipeline } from 'millrace'

const run = pipeline('photos')
  .from(['mill.jpg'])
  .stage('label', name => ({ name, label: 'water' }))
  .run()

run.channel('lable').subscribe(({ item }) => console.log(item))
for await (const photo of run) console.log(photo)
