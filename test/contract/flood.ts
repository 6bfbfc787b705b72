/** A program whose workers print 100 kB for each item: `node flood.js threads`. */
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { loud } from './burdens.ts'

const items = Array.from({ length: 500 }, (_, n) => n)
const on = process.argv[2] as 'threads' | 'processes'
const run = pipeline('flood').from(items).stage('loud', loud, { on, workers: 2 }).run()
let next = 0
for await (const item of run) if (item !== next++) throw new Error(`${item} came for ${next - 1}`)
const { restarts } = await run.done
process.stderr.write(`${next} items, ${restarts} restarts\n`)
