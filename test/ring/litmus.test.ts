/** What ships, on real threads. The explorer knows one order for all accesses; here is what the machine makes of it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../support/within.ts'
import { litmus } from './litmus.ts'

const threads = suite('rings, on threads')

for (const stages of [1, 2]) {
  threads(`a million items come through ${stages} × 2 workers whole and in order, and no wake-up is lost`, async () => {
    await within(60_000, litmus({ items: 1_000_000, stages, seed: stages }), 'the litmus test')
  })
}

threads('workers that park at once lose no wake-up either', async () => {
  await within(60_000, litmus({ items: 50_000, stages: 2, spins: 0 }), 'the litmus test')
})

threads('whoever is killed, nothing is lost, nothing comes twice, and all goes on', async () => {
  const killed = litmus({ items: 200_000, stages: 2, killEvery: 25 })
  const { deaths } = await within(60_000, killed, 'the litmus test')
  assert.ok(deaths > 0)
})

threads.run()
