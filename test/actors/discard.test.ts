import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { discard } from '../../actors/discard.ts'
import { pipeline } from '../../src/index.ts'
import { upTo } from '../support/take.ts'
import { within } from '../support/within.ts'

const sink = suite('discard')

sink('takes every item, emits none, and needs no reader', async () => {
  const run = pipeline('t').from(upTo(10_000)).stage('end', discard()).run()
  const { received, emitted } = await within(5_000, run.done)
  assert.equal([received, emitted, run.snapshot().stages[0]?.received], [10_000, 0, 10_000])
})

sink('travels', () => assert.match(discard().home.url, /discard\.js$/))

sink.run()
