/** p-map: one mapper that awaits all three, as its users write it; it gives an array, so memory grows with the input. */
import pMap from 'p-map'
import type { AsyncSteps, Sink } from '../throughput/three-functions.ts'

export function oneMapper64([f, g, h]: AsyncSteps) {
  return async (input: readonly number[], sink: Sink): Promise<void> => {
    const results = await pMap(input, async item => h(await g(await f(item))), { concurrency: 64 })
    for (const result of results) sink(result)
  }
}
