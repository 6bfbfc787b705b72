// Sees:    InvalidBlueprint: squares/square: `resources.execArgv` has `--expose-gc`, which a worker on 'threads' cannot begin with: they are of the whole process: use 'processes', or begin the program with them (REFUSED_FLAGS)
// Mistake: `--expose-gc`, which a worker on 'threads' cannot begin with
// Fix:     use 'processes', or begin the program with them

import { defineActor, pipeline } from 'millrace'

const square = defineActor('square', import.meta, n => n * n)

const squares = pipeline('squares')
  .from([1, 2, 3])
  .stage('square', square, { on: 'threads', resources: { execArgv: ['--expose-gc'] } })

for await (const each of squares.run()) console.log(each)
