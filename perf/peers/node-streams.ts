/** Node's own streams in object mode, with the default high-water mark of 16 objects. */
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AsyncSteps, f, g, h, type Sink, type Step } from '../throughput/three-functions.ts'

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

export function readableMaps64([f, g, h]: AsyncSteps) {
  const how = { concurrency: 64 }
  return async (input: readonly number[], sink: Sink): Promise<void> => {
    for await (const result of Readable.from(input).map(f, how).map(g, how).map(h, how)) sink(result)
  }
}

function transform(step: Step): Transform {
  return new Transform({
    objectMode: true,
    transform(item: number, _encoding, done) {
      done(null, step(item))
    },
  })
}
