/** The shelf: ready-made actors, each built on the public API alone. */

/* ── sources: what `.from()` takes ── */

export { UnreadableFile } from '../src/index.ts'
export { type CsvOptions, csv } from './csv.ts'
export {
  type DirectoryOptions,
  directory,
  type Entry,
  type FileFacts,
  type FoundFile,
  type UnreadableEntry,
} from './directory.ts'
export type { FileOptions, FileSource } from './file.ts'
export { interval } from './interval.ts'
export { type LinesOptions, lines } from './lines.ts'
export { type NdjsonOptions, ndjson } from './ndjson.ts'
export { range } from './range.ts'

/* ── transforms ── */

export { type BatchOptions, batch } from './batch.ts'
export { type DistinctOptions, distinct } from './distinct.ts'
export { type RepeatedOptions, repeated } from './repeated.ts'
export { type SampleOptions, sample } from './sample.ts'
export { scan } from './scan.ts'
export { type ThrottleOptions, throttle } from './throttle.ts'
export { type Timed, timed } from './timed.ts'
export { unbatch } from './unbatch.ts'
export { type WindowOptions, window } from './window.ts'

/* ── sinks, and an observer ── */

export { type CollectOptions, collect } from './collect.ts'
export {
  type DeadLetterFile,
  type DeadLetterFileOptions,
  type DeadLetterFileSummary,
  deadLetterFile,
} from './dead-letter-file.ts'
export { discard } from './discard.ts'
export { linesWritten, type WriteLinesOptions, writeLines } from './write-lines.ts'
