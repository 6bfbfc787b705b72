import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { program } from '../support/program.ts'

const collecting = suite('the collector')
const actors = new URL('../contract/actors.js', import.meta.url).href

collecting('is asked for by nobody who sends no large values, or few', async () => {
  const { stdout, stderr } = await program(`
    import v8 from 'node:v8'
    import { same } from ${JSON.stringify(actors)}
    let changes = 0
    const { setFlagsFromString } = v8
    v8.setFlagsFromString = flag => (changes++, setFlagsFromString(flag))
    const through = async items => {
      await pipeline('p').from(items).stage('s', same, { on: 'threads', concurrency: 2 }).run().consume(() => {})
      return changes
    }
    const small = await through(Array(1_000).fill(Buffer.alloc(10_000)))
    const few = await through(Array(50).fill(Buffer.alloc(1_048_576)))
    const many = await through(Array(400).fill(Buffer.alloc(1_048_576)))
    console.log(JSON.stringify([small, few, many, typeof gc]))
  `)
  assert.is(stderr, '')
  // Set once, and taken back.
  assert.is(stdout.split('\n')[0], JSON.stringify([0, 0, 2, 'undefined']))
})

collecting.run()
