/**
 * Effect 4's Stream: pull, in chunks. `fromIterable` cuts an array into one chunk of everything unless it is told a size,
 * so the size that the library calls its default (4096) is given here: a stream that holds all its items at once is none.
 */
import { Effect, Stream } from 'effect'
import { type AsyncStep, type AsyncSteps, f, g, h, type Sink } from '../throughput/three-functions.ts'

const chunks = (input: readonly number[], chunkSize: number) =>
  Stream.fromIterable(input, { chunkSize }).pipe(Stream.map(f), Stream.map(g), Stream.map(h))

const toSink = (sink: Sink) => (result: number) => Effect.sync(() => sink(result))

/** The fastest way through: the reader takes whole chunks. */
export function mapsByChunk(input: readonly number[], sink: Sink): Promise<void> {
  const read = (results: readonly number[]) =>
    Effect.sync(() => {
      for (const result of results) sink(result)
    })
  return Effect.runPromise(chunks(input, Stream.DefaultChunkSize).pipe(Stream.runForEachArray(read)))
}

/** Maps by chunk, read as most programs do. */
export function mapsForEach(input: readonly number[], sink: Sink): Promise<void> {
  return Effect.runPromise(chunks(input, Stream.DefaultChunkSize).pipe(Stream.runForEach(toSink(sink))))
}

/** One item a chunk: what a live source gives. Folding is the fastest way to read them. */
export async function mapsByItem(input: readonly number[], sink: Sink): Promise<void> {
  const read = (count: number, result: number) => {
    sink(result)
    return count + 1
  }
  await Effect.runPromise(chunks(input, 1).pipe(Stream.runFold(() => 0, read)))
}

export function mapEffects(concurrency: number, [f, g, h]: AsyncSteps) {
  const stage = (step: AsyncStep) =>
    Stream.mapEffect((item: number) => Effect.promise(() => step(item)), { concurrency })
  return (input: readonly number[], sink: Sink): Promise<void> =>
    Effect.runPromise(
      Stream.fromIterable(input, { chunkSize: Stream.DefaultChunkSize }).pipe(
        stage(f),
        stage(g),
        stage(h),
        Stream.runForEach(toSink(sink)),
      ),
    )
}
