// Sees:    InvalidBlueprint: doubles/stage@1: a stage needs a name, a string that is not empty, got [Function: double]: write `.stage('name', body)` (NO_NAME)
// Mistake: a stage needs a name
// Fix:     write `.stage('name', body)`

import { pipeline } from 'millrace'

const double = n => n * 2

for await (const n of pipeline('doubles').from([1, 2, 3]).stage(double).run()) console.log(n)
