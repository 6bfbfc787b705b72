import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { collect } from '../../actors/collect.ts'
import { InvalidOption, InvalidOptions, pipeline } from '../../src/index.ts'
import { runActor } from '../../src/testing/index.ts'
import { upTo } from '../support/take.ts'
import { within } from '../support/within.ts'

const sink = suite('collect')

sink('puts every item into the array, in order, and needs no reader', async () => {
  const results: number[] = []
  const { emitted, received } = await within(
    5_000,
    pipeline('t')
      .from(upTo(5_000))
      .stage('wait', async n => n * 2, { concurrency: 8 })
      .stage('collect', collect(results))
      .run().done,
  )
  assert.equal(
    results,
    upTo(5_000).map(n => n * 2),
  )
  assert.equal([emitted, received], [0, 5_000])
})

sink('can be read at any time, and has what came before a failure', async () => {
  const results: number[] = []
  const run = pipeline<number>('t')
    .map(n => {
      if (n === 2) throw new Error('no')
      return n
    })
    .stage('collect', collect(results))
    .run()
  for (const n of upTo(4)) await run.send(n).catch(() => {})
  await within(
    5_000,
    run.done.catch(() => {}),
  )
  assert.equal(results, [0, 1])
})

sink('fails at one item more than it may take', async () => {
  const results: number[] = []
  const { failure } = await runActor(collect(results, { most: 3 }), upTo(5))
  assert.equal([results, failure?.sequence], [[0, 1, 2], 3])
  assert.is((failure!.cause as Error).message, 'collect has taken 3 items: raise `most`')
})

sink('refuses what is no array, and options that are wrong', () => {
  assert.throws(
    () => collect(undefined as never),
    (error: unknown) => error instanceof InvalidOption,
  )
  assert.throws(
    () => collect([], { most: 0 }),
    (error: unknown) => error instanceof InvalidOptions,
  )
})

sink.run()
