// Sees:    UnhandledDeadLetters: numbers gave up 1 item and nobody subscribed to `run.deadLetters`; the first, in parse: SyntaxError: Unexpected token 'w', "two" is not valid JSON
// Mistake: gave up 1 item and nobody subscribed
// Fix:     `run.deadLetters`

import { pipeline } from 'millrace'

const numbers = pipeline('numbers')
  .from(['{"n":1}', 'two'])
  .stage('parse', text => JSON.parse(text), { onFailure: 'skip' })

for await (const { n } of numbers.run()) console.log(n)
