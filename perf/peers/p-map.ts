/** p-map: one mapper that awaits all three, as its users write it; it gives an array, so memory grows with the input. */
import pMap from 'p-map'
import { fAsync, gAsync, hAsync, type Sink } from '../throughput/three-functions.ts'

export async function oneMapper64(input: readonly number[], sink: Sink): Promise<void> {
  const results = await pMap(input, async item => hAsync(await gAsync(await fAsync(item))), { concurrency: 64 })
  for (const result of results) sink(result)
}
