// Sees:    StageFailed: ticks/source failed on item 1024 (attempt 1): ChannelFull: the channel before slow was full (1024 of 1024 items, 0 of 67108864 bytes): raise its `capacity`, or choose an `overflow`
// Mistake: the channel before slow was full
// Fix:     raise its `capacity`, or choose an `overflow`

import { setTimeout as sleep } from 'node:timers/promises'
import { pipeline } from 'millrace'
import { range } from 'rxjs'

const ticks = pipeline('ticks')
  .from(range(0, 5_000))
  .stage('slow', async n => {
    await sleep(1)
    return n
  })

for await (const n of ticks.run()) if (n % 1_000 === 0) console.log(n)
