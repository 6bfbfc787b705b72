/**
 * The smallest pipeline: a source, two steps, and somebody who listens.
 *
 *     npm run build && node dist/examples/01-hello.js
 *
 * prints
 *
 *     4
 *     4
 */
import { pipeline } from 'millrace'

const hello = pipeline('hello')
  .from(['mill', 'race'])
  .map(word => word.toUpperCase())
  .map(word => word.length)

const run = hello.run()
run.output.subscribe(length => console.log(length))
await run.done
