/**
 * The memory that outputs lie in, by number: an arena for each writer, and what was spilled.
 *
 * Bytes belong to the codec. Of them this folder touches only lists of chunks, as words.
 */
import type { Words } from './words.ts'

export interface Segments {
  /** Undefined where this thread was not told of it (yet). */
  words(segment: number): Words | undefined
  /** A segment of at least so many bytes for `frame`, posted to every reader before the frame is committed. Undefined: not now. */
  spill(bytes: number, frame: number): number | undefined
}
