/** Node's own streams in object mode, with the default high-water mark of 16 objects. */
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { f, fAsync, g, gAsync, h, hAsync, type Sink, type Step } from '../throughput/three-functions.ts'

export function transforms(input: readonly number[], sink: Sink): Promise<void> {
  const last = new Writable({
    objectMode: true,
    write(item: number, _encoding, done) {
      sink(item)
      done()
    },
  })
  return pipeline(Readable.from(input), transform(f), transform(g), transform(h), last)
}

export async function readableMaps64(input: readonly number[], sink: Sink): Promise<void> {
  const how = { concurrency: 64 }
  for await (const result of Readable.from(input).map(fAsync, how).map(gAsync, how).map(hAsync, how)) sink(result)
}

function transform(step: Step): Transform {
  return new Transform({
    objectMode: true,
    transform(item: number, _encoding, done) {
      done(null, step(item))
    },
  })
}
