/** The shelf: ready-made actors, each built on the public API alone. */

/* ── transforms ── */
export { type BatchOptions, batch } from './batch.ts'
/* ── sinks ── */
export { type CollectOptions, collect } from './collect.ts'
export {
  type DeadLetterFile,
  type DeadLetterFileOptions,
  type DeadLetterFileSummary,
  deadLetterFile,
} from './dead-letter-file.ts'
export { discard } from './discard.ts'
export { type DistinctOptions, distinct } from './distinct.ts'
export { type SampleOptions, sample } from './sample.ts'
export { scan } from './scan.ts'
export { type ThrottleOptions, throttle } from './throttle.ts'
export { type Timed, timed } from './timed.ts'
export { unbatch } from './unbatch.ts'
export { type WindowOptions, window } from './window.ts'
export { linesWritten, type WriteLinesOptions, writeLines } from './write-lines.ts'
