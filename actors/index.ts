/** The shelf: ready-made actors, each built on the public API alone. */

/* ── transforms ── */
export { batch } from './batch.ts'
/* ── sources: what `.from()` takes ── */
export { type CsvOptions, csv } from './csv.ts'
export {
  type DirectoryOptions,
  directory,
  type Entry,
  type FileFacts,
  type FoundFile,
  type UnreadableEntry,
} from './directory.ts'
export { type FileOptions, UnreadableFile } from './file.ts'
export { interval } from './interval.ts'
export { type LinesOptions, lines } from './lines.ts'
export { type NdjsonOptions, ndjson } from './ndjson.ts'
export { range } from './range.ts'
